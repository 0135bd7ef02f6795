package web

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/failure"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/person"
)

// accountSwitchLifetime is how long somebody may look at the question who they are.
const accountSwitchLifetime = 5 * time.Minute

// accountSwitchOf is the person of an attempt that was let in.
func accountSwitchOf(a attempt, u model.User) model.AccountSwitch {
	return model.AccountSwitch{Connection: a.connection.Slug, UserID: u.ID, SessionEpoch: u.SessionEpoch, AuthAt: a.identity.AuthnInstant,
		ACR: a.identity.AuthnContext, Until: a.identity.SessionNotOnOrAfter, ReturnTo: a.returnTo()}
}

// welcome begins the session of somebody who was let in. Where AWS sent them
// unasked, and somebody else was signed in by this browser, it goes around once
// more: AWS's form comes without the session cookie, so only the next request
// can see whether that person is there still, whom nobody must push aside unseen.
func (s *Server) welcome(w http.ResponseWriter, r *http.Request, a attempt, u model.User) error {
	next := accountSwitchOf(a, u)
	if !a.login.Unsolicited || !s.mayBeAnother(r, u) {
		return s.begin(w, r, next)
	}
	token := rand.Text()
	next.BrowserHash, next.ExpiresAt = s.markBrowser(w, r), s.now().Add(accountSwitchLifetime)
	if err := s.store.SaveAccountSwitch(r.Context(), token, next); err != nil {
		return err
	}
	return seeOther(w, r, paths.SAMLAccountSwitch(next.Connection, token))
}

// askAccountSwitch goes on unless somebody else is signed in here: then it asks.
func (s *Server) askAccountSwitch(w http.ResponseWriter, r *http.Request) error {
	token := r.URL.Query().Get("arrival")
	a, err := s.store.AccountSwitch(r.Context(), token, s.now())
	if err != nil || !s.sameBrowser(r, a) {
		return s.accountSwitchTooLate(w, r, err)
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
	return s.render(w, r, http.StatusOK, person.AccountSwitch(a.Connection, token, there.Username, u.Username))
}

// answerAccountSwitch applies what the person chose.
func (s *Server) answerAccountSwitch(w http.ResponseWriter, r *http.Request) error {
	token := r.PostFormValue("arrival")
	a, err := s.store.AccountSwitch(r.Context(), token, s.now())
	if err != nil || !s.sameBrowser(r, a) {
		return s.accountSwitchTooLate(w, r, err)
	}
	if r.PostFormValue("choice") == "switch" {
		return s.enter(w, r, token)
	}
	if _, err := s.store.TakeAccountSwitch(r.Context(), token, s.now()); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return seeOther(w, r, paths.Me)
}

func (s *Server) enter(w http.ResponseWriter, r *http.Request, token string) error {
	a, err := s.store.TakeAccountSwitch(r.Context(), token, s.now())
	if err != nil {
		return s.accountSwitchTooLate(w, r, err)
	}
	return s.begin(w, r, a)
}

// begin starts the session and goes where the person wanted to.
func (s *Server) begin(w http.ResponseWriter, r *http.Request, a model.AccountSwitch) error {
	grants, err := s.nameGrants(r, a.UserID)
	if err != nil {
		return err
	}
	if err := s.startPersonSession(r.Context(), a, grants); err != nil {
		return err
	}
	if err := s.rememberPerson(w, a.UserID, grants); err != nil {
		return err
	}
	return seeOther(w, r, a.ReturnTo)
}

// nameGrants is the name by which to find what apps are given in a session that
// begins. Who signs in again keeps it, so that one sign-out ends what was given
// before and after. What somebody else's session in this browser gave ends now:
// nobody can sign out of that one any more.
func (s *Server) nameGrants(r *http.Request, userID string) (string, error) {
	there, grants := s.remembered(r)
	if there == userID && grants != "" {
		return grants, nil
	}
	return rand.Text(), s.store.RevokeSession(r.Context(), grants)
}

const (
	personCookieName = "postern-who"
	personContext    = "who is signed in"
)

// rememberPerson sets a cookie that, unlike that of the session, comes along
// with AWS's form. It says, sealed, whom this browser signed in last, and what
// apps were given meanwhile by which name. It opens nothing.
func (s *Server) rememberPerson(w http.ResponseWriter, userID, grants string) error {
	sealed, err := s.sealer.Seal([]byte(userID+" "+grants), personContext)
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

// remembered is what rememberPerson wrote; nothing when there is no such cookie.
func (s *Server) remembered(r *http.Request) (userID, grants string) {
	c, err := r.Cookie(s.cookieName(personCookieName))
	if err != nil {
		return "", ""
	}
	sealed, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return "", ""
	}
	value, err := s.sealer.Open(sealed, personContext)
	if err != nil {
		return "", ""
	}
	userID, grants, _ = strings.Cut(string(value), " ")
	return userID, grants
}

// mayBeAnother tells whether this browser may have somebody else signed in.
func (s *Server) mayBeAnother(r *http.Request, u model.User) bool {
	if there, err := s.currentPerson(r); err == nil && there.ID != u.ID {
		return true
	}
	there, _ := s.remembered(r)
	return there != "" && there != u.ID
}

func (s *Server) sameBrowser(r *http.Request, a model.AccountSwitch) bool {
	value := s.browserValue(r)
	return value != "" && subtle.ConstantTimeCompare(hashBrowser(value), a.BrowserHash) == 1 && a.Connection == chi.URLParam(r, "connection")
}

// accountSwitchTooLate: the page was opened twice, late, or by somebody else's
// browser. Which, makes no difference to the person.
func (s *Server) accountSwitchTooLate(w http.ResponseWriter, r *http.Request, err error) error {
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if _, err := s.currentPerson(r); err == nil {
		return seeOther(w, r, paths.Me)
	}
	s.failPage(w, r, http.StatusForbidden, failure.AccountSwitchTooLate())
	return nil
}

// startPersonSession signs a person in: a new session, nothing of one before.
// It ends at the latest when AWS says. What apps are given in it can be found by
// the name grants.
func (s *Server) startPersonSession(ctx context.Context, a model.AccountSwitch, grants string) error {
	if err := s.persons.RenewToken(ctx); err != nil {
		return err
	}
	if err := s.persons.Clear(ctx); err != nil {
		return err
	}
	now := s.now()
	end := now.Add(personLifetime)
	if !a.Until.IsZero() && a.Until.Before(end) {
		end = a.Until
	}
	s.persons.SetDeadline(ctx, end)
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
	s.persons.Put(ctx, keyPersonGrants, grants)
	return nil
}
