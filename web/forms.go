package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/postern-sso/postern/internal/model"
)

// typed is the value of a field in the form in which names are stored.
func typed(r *http.Request, field string) string {
	return model.Canonical(r.PostFormValue(field))
}

// problem makes a sentence of what a check of the model found.
func problem(field, what string, err error) model.Problem {
	return model.Problem{Field: field, Text: what + " " + err.Error() + "."}
}

// checkText judges free text on one line; limit is in characters.
func checkText(field, what, value string, limit int) []model.Problem {
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

// confirmed says what is wrong where the name was to be typed before something
// is deleted; empty when it was.
func confirmed(r *http.Request, name string) string {
	if model.Key(r.PostFormValue("confirm")) == model.Key(name) {
		return ""
	}
	return fmt.Sprintf("Nothing was deleted. To delete it, type “%s” in this field.", name)
}

// missingGroups lists those of the names that no group has.
func (k *kit) missingGroups(ctx context.Context, names []string) ([]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	known, err := k.store.GroupNames(ctx, names)
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

func groupsGone(names []string) model.Problem {
	return model.Problem{Field: "groups", Text: "There is no group “" + strings.Join(names, "”, “") + "” any more. Choose again."}
}
