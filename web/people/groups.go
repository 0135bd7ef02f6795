package people

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/people"
	"github.com/postern-sso/postern/web/kit"
)

// bulkOnGroupPage is how many bulk changes a group's page shows.
const bulkOnGroupPage = 5

func (rm *Room) listGroups(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	search := r.URL.Query().Get("q")
	groups, next, err := rm.Store.Groups(r.Context(), store.GroupQuery{Search: search, Page: kit.PageOf(r)})
	if err != nil {
		return err
	}
	return rm.Render(w, r, http.StatusOK, people.Groups(people.GroupList{
		Page:   rm.Page(r, a, layout.NavGroups, "Groups", "The groups that the Atlassian apps see."),
		Search: search, Groups: groups, Paging: kit.Paging(r, paths.Groups, next),
	}))
}

func (rm *Room) newGroup(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return rm.renderNewGroup(w, r, a, people.GroupForm{Name: r.URL.Query().Get("name")})
}

func (rm *Room) renderNewGroup(w http.ResponseWriter, r *http.Request, a model.Administrator, f people.GroupForm) error {
	p := rm.Page(r, a, layout.NavGroups, "Add a group", "")
	p.Crumbs = []layout.Crumb{{Label: "Groups", Href: paths.Groups}}
	status := http.StatusOK
	if len(f.Problems) > 0 {
		p.Error, status = true, http.StatusUnprocessableEntity
	}
	return rm.Render(w, r, status, people.NewGroup(people.NewGroupPage{Page: p, Form: f}))
}

func (rm *Room) createGroup(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	f := people.GroupForm{Name: kit.Typed(r, "name"), Description: kit.Typed(r, "description"), ByHandOnly: r.PostFormValue("by_hand_only") != ""}
	if err := model.CheckGroupName(f.Name); err != nil {
		f.Problems = append(f.Problems, kit.Problem("name", "The name", err))
	}
	f.Problems = append(f.Problems, kit.Judged("description", "The description", f.Description, model.CheckDescription)...)
	if len(f.Problems) > 0 {
		return rm.renderNewGroup(w, r, a, f)
	}
	g, err := rm.Store.CreateGroup(r.Context(), rm.Actor(r, a), model.Group{Name: f.Name, Description: f.Description, ByHandOnly: f.ByHandOnly})
	if errors.Is(err, store.ErrExists) {
		f.Problems = append(f.Problems, model.Problem{Field: "name",
			Text: fmt.Sprintf("There is a group “%s” already. Capital letters make no difference.", f.Name)})
		return rm.renderNewGroup(w, r, a, f)
	}
	if err != nil {
		return err
	}
	return rm.Done(w, r, paths.Group(g.Name), "Group "+g.Name+" added. Add its members now, or make a rule that does.")
}

func (rm *Room) showGroup(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	g, err := rm.Store.Group(r.Context(), kit.PathValue(r, "name"))
	if err != nil {
		return err
	}
	return rm.renderGroup(w, r, a, g, func(*people.GroupPage) {})
}

// renderGroup shows a group's page; change puts in what a refused form said,
// and makes the answer a 422.
func (rm *Room) renderGroup(w http.ResponseWriter, r *http.Request, a model.Administrator, g model.Group, change func(*people.GroupPage)) error {
	search := r.URL.Query().Get("q")
	members, next, err := rm.Store.Members(r.Context(), g.Name, store.MemberQuery{Search: search, Page: kit.PageOf(r)})
	if err != nil {
		return err
	}
	rules, err := rm.Store.Rules(r.Context())
	if err != nil {
		return err
	}
	v := people.GroupPage{
		Page:  rm.Page(r, a, layout.NavGroups, g.Name, g.Description),
		Group: g, Form: people.GroupForm{Name: g.Name, Description: g.Description, ByHandOnly: g.ByHandOnly},
		Search: search, Paging: kit.Paging(r, paths.Group(g.Name), next),
	}
	v.Page.Crumbs = []layout.Crumb{{Label: "Groups", Href: paths.Groups}}
	for _, m := range members {
		v.Members = append(v.Members, people.Member{User: m.User, Reasons: m.Memberships})
	}
	for _, rule := range rules {
		if slices.Contains(rule.Groups, g.Name) {
			v.Rules = append(v.Rules, rule.Name)
		}
	}
	if v.Giving, err = rm.Store.GivingGroups(r.Context(), g.ID); err != nil {
		return err
	}
	if v.Apps, err = rm.Store.AppsThatChose(r.Context(), g.ID); err != nil {
		return err
	}
	if v.Bulk, err = rm.Store.GroupBulkChanges(r.Context(), g.ID, bulkOnGroupPage); err != nil {
		return err
	}
	set, err := rm.Store.Settings(r.Context())
	if err != nil {
		return err
	}
	if set.ConsoleGroupID == g.ID {
		v.Console = set.ConsoleRole
	}
	if v.Called, err = rm.Store.Called(r.Context()); err != nil {
		return err
	}
	v.Now = rm.Now()
	change(&v)
	status := http.StatusOK
	if len(v.Form.Problems) > 0 || v.AddProblem != "" || v.DeleteText != "" {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return rm.Render(w, r, status, people.Group(v))
}

func (rm *Room) updateGroup(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	g, err := rm.Store.Group(r.Context(), kit.PathValue(r, "name"))
	if err != nil {
		return err
	}
	f := people.GroupForm{Name: g.Name, Description: kit.Typed(r, "description"), ByHandOnly: g.ByHandOnly}
	if r.PostFormValue("by_hand_asked") != "" {
		f.ByHandOnly = r.PostFormValue("by_hand_only") != ""
	}
	f.Problems = kit.Judged("description", "The description", f.Description, model.CheckDescription)
	if len(f.Problems) > 0 {
		return rm.renderGroup(w, r, a, g, func(v *people.GroupPage) { v.Form = f })
	}
	_, err = rm.Store.UpdateGroup(r.Context(), rm.Actor(r, a), g.Name, func(g *model.Group) error {
		g.Description, g.ByHandOnly = f.Description, f.ByHandOnly
		return nil
	})
	if err != nil {
		return err
	}
	return rm.Saved(w, r, paths.Group(g.Name), "")
}

func (rm *Room) addMember(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	g, err := rm.Store.Group(r.Context(), kit.PathValue(r, "name"))
	if err != nil {
		return err
	}
	name := kit.Typed(r, "username")
	err = rm.Store.AddMember(r.Context(), rm.Actor(r, a), g.Name, name)
	if errors.Is(err, store.ErrNotFound) {
		return rm.renderGroup(w, r, a, g, func(v *people.GroupPage) {
			v.AddName, v.AddProblem = name, "There is no user “"+name+"”. Type the username of somebody on the Users page."
		})
	}
	if err != nil {
		return err
	}
	return rm.Done(w, r, paths.Group(g.Name), name+" is in "+g.Name+" now.")
}

func (rm *Room) removeMember(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	g, err := rm.Store.Group(r.Context(), kit.PathValue(r, "name"))
	if err != nil {
		return err
	}
	name := kit.Typed(r, "username")
	if err := rm.Store.RemoveMember(r.Context(), rm.Actor(r, a), g.Name, name); err != nil {
		return err
	}
	return rm.Done(w, r, paths.Group(g.Name), name+" is no longer in "+g.Name+" by hand.")
}

func (rm *Room) deleteGroup(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	g, err := rm.Store.Group(r.Context(), kit.PathValue(r, "name"))
	if err != nil {
		return err
	}
	if text := kit.Confirmed(r, g.Name); text != "" {
		return rm.renderGroup(w, r, a, g, func(v *people.GroupPage) { v.DeleteText = text })
	}
	if err := rm.Store.DeleteGroup(r.Context(), rm.Actor(r, a), g.Name); err != nil {
		return err
	}
	return rm.Done(w, r, paths.Groups, "Group "+g.Name+" deleted.")
}
