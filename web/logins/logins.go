package logins

import (
	"context"
	"errors"
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/logins"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/traces"
)

func (rm *Room) listLogins(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	query, filter, problems := loginFilter(r, rm.Now())
	query.Page = kit.PageOf(r)
	v := logins.LoginList{
		Page:   rm.Page(r, a, layout.NavLogins, "Logins", "Every attempt to sign in through AWS, and what became of it."),
		Filter: filter, Reasons: reasonOptions(filter.Code), Causes: causeOptions(filter.Code, filter.Cause), Problems: problems,
		Filtered: filter != (logins.LoginFilter{}) || query.After != "",
		Export:   kit.WithQuery(paths.LoginsExport, filterQuery(r)),
	}
	found, next, err := rm.Store.Logins(r.Context(), query)
	if err != nil {
		return err
	}
	connections, err := rm.Store.Connections(r.Context())
	if err != nil {
		return err
	}
	v.Connections = connections
	if query.After == "" && query.Until.IsZero() {
		newest := rm.Now()
		if len(found) > 0 {
			newest = found[0].StartedAt
		}
		v.News = loginNews(r, newest, 0)
	}
	v.Paging = kit.Paging(r, paths.Logins, next)
	if v.Rows, err = rm.withCures(r.Context(), found, connections); err != nil {
		return err
	}
	if filter.Search != "" && a.Role.Includes(model.RoleAdmin) {
		if v.KnownName, err = rm.Store.NameKnown(r.Context(), filter.Search); err != nil {
			return err
		}
	}
	status := http.StatusOK
	if len(problems) > 0 {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return rm.Render(w, r, status, logins.Logins(v))
}

// withCures are the rows of a list, each refused login with the button that its
// trace has. Who has signed in since needs none.
func (rm *Room) withCures(ctx context.Context, found []model.Login, connections []model.Connection) ([]logins.LoginListRow, error) {
	var refused []string
	for _, l := range found {
		if l.Refusal != nil && !l.Test {
			refused = append(refused, l.ID)
		}
	}
	facts, err := rm.Store.CureFacts(ctx, refused, rm.Now())
	if err != nil {
		return nil, err
	}
	rows := make([]logins.LoginListRow, 0, len(found))
	for _, l := range found {
		row := logins.LoginListRow{LoginRow: traces.With(rm.Kit).LoginRow(l)}
		if f, is := facts[l.ID]; is && f.SignedInSince {
			row.Cure.Said = "Signed in since."
		} else if is {
			row.Cure = traces.CureOf(l, row.Code, f, model.ConnectionOf(connections, l.Connection))
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (rm *Room) showLogin(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	v, err := rm.loginPage(r.Context(), kit.PathValue(r, "id"))
	if err != nil {
		return err
	}
	return rm.renderLogin(w, r, a, v)
}

func (rm *Room) renderLogin(w http.ResponseWriter, r *http.Request, a model.Administrator, v logins.LoginPage) error {
	v.Page = rm.Page(r, a, layout.NavLogins, v.Title(), "")
	v.Page.Crumbs = []layout.Crumb{{Label: "Logins", Href: paths.Logins}}
	return rm.Render(w, r, http.StatusOK, logins.Login(v))
}

// loginPage reads the trace and what it refers to; of those, some may be gone.
func (rm *Room) loginPage(ctx context.Context, id string) (logins.LoginPage, error) {
	l, err := rm.Store.Login(ctx, id)
	if err != nil {
		return logins.LoginPage{}, err
	}
	v := logins.LoginPage{
		Row: traces.With(rm.Kit).LoginRow(l), HasXML: len(l.XMLSealed) > 0, Certificate: verifiedBy(l.Checks),
	}
	if v.AWSNames, err = rm.awsNames(ctx, l.Connection, l.Person); err != nil {
		return v, err
	}
	c, err := rm.Store.Connection(ctx, l.Connection)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return v, err
	}
	v.ConnectionName = c.Name()
	if v.Row.Code != "" {
		if err := rm.explain(ctx, &v, c); err != nil {
			return v, err
		}
	}
	link, err := rm.Store.TraceLinkOf(ctx, l.ID)
	if err == nil {
		v.Link = &link
	} else if !errors.Is(err, store.ErrNotFound) {
		return v, err
	}
	if l.RevisionID != 0 {
		rev, err := rm.Store.RevisionByID(ctx, l.RevisionID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return v, err
		}
		v.Revision = rev.Number
	}
	return v, rm.neighbors(ctx, &v)
}

// explain says why the login was refused, with what cures it, what the person saw
// and what to tell them.
func (rm *Room) explain(ctx context.Context, v *logins.LoginPage, c model.Connection) error {
	l := v.Row.Login
	why := traces.Explain(v.Row.Code, l.Refusal)
	v.Why = &why
	facts, err := rm.Store.CureFacts(ctx, []string{l.ID}, rm.Now())
	if err != nil {
		return err
	}
	v.Cure = traces.CureOf(l, v.Row.Code, facts[l.ID], c)
	if v.Done, err = rm.done(ctx, l, traces.CauseOf(v.Row.Code, l.Refusal), c); err != nil || l.Test {
		return err
	}
	if l.Refusal != nil {
		seen := traces.Seen(v.Row.Code, l.Refusal)
		v.Seen = &seen
	}
	set, err := rm.Store.Settings(ctx)
	v.Handout = handout(l, v.Row.Code, set.HelpContact)
	return err
}

// loginsBeside is how many logins of the same person are listed.
const loginsBeside = 6

// neighbors are the person's user and other logins.
func (rm *Room) neighbors(ctx context.Context, v *logins.LoginPage) error {
	l := v.Row.Login
	if l.Username == "" {
		return nil
	}
	u, err := rm.Store.User(ctx, l.Username)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if v.UserExists = err == nil; !v.UserExists {
		return nil
	}
	v.Before, err = rm.Store.LoginsOf(ctx, u, loginsBeside)
	return err
}

// awsNames are the names of the groups that AWS sent about somebody, by their ids.
func (rm *Room) awsNames(ctx context.Context, connection string, p *model.Person) (map[string]string, error) {
	if p == nil || len(p.AWSGroups) == 0 {
		return nil, nil
	}
	return rm.Store.AWSGroupNames(ctx, connection, p.AWSGroups)
}
