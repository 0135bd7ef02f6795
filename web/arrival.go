package web

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/failure"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/person"
)

// arrivalLifetime is how long somebody may look at the question who they are.
const arrivalLifetime = 5 * time.Minute

// arrivalOf is the person of an attempt that was let in.
func arrivalOf(a attempt, u model.User) model.Arrival {
	return model.Arrival{Connection: a.connection.Slug, UserID: u.ID, SessionEpoch: u.SessionEpoch, AuthAt: a.identity.AuthnInstant,
		ACR: a.identity.AuthnContext, Until: a.identity.SessionNotOnOrAfter, ReturnTo: a.returnTo()}
}

// welcome begins the session of somebody who was let in. Where AWS sent them
// unasked, and somebody else was signed in by this browser, it goes around once
// more: AWS's form comes without the session cookie, so only the next request
// can see whether that person is there still, whom nobody must push aside unseen.
func (s *Server) welcome(w http.ResponseWriter, r *http.Request, a attempt, u model.User) error {
	arrival := arrivalOf(a, u)
	if !a.login.Unsolicited || !s.mayBeAnother(r, u) {
		return s.begin(w, r, arrival)
	}
	token := rand.Text()
	arrival.BrowserHash, arrival.ExpiresAt = s.markBrowser(w, r), s.now().Add(arrivalLifetime)
	if err := s.store.SaveArrival(r.Context(), token, arrival); err != nil {
		return err
	}
	return seeOther(w, r, paths.SAMLArrived(arrival.Connection, token))
}

// arrived goes on unless somebody else is signed in here: then it asks.
func (s *Server) arrived(w http.ResponseWriter, r *http.Request) error {
	token := r.URL.Query().Get("arrival")
	a, err := s.store.Arrival(r.Context(), token, s.now())
	if err != nil || !s.sameBrowser(r, a) {
		return s.arrivedTooLate(w, r, err)
	}
	there, err := s.currentPerson(r)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err != nil || there.ID == a.UserID {
		return s.enter(w, r, token)
	}
	u, err := s.store.UserByID(r.Context(), a.UserID)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, person.Switch(a.Connection, token, there.Username, u.Username))
}

// arrivedAnswer carries out what the person chose.
func (s *Server) arrivedAnswer(w http.ResponseWriter, r *http.Request) error {
	token := r.PostFormValue("arrival")
	a, err := s.store.Arrival(r.Context(), token, s.now())
	if err != nil || !s.sameBrowser(r, a) {
		return s.arrivedTooLate(w, r, err)
	}
	if r.PostFormValue("choice") == "switch" {
		return s.enter(w, r, token)
	}
	if _, err := s.store.TakeArrival(r.Context(), token, s.now()); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return seeOther(w, r, paths.Me)
}

func (s *Server) enter(w http.ResponseWriter, r *http.Request, token string) error {
	a, err := s.store.TakeArrival(r.Context(), token, s.now())
	if err != nil {
		return s.arrivedTooLate(w, r, err)
	}
	return s.begin(w, r, a)
}

// begin starts the session and goes where the person wanted to.
func (s *Server) begin(w http.ResponseWriter, r *http.Request, a model.Arrival) error {
	if err := s.startPersonSession(r.Context(), a); err != nil {
		return err
	}
	if err := s.rememberPerson(w, a.UserID); err != nil {
		return err
	}
	return seeOther(w, r, a.ReturnTo)
}

const (
	personCookieName = "postern-who"
	personContext    = "who is signed in"
)

// rememberPerson sets a cookie that, unlike that of the session, comes along
// with AWS's form. It says, sealed, whom this browser signed in last, and opens
// nothing.
func (s *Server) rememberPerson(w http.ResponseWriter, userID string) error {
	sealed, err := s.sealer.Seal([]byte(userID), personContext)
	if err != nil {
		return err
	}
	c := &http.Cookie{Name: s.cookieName(personCookieName), Value: base64.RawURLEncoding.EncodeToString(sealed), Path: "/", HttpOnly: true,
		MaxAge: int(personLifetime / time.Second)}
	if s.secure() {
		c.Secure, c.SameSite = true, http.SameSiteNoneMode
	}
	http.SetCookie(w, c)
	return nil
}

// mayBeAnother tells whether this browser may have somebody else signed in.
func (s *Server) mayBeAnother(r *http.Request, u model.User) bool {
	if there, err := s.currentPerson(r); err == nil && there.ID != u.ID {
		return true
	}
	c, err := r.Cookie(s.cookieName(personCookieName))
	if err != nil {
		return false
	}
	sealed, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return false
	}
	id, err := s.sealer.Open(sealed, personContext)
	return err == nil && string(id) != u.ID
}

func (s *Server) sameBrowser(r *http.Request, a model.Arrival) bool {
	value := s.browserValue(r)
	return value != "" && subtle.ConstantTimeCompare(hashBrowser(value), a.BrowserHash) == 1 && a.Connection == chi.URLParam(r, "connection")
}

// arrivedTooLate: the page was opened twice, late, or by somebody else's
// browser. Which, makes no difference to the person.
func (s *Server) arrivedTooLate(w http.ResponseWriter, r *http.Request, err error) error {
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if _, err := s.currentPerson(r); err == nil {
		return seeOther(w, r, paths.Me)
	}
	s.failPage(w, r, http.StatusForbidden, failure.ArrivedTooLate())
	return nil
}

// startPersonSession signs a person in: a new session, nothing of one before.
// It ends at the latest when AWS says.
func (s *Server) startPersonSession(ctx context.Context, a model.Arrival) error {
	if err := s.persons.RenewToken(ctx); err != nil {
		return err
	}
	if err := s.persons.Clear(ctx); err != nil {
		return err
	}
	now := s.now()
	if !a.Until.IsZero() && a.Until.Before(now.Add(personLifetime)) {
		s.persons.SetDeadline(ctx, a.Until)
	}
	authTime := a.AuthAt
	if authTime.IsZero() || authTime.After(now) {
		authTime = now // AWS's clock may be ahead of ours
	}
	s.persons.Put(ctx, keyPersonID, a.UserID)
	s.persons.Put(ctx, keyPersonEpoch, a.SessionEpoch)
	s.persons.Put(ctx, keyPersonConn, a.Connection)
	s.persons.Put(ctx, keyPersonAt, now)
	s.persons.Put(ctx, keyPersonAuth, authTime)
	s.persons.Put(ctx, keyPersonACR, a.ACR)
	return nil
}
