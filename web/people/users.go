package people

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/people"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/forecast"
	"github.com/postern-sso/postern/web/forms"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/traces"
)

// loginsOnUserPage is how many of a user's logins their page shows.
const loginsOnUserPage = 5

// switchesOnUserPage is how many times that a source switched them the story knows.
const switchesOnUserPage = 8

func (rm *Room) listUsers(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	q := r.URL.Query()
	v := people.UserList{
		Page:   rm.Page(r, a, layout.NavUsers, "Users", "Everybody known to Postern."),
		Search: q.Get("q"), Active: q.Get("active"), Source: q.Get("source"), Group: q.Get("group"), Sort: q.Get("sort"),
	}
	v.Filters = kit.FilterTags(r, paths.Users, "q", "Search", "active", "Active", "source", "From", "group", "Group")
	query := userQuery(r)
	v.Export = kit.WithQuery(paths.ExportUsers, q)
	users, next, err := rm.Store.Users(r.Context(), query)
	if err != nil {
		return err
	}
	if v.Any = len(users) > 0; !v.Any {
		if v.Any, err = rm.Store.AnyUser(r.Context()); err != nil {
			return err
		}
	}
	if r.URL.RawQuery == "" {
		if v.ToLink, err = rm.Store.UsersToLink(r.Context()); err != nil {
			return err
		}
	}
	v.Users, v.Paging = users, kit.Paging(r, paths.Users, next)
	v.Columns = kit.SortLinks(r, paths.Users, query.Sort, "username", "Username", "email", "Email", "-last_login", "Last login")
	return rm.Render(w, r, http.StatusOK, people.Users(v))
}

// userQuery is which users the address of the list chooses.
func userQuery(r *http.Request) store.UserQuery {
	q := r.URL.Query()
	query := store.UserQuery{
		Search: q.Get("q"), Source: model.UserSource(q.Get("source")), Group: q.Get("group"), Sort: userSort(q.Get("sort")), Page: kit.PageOf(r),
	}
	switch q.Get("active") {
	case "yes", "no":
		active := q.Get("active") == "yes"
		query.Active = &active
	}
	return query
}

// userSort is the order asked for, or the usual one where it is not known.
func userSort(asked string) string {
	switch asked {
	case "username", "-username", "email", "-email", "last_login", "-last_login":
		return asked
	default:
		return "username"
	}
}

// newUser is the form to add somebody; the address may fill it in, so that
// people who tried to sign in can be added with one click.
func (rm *Room) newUser(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	q := r.URL.Query()
	return rm.renderNewUser(w, r, a, people.UserForm{
		Username: q.Get("username"), Email: q.Get("email"), DisplayName: q.Get("display_name"),
		FirstName: q.Get("first_name"), LastName: q.Get("last_name"),
	}, nil)
}

func (rm *Room) renderNewUser(w http.ResponseWriter, r *http.Request, a model.Administrator, f people.UserForm, chosen []string) error {
	groups, err := forms.With(rm.Kit).GroupPicker(r.Context(), "groups", "Groups", chosen, "")
	if err != nil {
		return err
	}
	groups.Hint, groups.Problem = "Rules may give more at login.", ui.ProblemOf(f.Problems, "groups")
	p := rm.Page(r, a, layout.NavUsers, "Add a user", "A user who is here before they first sign in.")
	p.Crumbs = []layout.Crumb{{Label: "Users", Href: paths.Users}}
	status := http.StatusOK
	if len(f.Problems) > 0 {
		p.Error, status = true, http.StatusUnprocessableEntity
	}
	next, err := rm.ifMade(r.Context(), f, model.ConsentMade)
	if err != nil {
		return err
	}
	return rm.Render(w, r, status, people.NewUser(people.NewUserPage{Page: p, Form: f, Groups: groups, Next: next}))
}

func (rm *Room) showUser(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	u, err := rm.Store.User(r.Context(), kit.PathValue(r, "username"))
	if err != nil {
		return err
	}
	return rm.renderUser(w, r, a, u, func(v *people.UserPage) {
		v.Editing, v.Closing = r.URL.Query().Get("edit") == "yes", r.URL.Query().Get("deactivate") == "yes"
	})
}

// renderUser shows a user's page; change puts in what a refused form said, and
// makes the answer a 422.
func (rm *Room) renderUser(w http.ResponseWriter, r *http.Request, a model.Administrator, u model.User, change func(*people.UserPage)) error {
	v, err := rm.userPage(r.Context(), u)
	if err != nil {
		return err
	}
	v.Page = rm.Page(r, a, layout.NavUsers, u.Username, u.DisplayName)
	v.Page.Crumbs = []layout.Crumb{{Label: "Users", Href: paths.Users}}
	change(&v)
	v.Join.Problem = v.JoinIssue
	status := http.StatusOK
	if len(v.Form.Problems) > 0 || len(v.Pin.Problems) > 0 || v.JoinIssue != "" || v.DeleteText != "" || v.EraseText != "" || v.Password.Problem != "" {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return rm.Render(w, r, status, people.User(v))
}

// userPage reads all that belongs to a user.
func (rm *Room) userPage(ctx context.Context, u model.User) (people.UserPage, error) {
	v := people.UserPage{User: u, Form: people.UserForm{
		Username: u.Username, Email: u.Email, DisplayName: u.DisplayName, FirstName: u.FirstName, LastName: u.LastName,
	}}
	memberships, err := rm.Store.UserMemberships(ctx, u.ID)
	if err != nil {
		return v, err
	}
	if v.Join, err = forms.With(rm.Kit).GroupPicker(ctx, "group", "Add to groups", nil, ""); err != nil {
		return v, err
	}
	if v.Next, v.Identities, err = forecast.With(rm.Kit).NextOf(ctx, u); err != nil {
		return v, err
	}
	if len(v.Identities) == 0 { // only who never comes from AWS may have one
		if p, err := rm.Store.ServicePassword(ctx, u.ID); err == nil {
			v.Password.Known = &p
		} else if !errors.Is(err, store.ErrNotFound) {
			return v, err
		}
	}
	logins, linkedBy, err := rm.Store.LoginsForStory(ctx, u, loginsOnUserPage, rm.Now())
	if err != nil {
		return v, err
	}
	if v.Called, err = rm.Store.Called(ctx); err != nil {
		return v, err
	}
	if v.Pins, err = rm.Store.Pins(ctx, v.User.ID); err != nil { // they outlive a home
		return v, err
	}
	if v.Switches, err = rm.Store.Switches(ctx, u.ID, switchesOnUserPage); err != nil {
		return v, err
	}
	v.Now = rm.Now()
	v.Groups, v.LinkedBy = byGroup(memberships), linkedBy
	if v.Apps, err = rm.userApps(ctx, v.Groups); err != nil {
		return v, err
	}
	v.Logins = traces.With(rm.Kit).LoginRows(logins)
	v.Happened = people.Story(v, memberships)
	return v, nil
}

// userApps is what each app is told of a user with these groups.
func (rm *Room) userApps(ctx context.Context, groups []people.GroupReasons) ([]people.UserApp, error) {
	evidence, err := rm.Store.AppEvidence(ctx, "")
	if err != nil {
		return nil, err
	}
	var all []people.UserApp
	for _, e := range evidence {
		a := people.UserApp{App: e.App, ReadAt: e.Directory.FullEndedAt}
		for _, g := range groups {
			if e.App.AllGroups || slices.Contains(e.App.Groups, g.Group) {
				a.Groups = append(a.Groups, g.Group)
			}
		}
		all = append(all, a)
	}
	return all, nil
}

// byGroup gathers the reasons for each group, in the order of the memberships.
func byGroup(memberships []model.Membership) []people.GroupReasons {
	var groups []people.GroupReasons
	at := map[string]int{}
	for _, m := range memberships {
		i, known := at[m.Group]
		if !known {
			i = len(groups)
			at[m.Group] = i
			groups = append(groups, people.GroupReasons{Group: m.Group})
		}
		groups[i].Reasons = append(groups[i].Reasons, m)
	}
	return groups
}
