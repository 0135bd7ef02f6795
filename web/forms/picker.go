package forms

import (
	"context"
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/kit"
)

// GroupsSuggested is how many groups a picker offers at once.
const GroupsSuggested = 10

// GroupPicker is a picker of groups under that field: those chosen first, then
// those that fit what was typed.
func (lf Forms) GroupPicker(ctx context.Context, field, legend string, chosen []string, text string) (ui.Picker, error) {
	p := ui.Picker{Name: field, Legend: legend, Search: "Find a group by a part of its name", Suggest: paths.SuggestGroups, Typed: text}
	seen := map[string]bool{}
	known, err := lf.Store.GroupNames(ctx, chosen)
	if err != nil {
		return p, err
	}
	for _, c := range chosen {
		key := model.Key(c)
		name, ok := known[key]
		if !ok && text == "" { // typed, and no group's whole name: still there, and looked for
			text, p.Typed = c, c
		}
		if ok && !seen[key] {
			seen[key] = true
			p.Rows = append(p.Rows, ui.Choice{Value: name, Label: name, Checked: true})
		}
	}
	groups, next, err := lf.Store.Groups(ctx, store.GroupQuery{Search: text, Page: store.Page{Limit: GroupsSuggested}})
	if err != nil {
		return p, err
	}
	for _, g := range groups {
		if !seen[model.Key(g.Name)] {
			p.Rows = append(p.Rows, ui.Choice{Value: g.Name, Label: g.Name, Hint: g.Description})
		}
	}
	p.More = next != ""
	return p, nil
}

// Picked are the values that a picker sent: those ticked, and the one whose
// name was typed instead.
func Picked(r *http.Request, field string) []string {
	chosen := r.PostForm[field]
	if name := kit.Typed(r, ui.PickerTyped(field)); name != "" {
		chosen = append(chosen[:len(chosen):len(chosen)], name)
	}
	return chosen
}
