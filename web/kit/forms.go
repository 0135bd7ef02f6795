package kit

import (
	"context"
	"fmt"
	"net/http"
	"strings"

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

// Judged is what a check of the model finds wrong with a value; nothing when it is
// good.
func Judged(field, what, value string, check func(string) error) []model.Problem {
	if err := check(value); err != nil {
		return []model.Problem{Problem(field, what, err)}
	}
	return nil
}

// CheckText judges free text on one line; limit is in characters.
func CheckText(field, what, value string, limit int) []model.Problem {
	return Judged(field, what, value, func(s string) error { return model.CheckText(s, limit) })
}

// Confirmed says what is wrong where the name was to be typed before something
// is deleted; empty when it was, or another name that will do.
func Confirmed(r *http.Request, name string, or ...string) string {
	for _, will := range append(or, name) {
		if model.Key(r.PostFormValue("confirm")) == model.Key(will) {
			return ""
		}
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

// SetupCrumbs leads from a page about a connection back to it.
func SetupCrumbs(c model.Connection) []layout.Crumb {
	return []layout.Crumb{{Label: "Connections", Href: paths.Connections}, {Label: c.Name(), Href: paths.Connection(c.Slug)}}
}
