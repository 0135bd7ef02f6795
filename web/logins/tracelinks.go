package logins

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/login"
	"github.com/postern-sso/postern/templates/logins"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/traces"
)

// traceLinkLifetime is how long a link starts logins.
const traceLinkLifetime = 24 * time.Hour

// newTraceLink asks whose login is to be followed, and on which connection.
func (rm *Room) newTraceLink(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return rm.renderTraceLinkForm(w, r, a, logins.TraceLinkForm{Person: r.URL.Query().Get("person")}, r.URL.Query().Get("connection"))
}

func (rm *Room) renderTraceLinkForm(w http.ResponseWriter, r *http.Request, a model.Administrator, v logins.TraceLinkForm, chosen string) error {
	live, err := rm.liveConnections(r.Context())
	if err != nil {
		return err
	}
	for _, c := range live {
		v.Connections = append(v.Connections, ui.Option{Value: c.Slug, Label: model.Told(live, c), Selected: c.Slug == chosen})
	}
	if v.Links, err = rm.Store.OpenTraceLinks(r.Context(), rm.Now()); err != nil {
		return err
	}
	v.Page = rm.Page(r, a, layout.NavLogins, "Follow a person's next login",
		"Make a link and send it to the person. You see what happens while they sign in.")
	v.Page.Crumbs = []layout.Crumb{{Label: "Logins", Href: paths.Logins}}
	status := http.StatusOK
	if len(v.Problems) > 0 {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return rm.Render(w, r, status, logins.NewTraceLink(v))
}

// liveConnections are those through which people can sign in now.
func (rm *Room) liveConnections(ctx context.Context) ([]model.Connection, error) {
	connections, err := rm.Store.Connections(ctx)
	if err != nil {
		return nil, err
	}
	var live []model.Connection
	for _, c := range connections {
		if c.Status == model.StatusLive && c.Live != nil {
			live = append(live, c)
		}
	}
	return live, nil
}

func (rm *Room) createTraceLink(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	v := logins.TraceLinkForm{Person: kit.Typed(r, "person")}
	slug := r.PostFormValue("connection")
	if v.Person == "" {
		v.Problems = append(v.Problems, model.Problem{Field: "person", Text: "Say whose login you want to follow."})
	}
	v.Problems = append(v.Problems, kit.CheckText("person", "The person", v.Person, 200)...)
	c, err := rm.Store.Connection(r.Context(), slug)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err != nil || c.Status != model.StatusLive {
		v.Problems = append(v.Problems, model.Problem{Field: "connection", Text: "Choose a connection that is live."})
	}
	if len(v.Problems) > 0 {
		return rm.renderTraceLinkForm(w, r, a, v, slug)
	}
	token := rand.Text()
	sealed, err := rm.Sealer.Seal([]byte(token), model.SealedTraceToken)
	if err != nil {
		return err
	}
	l, err := rm.Store.CreateTraceLink(r.Context(), rm.Actor(r, a), model.TraceLink{
		Connection: c.Slug, Person: v.Person, TokenSealed: sealed,
		CreatedAt: rm.Now(), ExpiresAt: rm.Now().Add(traceLinkLifetime),
	}, token)
	if err != nil {
		return err
	}
	return rm.Done(w, r, paths.TraceLink(l.ID), "The link is ready. Send it to "+l.Person+".")
}

func (rm *Room) traceLink(r *http.Request) (model.TraceLink, error) {
	id, err := strconv.ParseInt(kit.PathValue(r, "id"), 10, 64)
	if err != nil {
		return model.TraceLink{}, &store.Gone{Part: store.PartTraceLink}
	}
	l, err := rm.Store.TraceLink(r.Context(), id)
	if errors.Is(err, store.ErrNotFound) {
		err = &store.Gone{Part: store.PartTraceLink}
	}
	return l, err
}

func (rm *Room) showTraceLink(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	v, err := rm.traceLinkPage(r, a)
	if err != nil {
		return err
	}
	token, err := rm.Sealer.Open(v.Link.TokenSealed, model.SealedTraceToken)
	if err != nil {
		return err
	}
	v.URL = rm.Opts.PublicURL + paths.Trace(string(token))
	v.Page = rm.Page(r, a, layout.NavLogins, "Following "+v.Link.Person, "")
	v.Page.Crumbs = []layout.Crumb{{Label: "Logins", Href: paths.Logins}, {Label: "Follow a login", Href: paths.TraceLinkNew}}
	return rm.Render(w, r, http.StatusOK, logins.TraceLink(v))
}

// traceLinkStatus is the part of the page that follows the login. It answers
// 204 while there is no news.
func (rm *Room) traceLinkStatus(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	v, err := rm.traceLinkPage(r, a)
	if err != nil {
		return err
	}
	if r.Header.Get("HX-Request") == "" {
		return kit.SeeOther(w, r, paths.TraceLink(v.Link.ID))
	}
	if r.URL.Query().Get("seen") == v.Seen() {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return rm.Render(w, r, http.StatusOK, logins.TraceLinkStatus(v))
}

// traceLinkPage says how the latest login of a link stands.
func (rm *Room) traceLinkPage(r *http.Request, a model.Administrator) (logins.TraceLinkPage, error) {
	l, err := rm.traceLink(r)
	if err != nil {
		return logins.TraceLinkPage{}, err
	}
	v := logins.TraceLinkPage{Link: l, Open: l.Open(rm.Now())}
	if l.LoginID == "" {
		return v, nil
	}
	login, err := rm.Store.Login(r.Context(), l.LoginID)
	if errors.Is(err, store.ErrNotFound) { // it is about to be written
		return v, nil
	}
	if err != nil {
		return v, err
	}
	row := traces.With(rm.Kit).LoginRow(login)
	v.Row = &row
	if row.Code != "" {
		why := traces.Explain(row.Code, login.Refusal)
		v.Why = &why
	}
	if p := login.Person; row.Code == model.CodeUserUnknown && p != nil && a.Role.Includes(model.RoleAdmin) {
		v.AddPerson = traces.AddPerson(p.Username, p.Email, p.DisplayName(), p.FirstName, p.LastName)
	}
	return v, nil
}

func (rm *Room) endTraceLink(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	l, err := rm.traceLink(r)
	if err != nil {
		return err
	}
	if err := rm.Store.EndTraceLink(r.Context(), rm.Actor(r, a), l.ID, rm.Now()); err != nil {
		return err
	}
	return rm.Done(w, r, paths.TraceLink(l.ID), "The link has ended. Nobody can start a login with it any more.")
}

// openTraceLink tells the person what the link is for. It starts nothing yet:
// programs that look at links in messages must not use it up.
func (rm *Room) openTraceLink(w http.ResponseWriter, r *http.Request) error {
	token := chi.URLParam(r, "token")
	l, err := rm.Store.TraceLinkByToken(r.Context(), token, rm.Now())
	if errors.Is(err, store.ErrNotFound) {
		return rm.Render(w, r, http.StatusNotFound, login.TraceLinkEnded())
	}
	if err != nil {
		return err
	}
	return rm.Render(w, r, http.StatusOK, login.TraceLink(token, l.Author, l.ExpiresAt))
}

// startTraceLink starts an ordinary login, and notes that it is watched. It is
// a GET as every start of a login is.
func (rm *Room) startTraceLink(w http.ResponseWriter, r *http.Request) error {
	l, err := rm.Store.TraceLinkByToken(r.Context(), chi.URLParam(r, "token"), rm.Now())
	if errors.Is(err, store.ErrNotFound) {
		return rm.Render(w, r, http.StatusNotFound, login.TraceLinkEnded())
	}
	if err != nil {
		return err
	}
	attempt := rm.logins.NewAttempt(r, l.Connection)
	c, err := rm.Store.Connection(r.Context(), l.Connection)
	if err != nil {
		return rm.logins.RefuseInternal(w, r, attempt, err)
	}
	if err := rm.Store.WatchLogin(r.Context(), l.ID, attempt.ID); err != nil {
		return rm.logins.RefuseInternal(w, r, attempt, err)
	}
	if c.Status != model.StatusLive || c.Live == nil {
		return rm.logins.Refuse(w, r, attempt, sso.NotOpen(c))
	}
	return rm.logins.BeginAttempt(w, r, attempt, c, c.Live, false, "")
}
