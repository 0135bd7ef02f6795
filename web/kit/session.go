package kit

import (
	"context"
	"encoding/gob"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/postern-sso/postern/templates/layout"
)

// Keys of the sessions. This file is the only one that knows them.
const (
	keyAdminID        = "admin_id"
	keyAdminEpoch     = "admin_epoch"
	KeyAdminSession   = "admin_session" // the row that lists it
	KeyAdminSteppedUp = "admin_fresh"   // when they last proved who they are
	KeyPendingID      = "pending_id"    // who has typed the password and not shown the passkey
	KeyPendingEpoch   = "pending_epoch"
	KeyPendingAt      = "pending_at"
	keyAWSConn        = "aws_connection" // of an administrator who came through AWS: as keyPersonConn,
	keyAWSEpoch       = "aws_epoch"      // keyPersonEpoch
	keyAWSAt          = "aws_at"         // and keyPersonAt
	KeyCeremony       = "passkey_ceremony"
	keyFlash          = "flash"
	KeyAppTest        = "app_test"
	KeyPersonID       = "person_id"
	KeyPersonEpoch    = "person_epoch"
	KeyPersonConn     = "person_connection"
	KeyPersonGrants   = "person_session"   // what the session's grants are found by
	KeyPersonAt       = "person_at"        // when the login ended here
	KeyPersonAuth     = "person_auth_time" // when AWS says that they authenticated
	KeyPersonACR      = "person_acr"       // how, as AWS says
)

const (
	adminLifetime  = 12 * time.Hour
	AdminIdle      = 2 * time.Hour
	PersonLifetime = 12 * time.Hour
)

func init() {
	gob.Register(layout.Flash{})
	gob.Register(time.Time{})
	gob.Register([]byte{})
}

// newSessions makes the two kinds of session. They have separate cookies, so
// that an administrator who tests a login stays signed in to the console.
func (k *Kit) newSessions() (admins, persons *scs.SessionManager) {
	make1 := func(name string, lifetime, idle time.Duration) *scs.SessionManager {
		m := scs.New()
		if m.Store = k.Opts.SessionStore; m.Store == nil {
			m.Store = sessionStore{db: k.Store, idle: idle, codec: m.Codec}
		}
		m.Lifetime = lifetime
		m.Cookie.Name = k.CookieName(name)
		m.Cookie.HttpOnly = true
		m.Cookie.Secure = k.Secure()
		m.Cookie.SameSite = http.SameSiteLaxMode
		m.Cookie.Path = "/"
		m.HashTokenInStore = true
		m.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) { k.Fail(w, r, err) }
		return m
	}
	return make1("postern", adminLifetime, AdminIdle), make1("postern-person", PersonLifetime, 0)
}

// CookieName adds the __Host- prefix where the site is served over https: the
// browser then refuses the cookie from any other host and without Secure.
func (k *Kit) CookieName(name string) string {
	if k.Secure() {
		return "__Host-" + name
	}
	return name
}

// EndPersonSession signs the person out, and ends what apps were given in the
// session: they would go on with it for as long as it could have lasted.
func (k *Kit) EndPersonSession(ctx context.Context) error {
	if err := k.Store.RevokeSession(ctx, k.Persons.GetString(ctx, KeyPersonGrants)); err != nil {
		return err
	}
	return k.Persons.Destroy(ctx)
}

// TakeFlash is the message that was left; nil where there is none. It is shown once.
func (k *Kit) TakeFlash(r *http.Request) *layout.Flash {
	f, ok := k.Admins.Pop(r.Context(), keyFlash).(layout.Flash)
	if !ok {
		return nil
	}
	return &f
}
