package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/oidc"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/failure"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/person"
)

// newProvider is the OpenID Connect provider under the present public URL.
func (s *Server) newProvider() (*oidc.Provider, error) {
	failures := newRefusals(clientFailuresPerMinute)
	return oidc.New(oidc.Options{
		Store: s.store, Sealer: s.sealer, Logger: s.log, Issuer: s.opts.PublicURL, Now: s.now,
		RemoteAddr: s.remoteAddr, ShowProblem: s.showProblem,
		TooManyFailures: failures.tooMany, CountFailure: failures.count,
	})
}

// showProblem is the page for a request from an app that leads nowhere.
func (s *Server) showProblem(w http.ResponseWriter, r *http.Request, p oidc.Problem) {
	switch p.Kind {
	case oidc.ProblemUnknownApp:
		s.failPage(w, r, http.StatusBadRequest, person.UnknownApp())
	case oidc.ProblemRedirectURI:
		s.failPage(w, r, http.StatusBadRequest, person.WrongAddress(p.App, p.RedirectURI))
	case oidc.ProblemInternal:
		s.failPage(w, r, http.StatusInternalServerError, failure.Internal(requestID(r.Context())))
	case oidc.ProblemMalformed:
		s.failPage(w, r, http.StatusBadRequest, person.BadAppRequest())
	default:
		s.failPage(w, r, http.StatusBadRequest, person.BadAppRequest())
	}
}

// oidcCallback goes on with a request of an app: back to the app with a code
// when the person is signed in, else to AWS, and from there to here again.
//
// Whose browser carries the session decides who is signed in to the app. What
// the address names is only the request, so it may be known to others.
func (s *Server) oidcCallback(w http.ResponseWriter, r *http.Request) error {
	req, err := s.oidc.Pending(r.Context(), r.URL.Query().Get("id"))
	if errors.Is(err, store.ErrNotFound) {
		return s.render(w, r, http.StatusBadRequest, person.RequestOver())
	}
	if err != nil {
		return err
	}
	app, err := s.store.App(r.Context(), req.App)
	if err != nil {
		return err
	}
	if !s.oidc.Holds(r, app, req, paths.AppAction(app.Slug, "tested")) {
		s.showProblem(w, r, oidc.Problem{Kind: oidc.ProblemRedirectURI, App: app.Name, RedirectURI: req.RedirectURI})
		return nil
	}
	who, err := s.signedInFor(r, app, req)
	switch {
	case err == nil:
		err = s.oidc.Grant(w, r, req, who)
		if errors.Is(err, store.ErrNotFound) { // the same request in another tab
			return s.render(w, r, http.StatusBadRequest, person.RequestOver())
		}
		return err
	case !errors.Is(err, store.ErrNotFound):
		return err
	case oidc.Silent(req):
		return s.oidc.DenyLogin(w, r, req)
	case r.URL.Query().Has("back"):
		return s.cameBackOtherwise(w, r, app, req)
	}
	return s.signInFor(w, r, app, req)
}

// signedInFor is who is signed in, in a way that suits an app's request;
// store.ErrNotFound when nobody is.
func (s *Server) signedInFor(r *http.Request, app model.App, req model.AuthRequest) (model.SignedIn, error) {
	u, err := s.currentPerson(r)
	if err != nil {
		return model.SignedIn{}, err
	}
	ctx := r.Context()
	through := s.persons.GetString(ctx, keyPersonConn)
	authTime, session := s.persons.GetTime(ctx, keyPersonAuth), s.persons.GetString(ctx, keyPersonGrants)
	switch {
	case authTime.IsZero() || session == "", // a session from before these were kept
		app.Connection != "" && app.Connection != through,
		req.Hint != "" && req.Hint != u.ID,
		!s.oidc.Suits(req, authTime, s.persons.GetTime(ctx, keyPersonAt)):
		return model.SignedIn{}, store.ErrNotFound
	}
	return model.SignedIn{UserID: u.ID, SessionEpoch: u.SessionEpoch, AuthTime: authTime,
		ACR: s.persons.GetString(ctx, keyPersonACR), Connection: through, SessionID: session, Until: s.persons.Deadline(ctx)}, nil
}

// cameBackOtherwise ends the way back from AWS when it led to nobody who suits:
// once more would lead to the same.
func (s *Server) cameBackOtherwise(w http.ResponseWriter, r *http.Request, app model.App, req model.AuthRequest) error {
	u, err := s.currentPerson(r)
	if errors.Is(err, store.ErrNotFound) {
		return s.render(w, r, http.StatusBadRequest, person.NoSession(app.Name, paths.OIDCCallback(req.ID)))
	}
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusForbidden, person.OtherPerson(app.Name, u.Username))
}

// signInFor sends the person to AWS: through the app's connection, else the
// only one there is, else the one they choose.
func (s *Server) signInFor(w http.ResponseWriter, r *http.Request, app model.App, req model.AuthRequest) error {
	back := paths.WithQuery(paths.OIDCCallback(req.ID), "back", "1")
	if app.Connection != "" {
		return seeOther(w, r, paths.WithQuery(paths.SAMLLogin(app.Connection), "return", back))
	}
	live, err := s.openConnections(r)
	if err != nil {
		return err
	}
	if len(live) == 1 {
		return seeOther(w, r, paths.WithQuery(paths.SAMLLogin(live[0].Slug), "return", back))
	}
	return s.render(w, r, http.StatusOK, person.ChooseConnection(app.Name, live, back))
}

// openConnections are the connections through which people can sign in now.
func (s *Server) openConnections(r *http.Request) ([]model.Connection, error) {
	all, err := s.store.Connections(r.Context())
	var live []model.Connection
	for _, c := range all {
		if c.Status == model.StatusLive && c.Live != nil {
			live = append(live, c)
		}
	}
	return live, err
}

// oidcLogout ends the session because an app asks for it. An app that shows
// whose session it means, with an ID token from here, is believed; else the
// person is asked: a link alone must not sign anybody out.
func (s *Server) oidcLogout(w http.ResponseWriter, r *http.Request) error {
	l, err := s.oidc.ParseLogout(r)
	if err != nil {
		s.log.InfoContext(r.Context(), "sign-out of an app refused", "error", err)
		return s.render(w, r, http.StatusBadRequest, person.BadLogout())
	}
	u, err := s.currentPerson(r)
	if errors.Is(err, store.ErrNotFound) {
		return s.afterLogout(w, r, l)
	}
	if err != nil {
		return err
	}
	if l.UserID != u.ID {
		return s.render(w, r, http.StatusOK, person.AppSignOut(l.AppName, u.Username, logoutFields(r, l)))
	}
	return s.signOutForApp(w, r, l)
}

// oidcLogoutByForm turns the form of an app into the same request as an
// address: browsers send no session along with a form from another site.
func (s *Server) oidcLogoutByForm(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return errBadForm
	}
	return seeOther(w, r, oidc.LogoutPath+"?"+r.PostForm.Encode())
}

// logoutFields is what the app sent, to send it again with the confirmation.
// Which app it is may be known from its ID token alone.
func logoutFields(r *http.Request, l oidc.Logout) url.Values {
	query := r.URL.Query()
	fields := url.Values{}
	for name, v := range map[string]string{"client_id": l.App,
		"post_logout_redirect_uri": query.Get("post_logout_redirect_uri"), "state": query.Get("state")} {
		if v != "" {
			fields.Set(name, v)
		}
	}
	return fields
}

// oidcSignOut is the confirmation: it comes from our own page only.
func (s *Server) oidcSignOut(w http.ResponseWriter, r *http.Request) error {
	l, err := s.oidc.ParseLogout(r)
	if err != nil {
		return s.render(w, r, http.StatusBadRequest, person.BadLogout())
	}
	return s.signOutForApp(w, r, l)
}

func (s *Server) signOutForApp(w http.ResponseWriter, r *http.Request, l oidc.Logout) error {
	if err := s.endPersonSession(r.Context()); err != nil {
		return err
	}
	return s.afterLogout(w, r, l)
}

// afterLogout goes where the app wants, else says that it is done. After our
// own form the browser goes nowhere else by itself (form-action), so there the
// page has a link.
func (s *Server) afterLogout(w http.ResponseWriter, r *http.Request, l oidc.Logout) error {
	if l.RedirectURI != "" && r.URL.Path != paths.OIDCSignOut {
		return seeOther(w, r, l.RedirectURI)
	}
	return s.render(w, r, http.StatusOK, person.AppSignedOut(l.AppName, l.RedirectURI))
}
