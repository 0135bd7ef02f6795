package web

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/console"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/person"
	"github.com/postern-sso/postern/templates/ui"
)

// traceLinkLifetime is how long a link starts logins.
const traceLinkLifetime = 24 * time.Hour

// newTraceLink asks whose login is to be followed, and on which connection.
func (s *Server) newTraceLink(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return s.renderTraceLinkForm(w, r, a, console.TraceLinkForm{Person: r.URL.Query().Get("person")}, r.URL.Query().Get("connection"))
}

func (s *Server) renderTraceLinkForm(w http.ResponseWriter, r *http.Request, a model.Administrator, v console.TraceLinkForm, chosen string) error {
	live, err := s.liveConnections(r.Context())
	if err != nil {
		return err
	}
	for _, slug := range live {
		v.Connections = append(v.Connections, ui.Option{Value: slug, Label: slug, Selected: slug == chosen})
	}
	if v.Links, err = s.store.OpenTraceLinks(r.Context(), s.now()); err != nil {
		return err
	}
	v.Page = s.page(r, a, layout.NavLogins, "Follow a person's next login",
		"Make a link and send it to the person. You see what happens while they sign in.")
	v.Page.Crumbs = []layout.Crumb{{Label: "Logins", Href: paths.Logins}}
	status := http.StatusOK
	if len(v.Problems) > 0 {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return s.render(w, r, status, console.NewTraceLink(v))
}

// liveConnections are the slugs of the connections through which people can
// sign in now.
func (s *Server) liveConnections(ctx context.Context) ([]string, error) {
	connections, err := s.store.Connections(ctx)
	if err != nil {
		return nil, err
	}
	var live []string
	for _, c := range connections {
		if c.Status == model.StatusLive && c.Live != nil {
			live = append(live, c.Slug)
		}
	}
	return live, nil
}

func (s *Server) createTraceLink(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	v := console.TraceLinkForm{Person: typed(r, "person")}
	slug := r.PostFormValue("connection")
	if v.Person == "" {
		v.Problems = append(v.Problems, model.Problem{Field: "person", Text: "Say whose login you want to follow."})
	}
	v.Problems = append(v.Problems, checkText("person", "The person", v.Person, 200)...)
	c, err := s.store.Connection(r.Context(), slug)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err != nil || c.Status != model.StatusLive {
		v.Problems = append(v.Problems, model.Problem{Field: "connection", Text: "Choose a connection that is live."})
	}
	if len(v.Problems) > 0 {
		return s.renderTraceLinkForm(w, r, a, v, slug)
	}
	token := rand.Text()
	sealed, err := s.sealer.Seal([]byte(token), model.SealedTraceToken)
	if err != nil {
		return err
	}
	l, err := s.store.CreateTraceLink(r.Context(), s.actor(r, a), model.TraceLink{
		Connection: c.Slug, Person: v.Person, TokenSealed: sealed,
		CreatedAt: s.now(), ExpiresAt: s.now().Add(traceLinkLifetime),
	}, token)
	if err != nil {
		return err
	}
	return s.done(w, r, paths.TraceLink(l.ID), "The link is ready. Send it to "+l.Person+".")
}

func (s *Server) traceLink(r *http.Request) (model.TraceLink, error) {
	id, err := strconv.ParseInt(pathValue(r, "id"), 10, 64)
	if err != nil {
		return model.TraceLink{}, store.ErrNotFound
	}
	return s.store.TraceLink(r.Context(), id)
}

func (s *Server) showTraceLink(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	v, err := s.traceLinkPage(r, a)
	if err != nil {
		return err
	}
	token, err := s.sealer.Open(v.Link.TokenSealed, model.SealedTraceToken)
	if err != nil {
		return err
	}
	v.URL = s.opts.PublicURL + paths.Trace(string(token))
	v.Page = s.page(r, a, layout.NavLogins, "Following "+v.Link.Person, "")
	v.Page.Crumbs = []layout.Crumb{{Label: "Logins", Href: paths.Logins}, {Label: "Follow a login", Href: paths.TraceLinkNew}}
	return s.render(w, r, http.StatusOK, console.TraceLink(v))
}

// traceLinkStatus is the part of the page that follows the login. It answers
// 204 while there is no news.
func (s *Server) traceLinkStatus(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	v, err := s.traceLinkPage(r, a)
	if err != nil {
		return err
	}
	if r.Header.Get("HX-Request") == "" {
		return seeOther(w, r, paths.TraceLink(v.Link.ID))
	}
	if r.URL.Query().Get("seen") == v.Seen() {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return s.render(w, r, http.StatusOK, console.TraceLinkStatus(v))
}

// traceLinkPage says how the latest login of a link stands.
func (s *Server) traceLinkPage(r *http.Request, a model.Administrator) (console.TraceLinkPage, error) {
	l, err := s.traceLink(r)
	if err != nil {
		return console.TraceLinkPage{}, err
	}
	v := console.TraceLinkPage{Link: l, Open: l.Open(s.now())}
	if l.LoginID == "" {
		return v, nil
	}
	login, err := s.store.Login(r.Context(), l.LoginID)
	if errors.Is(err, store.ErrNotFound) { // it is about to be written
		return v, nil
	}
	if err != nil {
		return v, err
	}
	row := s.loginRow(login)
	v.Row = &row
	if row.Code != "" {
		why := explain(row.Code, login.Refusal)
		v.Why = &why
	}
	if p := login.Person; row.Code == model.CodeUserUnknown && p != nil && a.Role.Includes(model.RoleAdmin) {
		v.AddPerson = addPerson(p.Username, p.Email, p.DisplayName(), p.FirstName, p.LastName)
	}
	return v, nil
}

func (s *Server) endTraceLink(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	l, err := s.traceLink(r)
	if err != nil {
		return err
	}
	if err := s.store.EndTraceLink(r.Context(), s.actor(r, a), l.ID, s.now()); err != nil {
		return err
	}
	return s.done(w, r, paths.TraceLink(l.ID), "The link has ended. Nobody can start a login with it any more.")
}

// openTraceLink tells the person what the link is for. It starts nothing yet:
// programs that look at links in messages must not use it up.
func (s *Server) openTraceLink(w http.ResponseWriter, r *http.Request) error {
	token := chi.URLParam(r, "token")
	l, err := s.store.TraceLinkByToken(r.Context(), token, s.now())
	if errors.Is(err, store.ErrNotFound) {
		return s.render(w, r, http.StatusNotFound, person.TraceLinkEnded())
	}
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, person.TraceLink(token, l.Author, l.ExpiresAt))
}

// startTraceLink starts an ordinary login, and notes that it is watched. It is
// a GET as every start of a login is.
func (s *Server) startTraceLink(w http.ResponseWriter, r *http.Request) error {
	l, err := s.store.TraceLinkByToken(r.Context(), chi.URLParam(r, "token"), s.now())
	if errors.Is(err, store.ErrNotFound) {
		return s.render(w, r, http.StatusNotFound, person.TraceLinkEnded())
	}
	if err != nil {
		return err
	}
	attempt := s.newAttempt(r, l.Connection)
	c, err := s.store.Connection(r.Context(), l.Connection)
	if err != nil {
		return s.refuseInternal(w, r, attempt, err)
	}
	if err := s.store.WatchLogin(r.Context(), l.ID, attempt.ID); err != nil {
		return s.refuseInternal(w, r, attempt, err)
	}
	if c.Status != model.StatusLive || c.Live == nil {
		return s.refuse(w, r, attempt, &model.Refusal{Code: model.CodeConnectionNotLive})
	}
	return s.beginAttempt(w, r, attempt, c, c.Live, false, "")
}
