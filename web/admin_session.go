package web

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// freshFor is for how long after a sign-in, or a confirmation of who they are,
// an administrator may do what is dangerous.
const freshFor = 10 * time.Minute

const (
	knownCookie   = "postern-known"
	knownLifetime = 180 * 24 * time.Hour
)

// startAdminSession signs an administrator in: a new token, the old data gone.
// method says how, for the list of sessions.
func (s *Server) startAdminSession(w http.ResponseWriter, r *http.Request, a model.Administrator, method model.SignInMethod) error {
	ctx := r.Context()
	if err := s.store.CloseConsoleSession(ctx, s.admins.GetInt64(ctx, keyAdminSession), s.now()); err != nil {
		return err
	}
	if err := s.admins.RenewToken(ctx); err != nil {
		return err
	}
	if err := s.admins.Clear(ctx); err != nil {
		return err
	}
	id, err := s.store.StartConsoleSession(ctx, model.ConsoleSession{AdministratorID: a.ID, Method: method,
		RemoteAddr: s.remoteAddr(r), UserAgent: r.UserAgent(), StartedAt: s.now()})
	if err != nil {
		return err
	}
	s.admins.Put(ctx, keyAdminID, a.ID)
	s.admins.Put(ctx, keyAdminEpoch, a.SessionEpoch)
	s.admins.Put(ctx, keyAdminSession, id)
	s.admins.Put(ctx, keyAdminStart, s.now())
	if method != model.ByAWS { // it may have let them through unasked
		s.admins.Put(ctx, keyAdminFresh, s.now())
	}
	return s.rememberBrowser(w, r, a)
}

// rememberBrowser lets this browser sign in while others are kept from guessing
// the account's password.
func (s *Server) rememberBrowser(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	token := s.knownBrowser(r)
	if token == "" {
		token = rand.Text()
	}
	if err := s.store.KnowBrowser(r.Context(), a.ID, token, s.now()); err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{Name: s.cookieName(knownCookie), Value: token, Path: "/", HttpOnly: true, Secure: s.secure(),
		SameSite: http.SameSiteLaxMode, MaxAge: int(knownLifetime / time.Second)})
	return nil
}

func (s *Server) knownBrowser(r *http.Request) string {
	c, err := r.Cookie(s.cookieName(knownCookie))
	if err != nil || len(c.Value) != handleLength {
		return ""
	}
	return c.Value
}

// currentAdministrator is who this browser is signed in as; store.ErrNotFound
// when nobody is, when the session was ended, or belongs to an older epoch.
func (s *Server) currentAdministrator(r *http.Request) (model.Administrator, error) {
	id := s.admins.GetInt64(r.Context(), keyAdminID)
	if id == 0 {
		return model.Administrator{}, store.ErrNotFound
	}
	a, err := s.administrator(r.Context(), id)
	if err != nil {
		return model.Administrator{}, err
	}
	if a.SessionEpoch != s.admins.GetInt(r.Context(), keyAdminEpoch) {
		return model.Administrator{}, store.ErrNotFound
	}
	return a, s.store.SeeConsoleSession(r.Context(), s.admins.GetInt64(r.Context(), keyAdminSession), id, s.now())
}

// administrator is who has that id, with the role of this moment: for members of
// the group whose members come through AWS, the one that the group has.
// store.ErrNotFound when they may not come any more.
func (s *Server) administrator(ctx context.Context, id int64) (model.Administrator, error) {
	a, err := s.store.Administrator(ctx, id)
	if err == nil && a.ThroughAWS() {
		a.Role, err = s.store.ConsoleRole(ctx, a.UserID)
	}
	return a, err
}

// isFresh tells whether who signed in proved who they are a short while ago.
func (s *Server) isFresh(r *http.Request) bool {
	return s.isRecent(s.admins.GetTime(r.Context(), keyAdminFresh))
}

func (s *Server) isRecent(at time.Time) bool { return !at.IsZero() && s.now().Sub(at) < freshFor }

// mayEnrol tells whether they may register a passkey: like anything dangerous,
// but for the first one of somebody who has just come through AWS.
func (s *Server) mayEnrol(r *http.Request, a model.Administrator) (bool, error) {
	if s.isFresh(r) {
		return true, nil
	}
	if !a.ThroughAWS() || !s.isRecent(s.admins.GetTime(r.Context(), keyAdminStart)) {
		return false, nil
	}
	has, err := s.store.HasPasskey(r.Context(), a.ID)
	return !has, err
}

// Limits of wrong passwords within failureWindow. An address may stand for a
// whole company, an account for one person.
const (
	failureWindow      = 15 * time.Minute
	failuresOfAccount  = 10
	failuresOfAddress  = 50
	failuresOfBrowser  = 10
	auditedFailureText = "Further attempts are refused for a while; they are not listed one by one."
)

// signInLimits are the keys under which an attempt is counted, each with what it
// may reach. A browser that signed in to the account before is counted by
// itself: whoever guesses from elsewhere does not lock it out. An account that
// does not exist is counted like any other.
func (s *Server) signInLimits(r *http.Request, email string) (map[string]int, error) {
	key := model.Key(email)
	limits := map[string]int{"address\n" + s.remoteAddr(r): failuresOfAddress}
	if token := s.knownBrowser(r); token != "" {
		known, err := s.store.IsKnownBrowser(r.Context(), key, token)
		if err != nil {
			return nil, err
		}
		if known {
			limits["browser\n"+token+"\n"+key] = failuresOfBrowser
			return limits, nil
		}
	}
	limits["account\n"+key] = failuresOfAccount
	return limits, nil
}

// signInBlocked tells how long an attempt has to wait; zero: it may go on.
func (s *Server) signInBlocked(r *http.Request, email string) (time.Duration, error) {
	limits, err := s.signInLimits(r, email)
	if err != nil {
		return 0, err
	}
	until, err := s.store.SignInBlocked(r.Context(), limits, s.now())
	if err != nil || until.IsZero() {
		return 0, err
	}
	return until.Sub(s.now()), nil
}

// countFailure counts a wrong password, and puts one line into the audit when
// attempts begin to be refused.
func (s *Server) countFailure(r *http.Request, email string) error {
	limits, err := s.signInLimits(r, email)
	if err != nil {
		return err
	}
	s.log.WarnContext(r.Context(), "console sign-in refused", "remote", s.remoteAddr(r))
	reached := false
	for key, limit := range limits {
		n, err := s.store.CountSignInFailure(r.Context(), key, s.now(), failureWindow)
		if err != nil {
			return err
		}
		reached = reached || n == limit
	}
	if !reached {
		return nil
	}
	object := "" // what was typed may be anything, a password even
	if a, err := s.store.AdministratorByEmail(r.Context(), email); err == nil {
		object = a.Email
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return s.store.RecordAudit(r.Context(), model.Actor{Name: "nobody", RemoteAddr: s.remoteAddr(r)}, "administrator.sign_in_refused", object, auditedFailureText)
}
