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
func (k *kit) startAdminSession(w http.ResponseWriter, r *http.Request, a model.Administrator, method model.SignInMethod) error {
	ctx := r.Context()
	if err := k.store.CloseConsoleSession(ctx, k.admins.GetInt64(ctx, keyAdminSession), k.now()); err != nil {
		return err
	}
	if err := k.admins.RenewToken(ctx); err != nil {
		return err
	}
	conn, epoch, at := k.admins.GetString(ctx, keyAWSConn), k.admins.GetInt(ctx, keyAWSEpoch), k.admins.GetTime(ctx, keyAWSAt)
	if err := k.admins.Clear(ctx); err != nil {
		return err
	}
	if a.ThroughAWS() {
		k.putAWS(ctx, conn, epoch, at)
	}
	id, err := k.store.StartConsoleSession(ctx, model.ConsoleSession{AdministratorID: a.ID, Method: method,
		RemoteAddr: k.remoteAddr(r), UserAgent: r.UserAgent(), StartedAt: k.now()})
	if err != nil {
		return err
	}
	k.admins.Put(ctx, keyAdminID, a.ID)
	k.admins.Put(ctx, keyAdminEpoch, a.SessionEpoch)
	k.admins.Put(ctx, keyAdminSession, id)
	if method != model.ByAWS { // it may have let them through unasked
		k.admins.Put(ctx, keyAdminSteppedUp, k.now())
	}
	return k.rememberBrowser(w, r, a)
}

// putAWS keeps through which connection AWS sent an administrator, in which
// session epoch of the user, and when.
func (k *kit) putAWS(ctx context.Context, connection string, epoch int, at time.Time) {
	k.admins.Put(ctx, keyAWSConn, connection)
	k.admins.Put(ctx, keyAWSEpoch, epoch)
	k.admins.Put(ctx, keyAWSAt, at)
}

// rememberBrowser lets this browser sign in while others are kept from guessing
// the account's password.
func (k *kit) rememberBrowser(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	token := k.knownBrowser(r)
	if token == "" {
		token = rand.Text()
	}
	if err := k.store.KnowBrowser(r.Context(), a.ID, token, k.now()); err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{Name: k.cookieName(knownCookie), Value: token, Path: "/", HttpOnly: true, Secure: k.secure(),
		SameSite: http.SameSiteLaxMode, MaxAge: int(knownLifetime / time.Second)})
	return nil
}

func (k *kit) knownBrowser(r *http.Request) string {
	c, err := r.Cookie(k.cookieName(knownCookie))
	if err != nil || len(c.Value) != handleLength {
		return ""
	}
	return c.Value
}

// currentAdministrator is who this browser is signed in as; store.ErrNotFound
// when nobody is, when the session was ended, or belongs to an older epoch.
func (k *kit) currentAdministrator(r *http.Request) (model.Administrator, error) {
	id := k.admins.GetInt64(r.Context(), keyAdminID)
	if id == 0 {
		return model.Administrator{}, store.ErrNotFound
	}
	a, err := k.administrator(r.Context(), id)
	if err != nil {
		return model.Administrator{}, err
	}
	if a.SessionEpoch != k.admins.GetInt(r.Context(), keyAdminEpoch) {
		return model.Administrator{}, store.ErrNotFound
	}
	return a, k.store.SeeConsoleSession(r.Context(), k.admins.GetInt64(r.Context(), keyAdminSession), id, k.now())
}

// administrator is who has that id, with the role of this moment. Who came
// through AWS has the one of the group whose members may, for as long as AWS
// vouches for them. store.ErrNotFound when they may not come any more.
func (k *kit) administrator(ctx context.Context, id int64) (model.Administrator, error) {
	a, err := k.store.Administrator(ctx, id)
	if err != nil || !a.ThroughAWS() {
		return a, err
	}
	connection := k.admins.GetString(ctx, keyAWSConn)
	if _, err := k.awsVouchesFor(ctx, a.UserID, k.admins.GetInt(ctx, keyAWSEpoch), connection); err != nil {
		return model.Administrator{}, err
	}
	a.Role, err = k.store.ConsoleRole(ctx, a.UserID, connection)
	return a, err
}

// steppedUp tells whether who signed in proved who they are a short while ago.
func (k *kit) steppedUp(r *http.Request) bool {
	return k.isRecent(k.admins.GetTime(r.Context(), keyAdminSteppedUp))
}

func (k *kit) isRecent(at time.Time) bool { return !at.IsZero() && k.now().Sub(at) < stepUpFor }

// mayEnrol tells whether they may register a passkey: like anything that wants a step-up,
// but for the first one of somebody who has just come through AWS.
func (k *kit) mayEnrol(r *http.Request, a model.Administrator) (bool, error) {
	if k.steppedUp(r) {
		return true, nil
	}
	if !a.ThroughAWS() || !k.isRecent(k.admins.GetTime(r.Context(), keyAWSAt)) {
		return false, nil
	}
	has, err := k.store.HasPasskey(r.Context(), a.ID)
	return !has, err
}
