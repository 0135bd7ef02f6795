package people

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/people"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/forecast"
	"github.com/postern-sso/postern/web/kit"
)

// showLink is the form by which many users are allowed to be linked, or linked
// anew, at their next sign-in. The address may choose which.
func (rm *Room) showLink(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	q := r.URL.Query()
	return rm.renderLink(w, r, a, people.LinkPage{Anew: q.Get("what") == string(model.ConsentLinkAnew), Connection: q.Get("connection"),
		All: true, Hours: int(model.LinkAnewFor / time.Hour)})
}

// previewLink says what would happen; nothing is changed.
func (rm *Room) previewLink(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	v, _, err := rm.readLink(r)
	if err != nil {
		return err
	}
	return rm.renderLink(w, r, a, v)
}

// confirmLink judges the people again and allows it.
func (rm *Room) confirmLink(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	v, ids, err := rm.readLink(r)
	if err != nil {
		return err
	}
	if len(v.Problems) > 0 {
		return rm.renderLink(w, r, a, v)
	}
	var given []model.Consent
	if v.Anew {
		given, err = rm.Store.AllowLinkAnew(r.Context(), rm.Actor(r, a), v.Connection, ids, rm.Now().Add(time.Duration(v.Hours)*time.Hour))
	} else {
		given, err = rm.Store.AllowLink(r.Context(), rm.Actor(r, a), v.Connection, ids)
	}
	if err != nil {
		return err
	}
	f := layout.Flash{Kind: "info", Text: "Nothing was changed: it is allowed already."}
	if len(given) > 0 {
		f.Kind, f.Text, f.Undo = "success", "Allowed for "+ui.Count(len(given), "user", "users")+".", paths.LinkUndo(given[0].Act)
	}
	rm.PutFlash(r, f)
	return kit.SeeOther(w, r, paths.Users)
}

// undoLink takes back what is not used yet of what was allowed at once.
func (rm *Room) undoLink(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	taken, err := rm.Store.TakeBackAct(r.Context(), rm.Actor(r, a), kit.PathValue(r, "act"))
	if err != nil {
		return err
	}
	if len(taken) == 0 {
		return rm.Inform(w, r, paths.Users, "There is nothing to take back: it was used, or taken back already.")
	}
	return rm.Done(w, r, paths.Users, "Taken back for "+ui.Count(len(taken), "user", "users")+". Who has signed in by it since stays linked.")
}

// maxLinkHours is the latest end that can be chosen for linking anew.
const maxLinkHours = 7 * 24

// readLink reads the form and judges whom it names.
func (rm *Room) readLink(r *http.Request) (v people.LinkPage, ids []string, err error) {
	names, leftOut, _, err := rm.namesTyped(r)
	if err != nil {
		return v, nil, err
	}
	names = append(names, leftOut...) // said to be unknown, each on its line
	v = people.LinkPage{Anew: r.PostFormValue("what") == string(model.ConsentLinkAnew), Connection: kit.Typed(r, "connection"),
		All: r.PostFormValue("who") == people.LinkAll, Text: strings.Join(names, "\n")}
	v.Hours, _ = strconv.Atoi(r.PostFormValue("hours"))
	problem := func(field, text string) {
		v.Problems = append(v.Problems, model.Problem{Field: field, Text: text})
	}
	if v.Anew && (v.Hours < 1 || v.Hours > maxLinkHours) {
		problem("hours", fmt.Sprintf("Type a number of hours from 1 to %d.", maxLinkHours))
	}
	if !v.All && len(names) == 0 {
		problem("people", "Type at least one person, or choose everybody.")
	}
	if len(names) > maxBulk {
		problem("people", fmt.Sprintf("These are more than %s people. Do it in several parts.", model.Number(maxBulk)))
	}
	if len(v.Problems) > 0 {
		return v, nil, nil
	}
	ids, err = rm.judgeLink(r.Context(), &v, names)
	if errors.Is(err, store.ErrNotFound) {
		problem("connection", "Choose a connection that is live.")
		return v, nil, nil
	}
	return v, ids, err
}

// judgeLink says of each person what would happen, and finds the ids of those whom
// it concerns.
func (rm *Room) judgeLink(ctx context.Context, v *people.LinkPage, names []string) ([]string, error) {
	users, err := rm.linkUsers(ctx, v, names)
	if err != nil {
		return nil, err
	}
	why, ends := model.ConsentAllowed, time.Time{}
	if v.Anew {
		why, ends = model.ConsentLinkAnew, rm.Now().Add(time.Duration(v.Hours)*time.Hour)
	}
	next, err := forecast.With(rm.Kit).IfAllowed(ctx, v.Connection, why, ends, users)
	if err != nil {
		return nil, err
	}
	var ids []string
	for i, u := range users {
		line := people.LinkLine{Username: u.Username, DisplayName: u.DisplayName, Says: people.LinkSays(next[i], v.Anew)}
		if line.Changes = next[i].Consent != nil; line.Changes {
			ids = append(ids, u.ID)
		}
		v.Lines, v.Name = append(v.Lines, line), next[i].Name
	}
	v.Judged, v.Count = true, len(ids)
	return ids, nil
}

// linkUsers are the users whom the form means; whom it names and nobody is goes
// into v.Unknown.
func (rm *Room) linkUsers(ctx context.Context, v *people.LinkPage, names []string) ([]model.User, error) {
	if v.All {
		users, err := rm.Store.LinkCandidates(ctx, v.Connection, v.Anew, maxBulk+1)
		v.More = len(users) > maxBulk
		return users[:min(len(users), maxBulk)], err
	}
	keys := make([]string, len(names))
	for i, name := range names {
		keys[i] = model.Key(name)
	}
	users, err := rm.Store.FindPeople(ctx, keys)
	known := map[string]bool{}
	for _, u := range users {
		known[model.Key(u.Username)], known[model.Key(u.Email)] = true, true
	}
	for _, name := range names {
		if !known[model.Key(name)] {
			v.Unknown = append(v.Unknown, name)
		}
	}
	return users, err
}

func (rm *Room) renderLink(w http.ResponseWriter, r *http.Request, a model.Administrator, v people.LinkPage) error {
	v.Page = rm.Page(r, a, layout.NavUsers, "Link users at their next sign-in", "A preview comes first: nothing changes until you confirm it.")
	v.Page.Crumbs = []layout.Crumb{{Label: "Users", Href: paths.Users}}
	live, err := rm.Store.LiveConnections(r.Context())
	if err != nil {
		return err
	}
	for _, c := range live {
		v.Connections = append(v.Connections, ui.Option{Value: c.Slug, Label: model.Told(live, c), Selected: c.Slug == v.Connection})
	}
	status := http.StatusOK
	if len(v.Problems) > 0 {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return rm.Render(w, r, status, people.Link(v))
}
