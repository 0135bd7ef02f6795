package kit

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// StepUpFor is for how long after a sign-in, or a confirmation of who they are,
// an administrator has stepped up: may do what wants a proof that is not old.
const StepUpFor = 10 * time.Minute

const (
	KnownCookie   = "postern-known"
	knownLifetime = 180 * 24 * time.Hour
)

// StartAdminSession signs an administrator in: a new token, the old data gone.
// method says how, for the list of sessions.
func (k *Kit) StartAdminSession(w http.ResponseWriter, r *http.Request, a model.Administrator, method model.SignInMethod) error {
	ctx := r.Context()
	if err := k.Store.CloseConsoleSession(ctx, k.Admins.GetInt64(ctx, KeyAdminSession), k.Now()); err != nil {
		return err
	}
	if err := k.Admins.RenewToken(ctx); err != nil {
		return err
	}
	conn, epoch, at := k.Admins.GetString(ctx, keyAWSConn), k.Admins.GetInt(ctx, keyAWSEpoch), k.Admins.GetTime(ctx, keyAWSAt)
	if err := k.Admins.Clear(ctx); err != nil {
		return err
	}
	if a.ThroughAWS() {
		k.PutAWS(ctx, conn, epoch, at)
	}
	id, err := k.Store.StartConsoleSession(ctx, model.ConsoleSession{AdministratorID: a.ID, Method: method,
		RemoteAddr: k.RemoteAddr(r), UserAgent: r.UserAgent(), StartedAt: k.Now()})
	if err != nil {
		return err
	}
	k.Admins.Put(ctx, keyAdminID, a.ID)
	k.Admins.Put(ctx, keyAdminEpoch, a.SessionEpoch)
	k.Admins.Put(ctx, KeyAdminSession, id)
	if method != model.ByAWS { // it may have let them through unasked
		k.Admins.Put(ctx, KeyAdminSteppedUp, k.Now())
	}
	return k.rememberBrowser(w, r, a)
}

// PutAWS keeps through which connection AWS sent an administrator, in which
// session epoch of the user, and when.
func (k *Kit) PutAWS(ctx context.Context, connection string, epoch int, at time.Time) {
	k.Admins.Put(ctx, keyAWSConn, connection)
	k.Admins.Put(ctx, keyAWSEpoch, epoch)
	k.Admins.Put(ctx, keyAWSAt, at)
}

// rememberBrowser lets this browser sign in while others are kept from guessing
// the account's password.
func (k *Kit) rememberBrowser(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	token := k.KnownBrowser(r)
	if token == "" {
		token = rand.Text()
	}
	if err := k.Store.KnowBrowser(r.Context(), a.ID, token, k.Now()); err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{Name: k.CookieName(KnownCookie), Value: token, Path: "/", HttpOnly: true, Secure: k.Secure(),
		SameSite: http.SameSiteLaxMode, MaxAge: int(knownLifetime / time.Second)})
	return nil
}

// KnownBrowser is the token of a browser in which an administrator signed in before;
// empty where none did, or where it is no token of ours by its form.
func (k *Kit) KnownBrowser(r *http.Request) string {
	c, err := r.Cookie(k.CookieName(KnownCookie))
	if err != nil || len(c.Value) != HandleLength {
		return ""
	}
	return c.Value
}

// CurrentAdministrator is who this browser is signed in as; store.ErrNotFound
// when nobody is, when the session was ended, or belongs to an older epoch.
func (k *Kit) CurrentAdministrator(r *http.Request) (model.Administrator, error) {
	id := k.Admins.GetInt64(r.Context(), keyAdminID)
	if id == 0 {
		return model.Administrator{}, store.ErrNotFound
	}
	a, err := k.Administrator(r.Context(), id)
	if err != nil {
		return model.Administrator{}, err
	}
	if a.SessionEpoch != k.Admins.GetInt(r.Context(), keyAdminEpoch) {
		return model.Administrator{}, store.ErrNotFound
	}
	return a, k.Store.SeeConsoleSession(r.Context(), k.Admins.GetInt64(r.Context(), KeyAdminSession), id, k.Now())
}

// Administrator is who has that id, with the role of this moment. Who came
// through AWS has the one of the group whose members may, for as long as AWS
// vouches for them. store.ErrNotFound when they may not come any more.
func (k *Kit) Administrator(ctx context.Context, id int64) (model.Administrator, error) {
	a, err := k.Store.Administrator(ctx, id)
	if err != nil || !a.ThroughAWS() {
		return a, err
	}
	connection := k.Admins.GetString(ctx, keyAWSConn)
	if _, err := k.awsVouchesFor(ctx, a.UserID, k.Admins.GetInt(ctx, keyAWSEpoch), connection); err != nil {
		return model.Administrator{}, err
	}
	a.Role, err = k.Store.ConsoleRole(ctx, a.UserID, connection)
	return a, err
}

// SteppedUp tells whether who signed in proved who they are a short while ago.
func (k *Kit) SteppedUp(r *http.Request) bool {
	return k.isRecent(k.Admins.GetTime(r.Context(), KeyAdminSteppedUp))
}

func (k *Kit) isRecent(at time.Time) bool { return !at.IsZero() && k.Now().Sub(at) < StepUpFor }

// mayEnrol tells whether they may register a passkey: like anything that wants a step-up,
// but for the first one of somebody who has just come through AWS.
func (k *Kit) mayEnrol(r *http.Request, a model.Administrator) (bool, error) {
	if k.SteppedUp(r) {
		return true, nil
	}
	if !a.ThroughAWS() || !k.isRecent(k.Admins.GetTime(r.Context(), keyAWSAt)) {
		return false, nil
	}
	has, err := k.Store.HasPasskey(r.Context(), a.ID)
	return !has, err
}
