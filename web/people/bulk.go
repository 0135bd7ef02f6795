package people

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/parts"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/people"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/kit"
)

// maxBulk is how many people one bulk change may name.
const maxBulk = 20_000

// bulkKind reads what shall be done; empty when that is not known.
func bulkKind(r *http.Request) model.BulkKind {
	switch k := model.BulkKind(r.PostFormValue("do")); k {
	case model.BulkAdd, model.BulkRemove, model.BulkActivate, model.BulkDeactivate:
		return k
	default:
		return ""
	}
}

// judgeBulk says of each name what the change would do, and the ids of those
// whom it concerns.
func (rm *Room) judgeBulk(ctx context.Context, kind model.BulkKind, g model.Group, names []string, known knownPeople) ([]people.BulkLine, []string, error) {
	in := map[string]bool{}
	if kind.OfGroup() {
		var err error
		if in, err = rm.Store.InByHand(ctx, g.ID, known.ids()); err != nil {
			return nil, nil, err
		}
	}
	lines := make([]people.BulkLine, len(names))
	var concerned []string
	for i, name := range names {
		lines[i] = judgeName(kind, name, known, in)
		if lines[i].Changes {
			concerned = append(concerned, lines[i].UserID)
		}
	}
	return lines, concerned, nil
}

// judgeName is judgeBulk for one name. A username goes before an email.
func judgeName(kind model.BulkKind, name string, known knownPeople, in map[string]bool) people.BulkLine {
	line := people.BulkLine{Typed: name}
	found := known.called(name)
	switch len(found) {
	case 0:
		line.Says = "Unknown: no user has this username or email."
		return line
	case 1:
	default:
		line.Says = fmt.Sprintf("Ambiguous: %s users have this email. Type the username.", model.Number(len(found)))
		return line
	}
	u := found[0]
	line.Username, line.UserID = u.Username, u.ID
	switch {
	case kind == model.BulkAdd && in[u.ID]:
		line.Says = "Already in the group by hand."
	case kind == model.BulkAdd && !u.Active:
		line.Says = "Deactivated: not added. Activate the user first."
	case kind == model.BulkRemove && !in[u.ID]:
		line.Says = "Not in the group by hand: nothing to remove."
	case kind == model.BulkActivate && u.Active:
		line.Says = "Active already."
	case kind == model.BulkDeactivate && !u.Active:
		line.Says = "Deactivated already."
	default:
		line.Says, line.Changes = people.BulkWill(kind), true
	}
	return line
}

func (rm *Room) showGroupBulk(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	g, err := rm.Store.Group(r.Context(), kit.PathValue(r, "name"))
	if err != nil {
		return err
	}
	return rm.renderBulk(w, r, a, people.BulkPage{Kind: model.BulkAdd, Group: g.Name, Fixed: true})
}

// previewBulk says what would happen; nothing is changed.
func (rm *Room) previewBulk(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	v, _, err := rm.readBulk(r)
	if err != nil {
		return err
	}
	return rm.renderBulk(w, r, a, v)
}

// confirmBulk judges the names again and carries the change out.
func (rm *Room) confirmBulk(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	v, ids, err := rm.readBulk(r)
	if err != nil {
		return err
	}
	if len(v.Problems) > 0 {
		return rm.renderBulk(w, r, a, v)
	}
	b, err := rm.Store.Bulk(r.Context(), rm.Actor(r, a), v.Kind, v.Group, ids)
	if err != nil {
		return err
	}
	f := layout.Flash{Kind: "info", Text: "Nothing was changed: everybody is so already."}
	if b.ID != 0 {
		f.Kind, f.Text, f.Undo = "success", parts.BulkDid(b), paths.BulkUndo(b.ID)
	}
	rm.PutFlash(r, f)
	if v.Leavers {
		return kit.SeeOther(w, r, paths.Leavers)
	}
	return kit.SeeOther(w, r, bulkBack(v.Group))
}

// readBulk reads the form and judges the names in it.
func (rm *Room) readBulk(r *http.Request) (people.BulkPage, []string, error) {
	v := people.BulkPage{Kind: bulkKind(r), Leavers: r.PostFormValue("back") == "leavers"}
	names, leftOut, known, err := rm.namesTyped(r)
	if err != nil {
		return v, nil, err
	}
	v.LeftOut = leftOut
	v.Text = strings.Join(names, "\n")
	var g model.Group
	group := kit.Typed(r, "group")
	if name := kit.PathValue(r, "name"); name != "" {
		group, v.Fixed = name, true
	}
	if v.Fixed || v.Kind.OfGroup() {
		g, err = rm.Store.Group(r.Context(), group)
		if errors.Is(err, store.ErrNotFound) && !v.Fixed {
			v.Group, v.Problems = group, []model.Problem{{Field: "group", Text: "There is no group “" + group + "”. Type the whole name of one."}}
			return v, nil, nil
		}
		if err != nil {
			return v, nil, err
		}
		v.Group = g.Name
	}
	switch {
	case v.Kind == "" || (v.Fixed && !v.Kind.OfGroup()):
		v.Problems = []model.Problem{{Field: "do", Text: "Choose what to do."}}
	case len(names) == 0:
		v.Problems = []model.Problem{{Field: "people", Text: "Type or tick at least one person."}}
	case len(names) > maxBulk:
		v.Problems = []model.Problem{{Field: "people", Text: fmt.Sprintf("These are more than %s people. Do it in several parts.", model.Number(maxBulk))}}
	}
	if len(v.Problems) > 0 {
		return v, nil, nil
	}
	lines, ids, err := rm.judgeBulk(r.Context(), v.Kind, g, names, known)
	v.Lines, v.Count = lines, len(ids)
	return v, ids, err
}

func (rm *Room) renderBulk(w http.ResponseWriter, r *http.Request, a model.Administrator, v people.BulkPage) error {
	v.Page = rm.Page(r, a, layout.NavUsers, "Change many users", "A preview comes first: nothing changes until you confirm it.")
	v.Page.Crumbs = []layout.Crumb{{Label: "Users", Href: paths.Users}}
	if v.Leavers {
		v.Page.Nav, v.Page.Crumbs = layout.NavLeavers, []layout.Crumb{{Label: "Leavers", Href: paths.Leavers}}
	}
	if v.Fixed {
		v.Page.Nav, v.Page.Title = layout.NavGroups, "Add or remove many"
		v.Page.Crumbs = []layout.Crumb{{Label: "Groups", Href: paths.Groups}, {Label: v.Group, Href: paths.Group(v.Group)}}
	}
	status := http.StatusOK
	if len(v.Problems) > 0 {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return rm.Render(w, r, status, people.Bulk(v))
}

// undoBulk reverses a bulk change and says what could not be reversed.
func (rm *Room) undoBulk(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	id, err := strconv.ParseInt(kit.PathValue(r, "id"), 10, 64)
	if err != nil {
		return store.ErrNotFound
	}
	b, left, err := rm.Store.UndoBulk(r.Context(), rm.Actor(r, a), id, rm.Now())
	if gone := new(store.Gone); errors.As(err, &gone) && gone.By != "" {
		return rm.AlreadyGone(w, r, bulkBack(b.Group), gone)
	}
	if err != nil {
		return err
	}
	text := "Undone for " + ui.Count(len(b.Items)-len(left), "user", "users") + "."
	if len(left) > 0 {
		names := make([]string, 0, len(left))
		for _, item := range left[:min(len(left), 20)] {
			names = append(names, item.Username)
		}
		text += fmt.Sprintf(" %s changed since and stay as they are: %s.", model.Number(len(left)), strings.Join(names, ", "))
	}
	if len(b.Items) == len(left) {
		return rm.Inform(w, r, bulkBack(b.Group), text)
	}
	return rm.Done(w, r, bulkBack(b.Group), text)
}

func bulkBack(group string) string {
	if group == "" {
		return paths.Users
	}
	return paths.Group(group)
}
