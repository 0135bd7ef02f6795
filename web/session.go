package web

import (
	"context"
	"encoding/gob"
	"net/http"
	"time"

	"github.com/alexedwards/scs/pgxstore"
	"github.com/alexedwards/scs/v2"

	"github.com/postern-sso/postern/templates/layout"
)

// Keys of the sessions. This file is the only one that knows them.
const (
	keyAdminID        = "admin_id"
	keyAdminEpoch     = "admin_epoch"
	keyAdminSession   = "admin_session" // the row that lists it
	keyAdminSteppedUp = "admin_fresh"   // when they last proved who they are
	keyPendingID      = "pending_id"    // who has typed the password and not shown the passkey
	keyPendingEpoch   = "pending_epoch"
	keyPendingAt      = "pending_at"
	keyAWSConn        = "aws_connection" // of an administrator who came through AWS: as keyPersonConn,
	keyAWSEpoch       = "aws_epoch"      // keyPersonEpoch
	keyAWSAt          = "aws_at"         // and keyPersonAt
	keyCeremony       = "passkey_ceremony"
	keyFlash          = "flash"
	keyAppTest        = "app_test"
	keyPersonID       = "person_id"
	keyPersonEpoch    = "person_epoch"
	keyPersonConn     = "person_connection"
	keyPersonGrants   = "person_session"   // what the session's grants are found by
	keyPersonAt       = "person_at"        // when the login ended here
	keyPersonAuth     = "person_auth_time" // when AWS says that they authenticated
	keyPersonACR      = "person_acr"       // how, as AWS says
)

const (
	adminLifetime  = 12 * time.Hour
	adminIdle      = 2 * time.Hour
	personLifetime = 12 * time.Hour
)

func init() {
	gob.Register(layout.Flash{})
	gob.Register(time.Time{})
	gob.Register([]byte{})
}

// newSessions makes the two kinds of session. They have separate cookies, so
// that an administrator who tests a login stays signed in to the console.
func (k *kit) newSessions() (admins, persons *scs.SessionManager) {
	make1 := func(name string, lifetime, idle time.Duration) *scs.SessionManager {
		m := scs.New()
		if m.Store = k.opts.SessionStore; m.Store == nil {
			m.Store = pgxstore.NewWithCleanupInterval(k.store.Pool(), 0)
		}
		m.Lifetime, m.IdleTimeout = lifetime, idle
		m.Cookie.Name = k.cookieName(name)
		m.Cookie.HttpOnly = true
		m.Cookie.Secure = k.secure()
		m.Cookie.SameSite = http.SameSiteLaxMode
		m.Cookie.Path = "/"
		m.HashTokenInStore = true
		m.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) { k.fail(w, r, err) }
		return m
	}
	return make1("postern", adminLifetime, adminIdle), make1("postern-person", personLifetime, 0)
}

// cookieName adds the __Host- prefix where the site is served over https: the
// browser then refuses the cookie from any other host and without Secure.
func (k *kit) cookieName(name string) string {
	if k.secure() {
		return "__Host-" + name
	}
	return name
}

// endPersonSession signs the person out, and ends what apps were given in the
// session: they would go on with it for as long as it could have lasted.
func (k *kit) endPersonSession(ctx context.Context) error {
	if err := k.store.RevokeSession(ctx, k.persons.GetString(ctx, keyPersonGrants)); err != nil {
		return err
	}
	return k.persons.Destroy(ctx)
}

func (k *kit) putFlash(r *http.Request, f layout.Flash) {
	k.admins.Put(r.Context(), keyFlash, f)
}

func (k *kit) takeFlash(r *http.Request) *layout.Flash {
	f, ok := k.admins.Pop(r.Context(), keyFlash).(layout.Flash)
	if !ok {
		return nil
	}
	return &f
}
