package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/console"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
)

// maxDescription is the limit of a group's description, in characters.
const maxDescription = 500

// bulkOnGroupPage is how many bulk changes a group's page shows.
const bulkOnGroupPage = 5

func (rm *peopleRoom) listGroups(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	search := r.URL.Query().Get("q")
	groups, next, err := rm.store.Groups(r.Context(), store.GroupQuery{Search: search, Page: pageOf(r)})
	if err != nil {
		return err
	}
	return rm.render(w, r, http.StatusOK, console.Groups(console.GroupList{
		Page:   rm.page(r, a, layout.NavGroups, "Groups", "The groups that the Atlassian apps see."),
		Search: search, Groups: groups, Paging: paging(r, paths.Groups, next),
	}))
}

func (rm *peopleRoom) newGroup(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return rm.renderNewGroup(w, r, a, console.GroupForm{Name: r.URL.Query().Get("name")})
}

func (rm *peopleRoom) renderNewGroup(w http.ResponseWriter, r *http.Request, a model.Administrator, f console.GroupForm) error {
	p := rm.page(r, a, layout.NavGroups, "Add a group", "")
	p.Crumbs = []layout.Crumb{{Label: "Groups", Href: paths.Groups}}
	status := http.StatusOK
	if len(f.Problems) > 0 {
		p.Error, status = true, http.StatusUnprocessableEntity
	}
	return rm.render(w, r, status, console.NewGroup(console.NewGroupPage{Page: p, Form: f}))
}

func (rm *peopleRoom) createGroup(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	f := console.GroupForm{Name: typed(r, "name"), Description: typed(r, "description")}
	if err := model.CheckGroupName(f.Name); err != nil {
		f.Problems = append(f.Problems, problem("name", "The name", err))
	}
	f.Problems = append(f.Problems, checkText("description", "The description", f.Description, maxDescription)...)
	if len(f.Problems) > 0 {
		return rm.renderNewGroup(w, r, a, f)
	}
	g, err := rm.store.CreateGroup(r.Context(), rm.actor(r, a), model.Group{Name: f.Name, Description: f.Description})
	if errors.Is(err, store.ErrExists) {
		f.Problems = append(f.Problems, model.Problem{Field: "name",
			Text: fmt.Sprintf("There is a group “%s” already. Capital letters make no difference.", f.Name)})
		return rm.renderNewGroup(w, r, a, f)
	}
	if err != nil {
		return err
	}
	return rm.done(w, r, paths.Group(g.Name), "Group "+g.Name+" added. Add its members now, or make a rule that does.")
}

func (rm *peopleRoom) showGroup(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	g, err := rm.store.Group(r.Context(), pathValue(r, "name"))
	if err != nil {
		return err
	}
	return rm.renderGroup(w, r, a, g, func(*console.GroupPage) {})
}

// renderGroup shows a group's page; change puts in what a refused form said,
// and makes the answer a 422.
func (rm *peopleRoom) renderGroup(w http.ResponseWriter, r *http.Request, a model.Administrator, g model.Group, change func(*console.GroupPage)) error {
	search := r.URL.Query().Get("q")
	members, next, err := rm.store.Members(r.Context(), g.Name, store.MemberQuery{Search: search, Page: pageOf(r)})
	if err != nil {
		return err
	}
	rules, err := rm.store.Rules(r.Context())
	if err != nil {
		return err
	}
	v := console.GroupPage{
		Page:  rm.page(r, a, layout.NavGroups, g.Name, g.Description),
		Group: g, Form: console.GroupForm{Name: g.Name, Description: g.Description},
		Search: search, Paging: paging(r, paths.Group(g.Name), next),
	}
	v.Page.Crumbs = []layout.Crumb{{Label: "Groups", Href: paths.Groups}}
	for _, m := range members {
		v.Members = append(v.Members, console.Member{User: m.User, Reasons: m.Memberships})
	}
	for _, rule := range rules {
		if slices.Contains(rule.Groups, g.Name) {
			v.Rules = append(v.Rules, rule.Name)
		}
	}
	if v.Bulk, err = rm.store.GroupBulkChanges(r.Context(), g.ID, bulkOnGroupPage); err != nil {
		return err
	}
	set, err := rm.store.Settings(r.Context())
	if err != nil {
		return err
	}
	if set.ConsoleGroupID == g.ID {
		v.Console = set.ConsoleRole
	}
	v.Now = rm.now()
	change(&v)
	status := http.StatusOK
	if len(v.Form.Problems) > 0 || v.AddProblem != "" || v.DeleteText != "" {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return rm.render(w, r, status, console.Group(v))
}

func (rm *peopleRoom) updateGroup(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	g, err := rm.store.Group(r.Context(), pathValue(r, "name"))
	if err != nil {
		return err
	}
	f := console.GroupForm{Name: g.Name, Description: typed(r, "description")}
	f.Problems = checkText("description", "The description", f.Description, maxDescription)
	if len(f.Problems) > 0 {
		return rm.renderGroup(w, r, a, g, func(v *console.GroupPage) { v.Form = f })
	}
	_, err = rm.store.UpdateGroup(r.Context(), rm.actor(r, a), g.Name, func(g *model.Group) error {
		g.Description = f.Description
		return nil
	})
	if err != nil {
		return err
	}
	return rm.done(w, r, paths.Group(g.Name), "Saved.")
}

func (rm *peopleRoom) addMember(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	g, err := rm.store.Group(r.Context(), pathValue(r, "name"))
	if err != nil {
		return err
	}
	name := typed(r, "username")
	err = rm.store.AddMember(r.Context(), rm.actor(r, a), g.Name, name)
	if errors.Is(err, store.ErrNotFound) {
		return rm.renderGroup(w, r, a, g, func(v *console.GroupPage) {
			v.AddName, v.AddProblem = name, "There is no user “"+name+"”. Type the username of somebody on the Users page."
		})
	}
	if err != nil {
		return err
	}
	return rm.done(w, r, paths.Group(g.Name), name+" is in "+g.Name+" now.")
}

func (rm *peopleRoom) removeMember(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	g, err := rm.store.Group(r.Context(), pathValue(r, "name"))
	if err != nil {
		return err
	}
	name := typed(r, "username")
	if err := rm.store.RemoveMember(r.Context(), rm.actor(r, a), g.Name, name); err != nil {
		return err
	}
	return rm.done(w, r, paths.Group(g.Name), name+" is no longer in "+g.Name+" by hand.")
}

func (rm *peopleRoom) deleteGroup(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	g, err := rm.store.Group(r.Context(), pathValue(r, "name"))
	if err != nil {
		return err
	}
	if text := confirmed(r, g.Name); text != "" {
		return rm.renderGroup(w, r, a, g, func(v *console.GroupPage) { v.DeleteText = text })
	}
	if err := rm.store.DeleteGroup(r.Context(), rm.actor(r, a), g.Name); err != nil {
		return err
	}
	return rm.done(w, r, paths.Groups, "Group "+g.Name+" deleted.")
}
