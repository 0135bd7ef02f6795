package kit

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
)

// Typed is the value of a field in the form in which names are stored.
func Typed(r *http.Request, field string) string {
	return model.Canonical(r.PostFormValue(field))
}

// Problem makes a sentence of what a check of the model found.
func Problem(field, what string, err error) model.Problem {
	return model.Problem{Field: field, Text: what + " " + err.Error() + "."}
}

// CheckText judges free text on one line; limit is in characters.
func CheckText(field, what, value string, limit int) []model.Problem {
	switch {
	case !utf8.ValidString(value):
		return []model.Problem{{Field: field, Text: what + " is not valid UTF-8."}}
	case utf8.RuneCountInString(value) > limit:
		return []model.Problem{{Field: field, Text: fmt.Sprintf("%s is longer than %d characters.", what, limit)}}
	case strings.ContainsFunc(value, unicode.IsControl):
		return []model.Problem{{Field: field, Text: what + " contains an invisible control character."}}
	default:
		return nil
	}
}

// Confirmed says what is wrong where the name was to be typed before something
// is deleted; empty when it was.
func Confirmed(r *http.Request, name string) string {
	if model.Key(r.PostFormValue("confirm")) == model.Key(name) {
		return ""
	}
	return fmt.Sprintf("Nothing was deleted. To delete it, type “%s” in this field.", name)
}

// MissingGroups lists those of the names that no group has.
func (k *Kit) MissingGroups(ctx context.Context, names []string) ([]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	known, err := k.Store.GroupNames(ctx, names)
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, name := range names {
		if known[model.Key(name)] == "" {
			missing = append(missing, name)
		}
	}
	return missing, nil
}

// GroupsGone says that groups which were chosen are not there any more.
func GroupsGone(names []string) model.Problem {
	return model.Problem{Field: "groups", Text: "There is no group “" + strings.Join(names, "”, “") + "” any more. Choose again."}
}

// Truncate cuts a text off at that many bytes.
func Truncate(v string, limit int) string {
	if len(v) > limit {
		return v[:limit]
	}
	return v
}

// MaxConnectionName is the limit of a connection's name, in characters; the
// wizard's first step has the same.
const MaxConnectionName = 100

// SetupCrumbs leads from a page about a connection back to it.
func SetupCrumbs(c model.Connection) []layout.Crumb {
	return []layout.Crumb{{Label: "Connections", Href: paths.Connections}, {Label: c.Name(), Href: paths.Connection(c.Slug)}}
}

// MaxNameLength is the limit of display, first and last names, in characters.
const MaxNameLength = 255
