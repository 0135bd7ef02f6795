package web

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// stepUpFor is for how long after a sign-in, or a confirmation of who they are,
// an administrator has stepped up: may do what wants a proof that is not old.
const stepUpFor = 10 * time.Minute

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
	conn, epoch, at := s.admins.GetString(ctx, keyAWSConn), s.admins.GetInt(ctx, keyAWSEpoch), s.admins.GetTime(ctx, keyAWSAt)
	if err := s.admins.Clear(ctx); err != nil {
		return err
	}
	if a.ThroughAWS() {
		s.putAWS(ctx, conn, epoch, at)
	}
	id, err := s.store.StartConsoleSession(ctx, model.ConsoleSession{AdministratorID: a.ID, Method: method,
		RemoteAddr: s.remoteAddr(r), UserAgent: r.UserAgent(), StartedAt: s.now()})
	if err != nil {
		return err
	}
	s.admins.Put(ctx, keyAdminID, a.ID)
	s.admins.Put(ctx, keyAdminEpoch, a.SessionEpoch)
	s.admins.Put(ctx, keyAdminSession, id)
	if method != model.ByAWS { // it may have let them through unasked
		s.admins.Put(ctx, keyAdminSteppedUp, s.now())
	}
	return s.rememberBrowser(w, r, a)
}

// putAWS keeps through which connection AWS sent an administrator, in which
// session epoch of the user, and when.
func (s *Server) putAWS(ctx context.Context, connection string, epoch int, at time.Time) {
	s.admins.Put(ctx, keyAWSConn, connection)
	s.admins.Put(ctx, keyAWSEpoch, epoch)
	s.admins.Put(ctx, keyAWSAt, at)
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

// administrator is who has that id, with the role of this moment. Who came
// through AWS has the one of the group whose members may, for as long as AWS
// vouches for them. store.ErrNotFound when they may not come any more.
func (s *Server) administrator(ctx context.Context, id int64) (model.Administrator, error) {
	a, err := s.store.Administrator(ctx, id)
	if err != nil || !a.ThroughAWS() {
		return a, err
	}
	connection := s.admins.GetString(ctx, keyAWSConn)
	if _, err := s.awsVouchesFor(ctx, a.UserID, s.admins.GetInt(ctx, keyAWSEpoch), connection); err != nil {
		return model.Administrator{}, err
	}
	a.Role, err = s.store.ConsoleRole(ctx, a.UserID, connection)
	return a, err
}

// steppedUp tells whether who signed in proved who they are a short while ago.
func (s *Server) steppedUp(r *http.Request) bool {
	return s.isRecent(s.admins.GetTime(r.Context(), keyAdminSteppedUp))
}

func (s *Server) isRecent(at time.Time) bool { return !at.IsZero() && s.now().Sub(at) < stepUpFor }

// mayEnrol tells whether they may register a passkey: like anything that wants a step-up,
// but for the first one of somebody who has just come through AWS.
func (s *Server) mayEnrol(r *http.Request, a model.Administrator) (bool, error) {
	if s.steppedUp(r) {
		return true, nil
	}
	if !a.ThroughAWS() || !s.isRecent(s.admins.GetTime(r.Context(), keyAWSAt)) {
		return false, nil
	}
	has, err := s.store.HasPasskey(r.Context(), a.ID)
	return !has, err
}
