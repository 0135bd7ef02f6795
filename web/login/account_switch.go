package login

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
	"github.com/postern-sso/postern/templates/login"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
)

// accountSwitchLifetime is how long somebody may look at the question who they are.
const accountSwitchLifetime = 5 * time.Minute

// accountSwitchOf is the person of an attempt that was let in.
func accountSwitchOf(a attempt, u model.User) model.AccountSwitch {
	return model.AccountSwitch{Connection: a.connection.Slug, UserID: u.ID, SessionEpoch: u.SessionEpoch, AuthAt: a.identity.AuthnInstant,
		ACR: a.identity.AuthnContext, Until: a.identity.SessionNotOnOrAfter, ReturnTo: a.returnTo(),
		LoginID: a.login.ID, AssertionID: a.identity.AssertionID}
}

// welcome begins the session of somebody who was let in. Where AWS sent them
// unasked, and somebody else was signed in by this browser, it goes around once
// more: AWS's form comes without the session cookie, so only the next request
// can see whether that person is there still, whom nobody must push aside unseen.
func (rm *Room) welcome(w http.ResponseWriter, r *http.Request, a attempt, u model.User) error {
	next := accountSwitchOf(a, u)
	if !a.login.Unsolicited || !rm.mayBeAnother(r, u) {
		return rm.begin(w, r, next)
	}
	token := rand.Text()
	next.BrowserHash, next.ExpiresAt = rm.MarkBrowser(w, r), rm.Now().Add(accountSwitchLifetime)
	if err := rm.Store.SaveAccountSwitch(r.Context(), token, next); err != nil {
		return err
	}
	return kit.SeeOther(w, r, paths.SAMLAccountSwitch(next.Connection, token))
}

// askAccountSwitch goes on unless somebody else is signed in here: then it asks.
func (rm *Room) askAccountSwitch(w http.ResponseWriter, r *http.Request) error {
	token := r.URL.Query().Get("arrival")
	a, err := rm.Store.AccountSwitch(r.Context(), token, rm.Now())
	if err != nil || !rm.sameBrowser(r, a) {
		return rm.accountSwitchTooLate(w, r, err)
	}
	there, err := rm.CurrentPerson(r)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err != nil || there.ID == a.UserID {
		return rm.enter(w, r, token)
	}
	u, err := rm.Store.UserByID(r.Context(), a.UserID)
	if err != nil {
		return err
	}
	return rm.Render(w, r, http.StatusOK, login.AccountSwitch(a.Connection, token, there.Username, u.Username))
}

// answerAccountSwitch applies what the person chose.
func (rm *Room) answerAccountSwitch(w http.ResponseWriter, r *http.Request) error {
	token := r.PostFormValue("arrival")
	a, err := rm.Store.AccountSwitch(r.Context(), token, rm.Now())
	if err != nil || !rm.sameBrowser(r, a) {
		return rm.accountSwitchTooLate(w, r, err)
	}
	if r.PostFormValue("choice") == "switch" {
		return rm.enter(w, r, token)
	}
	if _, err := rm.Store.TakeAccountSwitch(r.Context(), token, rm.Now()); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return kit.SeeOther(w, r, paths.Me)
}

func (rm *Room) enter(w http.ResponseWriter, r *http.Request, token string) error {
	a, err := rm.Store.TakeAccountSwitch(r.Context(), token, rm.Now())
	if err != nil {
		return rm.accountSwitchTooLate(w, r, err)
	}
	return rm.begin(w, r, a)
}

// begin starts the session and goes where the person wanted to.
func (rm *Room) begin(w http.ResponseWriter, r *http.Request, a model.AccountSwitch) error {
	grants, err := rm.nameGrants(r, a.UserID)
	if err != nil {
		return err
	}
	if err := rm.startPersonSession(r.Context(), a, grants); err != nil {
		return err
	}
	if err := rm.rememberPerson(w, a.UserID, grants); err != nil {
		return err
	}
	err = rm.RememberLiving(r.Context(), w, kit.Living{Login: a.LoginID, Assertion: a.AssertionID, Connection: a.Connection,
		UserID: a.UserID, Epoch: a.SessionEpoch, Grants: grants, To: a.ReturnTo})
	if err != nil {
		return err
	}
	if r.Method == http.MethodPost && kit.LocalPath(a.ReturnTo) == "" && strings.HasPrefix(r.URL.Path, paths.SAMLAccountSwitch(a.Connection, "")) {
		// After a form of ours the browser goes to no other site by itself.
		return rm.Render(w, r, http.StatusOK, login.Onward(a.ReturnTo))
	}
	return kit.SeeOther(w, r, a.ReturnTo)
}

// nameGrants is the name by which to find what apps are given in a session that
// begins. Who signs in again keeps it, so that one sign-out ends what was given
// before and after. What somebody else's session in this browser gave ends now:
// nobody can sign out of that one any more.
func (rm *Room) nameGrants(r *http.Request, userID string) (string, error) {
	there, grants := rm.remembered(r)
	if there == userID && grants != "" {
		return grants, nil
	}
	return rand.Text(), rm.Store.RevokeSession(r.Context(), grants)
}

const (
	personCookieName = "postern-who"
	personContext    = "who is signed in"
)

// rememberPerson sets a cookie that, unlike that of the session, comes along
// with AWS's form. It says, sealed, whom this browser signed in last, and what
// apps were given meanwhile by which name. It opens nothing.
func (rm *Room) rememberPerson(w http.ResponseWriter, userID, grants string) error {
	sealed, err := rm.Sealer.Seal([]byte(userID+" "+grants), personContext)
	if err != nil {
		return err
	}
	c := &http.Cookie{Name: rm.CookieName(personCookieName), Value: base64.RawURLEncoding.EncodeToString(sealed), Path: "/", HttpOnly: true,
		MaxAge: int(kit.PersonLifetime / time.Second)}
	if rm.Secure() {
		c.Secure, c.SameSite = true, http.SameSiteNoneMode
	}
	http.SetCookie(w, c)
	return nil
}

// remembered is what rememberPerson wrote; nothing when there is no such cookie.
func (rm *Room) remembered(r *http.Request) (userID, grants string) {
	c, err := r.Cookie(rm.CookieName(personCookieName))
	if err != nil {
		return "", ""
	}
	sealed, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return "", ""
	}
	value, err := rm.Sealer.Open(sealed, personContext)
	if err != nil {
		return "", ""
	}
	userID, grants, _ = strings.Cut(string(value), " ")
	return userID, grants
}

// mayBeAnother tells whether this browser may have somebody else signed in.
func (rm *Room) mayBeAnother(r *http.Request, u model.User) bool {
	if there, err := rm.CurrentPerson(r); err == nil && there.ID != u.ID {
		return true
	}
	there, _ := rm.remembered(r)
	return there != "" && there != u.ID
}

func (rm *Room) sameBrowser(r *http.Request, a model.AccountSwitch) bool {
	value := rm.BrowserValue(r)
	return value != "" && subtle.ConstantTimeCompare(kit.HashBrowser(value), a.BrowserHash) == 1 && a.Connection == chi.URLParam(r, "connection")
}

// accountSwitchTooLate: the page was opened twice, late, or by somebody else's
// browser. Which, makes no difference to the person.
func (rm *Room) accountSwitchTooLate(w http.ResponseWriter, r *http.Request, err error) error {
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if _, err := rm.CurrentPerson(r); err == nil {
		return kit.SeeOther(w, r, paths.Me)
	}
	rm.FailPage(w, r, http.StatusForbidden, failure.AccountSwitchTooLate())
	return nil
}

// startPersonSession signs a person in: a new session, nothing of one before.
// It ends at the latest when AWS says. What apps are given in it can be found by
// the name grants.
func (rm *Room) startPersonSession(ctx context.Context, a model.AccountSwitch, grants string) error {
	if err := rm.Persons.RenewToken(ctx); err != nil {
		return err
	}
	if err := rm.Persons.Clear(ctx); err != nil {
		return err
	}
	now := rm.Now()
	end := now.Add(kit.PersonLifetime)
	if !a.Until.IsZero() && a.Until.Before(end) {
		end = a.Until
	}
	rm.Persons.SetDeadline(ctx, end)
	authTime := a.AuthAt
	if authTime.IsZero() || authTime.After(now) {
		authTime = now // AWS's clock may be ahead of ours
	}
	rm.Persons.Put(ctx, kit.KeyPersonID, a.UserID)
	rm.Persons.Put(ctx, kit.KeyPersonEpoch, a.SessionEpoch)
	rm.Persons.Put(ctx, kit.KeyPersonConn, a.Connection)
	rm.Persons.Put(ctx, kit.KeyPersonAt, now)
	rm.Persons.Put(ctx, kit.KeyPersonAuth, authTime)
	rm.Persons.Put(ctx, kit.KeyPersonACR, a.ACR)
	rm.Persons.Put(ctx, kit.KeyPersonGrants, grants)
	return nil
}
