package kit

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"github.com/postern-sso/postern/internal/store"
)

// Living is a login whose session this browser has. The session's own cookie
// does not come along with a form of another site; this one does, and says only
// which login it was. It opens nothing.
type Living struct {
	Login      string    `json:"l"` // its trace
	Assertion  string    `json:"a"` // what AWS's answer was
	Connection string    `json:"c"`
	UserID     string    `json:"u"`
	Epoch      int       `json:"e"`
	Grants     string    `json:"g"` // what apps were given in the session is found by it
	To         string    `json:"t"` // where the login went
	Until      time.Time `json:"d"` // when the session ends at the latest
	Session    string    `json:"s"` // names the session in the store; it cannot be used as its cookie
}

const (
	livingCookie  = "postern-session-login"
	livingContext = "whose living session"
)

// RememberLiving tells the browser which login began its session, which must be
// there.
func (k *Kit) RememberLiving(ctx context.Context, w http.ResponseWriter, l Living) error {
	hash := sha256.Sum256([]byte(k.Persons.Token(ctx)))
	l.Session, l.Until = base64.RawURLEncoding.EncodeToString(hash[:]), k.Persons.Deadline(ctx)
	plain, err := json.Marshal(l)
	if err != nil {
		return err
	}
	sealed, err := k.Sealer.Seal(plain, livingContext)
	if err != nil {
		return err
	}
	c := &http.Cookie{Name: k.CookieName(livingCookie), Value: base64.RawURLEncoding.EncodeToString(sealed), Path: "/", HttpOnly: true,
		MaxAge: max(1, int(l.Until.Sub(k.Now())/time.Second))}
	if k.Secure() {
		c.Secure, c.SameSite = true, http.SameSiteNoneMode
	}
	http.SetCookie(w, c)
	return nil
}

// LivingLogin is the login whose session this browser has, and which still lives:
// nobody signed out, the user may still be here, the connection is open.
// store.ErrNotFound otherwise.
func (k *Kit) LivingLogin(r *http.Request) (Living, error) {
	l, ok := k.readLiving(r)
	if !ok || !k.Now().Before(l.Until) {
		return Living{}, store.ErrNotFound
	}
	_, found, err := k.Persons.Store.Find(l.Session)
	if err != nil {
		return Living{}, err
	}
	if !found {
		return Living{}, store.ErrNotFound
	}
	if _, err := k.awsVouchesFor(r.Context(), l.UserID, l.Epoch, l.Connection); err != nil {
		return Living{}, err
	}
	return l, nil
}

func (k *Kit) readLiving(r *http.Request) (l Living, ok bool) {
	c, err := r.Cookie(k.CookieName(livingCookie))
	if err != nil {
		return l, false
	}
	sealed, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return l, false
	}
	plain, err := k.Sealer.Open(sealed, livingContext)
	if err != nil {
		return l, false
	}
	return l, json.Unmarshal(plain, &l) == nil
}

// EndLiving ends the session of a living login, as EndPersonSession does where its
// cookie is there.
func (k *Kit) EndLiving(ctx context.Context, l Living) error {
	if err := k.Store.RevokeSession(ctx, l.Grants); err != nil {
		return err
	}
	return k.Persons.Store.Delete(l.Session)
}
