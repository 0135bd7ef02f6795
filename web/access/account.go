package access

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/access"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
)

const maxPasskeyName = 100

// showAccount is an administrator's own page: sessions, passkeys, codes.
func (rm *Room) showAccount(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return rm.renderAccount(w, r, a, nil)
}

// renderAccount shows it; codes are recovery codes just made, shown once.
func (rm *Room) renderAccount(w http.ResponseWriter, r *http.Request, a model.Administrator, codes []string) error {
	v := access.AccountPage{
		Page:    rm.Page(r, a, layout.NavAdministrators, "Your account", "How you sign in to this console, and where you are signed in."),
		Current: rm.Admins.GetInt64(r.Context(), kit.KeyAdminSession), NewCodes: codes, CanUsePasskeys: rm.PasskeysWork(),
	}
	var err error
	if v.Sessions, err = rm.Store.ConsoleSessions(r.Context(), a.ID, rm.Now().Add(-kit.AdminIdle)); err != nil {
		return err
	}
	if v.Passkeys, err = rm.Store.Passkeys(r.Context(), a.ID); err != nil {
		return err
	}
	if v.CodesLeft, err = rm.Store.CountRecoveryCodes(r.Context(), a.ID); err != nil {
		return err
	}
	v.Page.Crumbs = []layout.Crumb{{Label: "Administrators", Href: paths.Administrators}}
	return rm.Render(w, r, http.StatusOK, access.Account(v))
}

// endOwnSessions ends one session of one's own, or all but this one.
func (rm *Room) endOwnSessions(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	current := rm.Admins.GetInt64(r.Context(), kit.KeyAdminSession)
	id := int64(0)
	if text := r.PostFormValue("session"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n <= 0 || n == current {
			return store.ErrNotFound
		}
		id = n
	}
	n, err := rm.Store.EndConsoleSessions(r.Context(), rm.Actor(r, a), a, id, current, rm.Now())
	if err != nil {
		return err
	}
	if n == 0 && id != 0 {
		return &store.Gone{Part: store.PartSession}
	}
	if n == 0 {
		return rm.Inform(w, r, paths.Account, "Nothing was changed: you are signed in nowhere else.")
	}
	return rm.Done(w, r, paths.Account, "Ended. Whoever was signed in there has to sign in again.")
}

// endSessionsOf ends every session of an administrator.
func (rm *Room) endSessionsOf(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	id, err := administratorID(r)
	if err != nil {
		return err
	}
	other, err := rm.Store.Administrator(r.Context(), id)
	if err != nil {
		return err
	}
	n, err := rm.Store.EndConsoleSessions(r.Context(), rm.Actor(r, a), other, 0, rm.Admins.GetInt64(r.Context(), kit.KeyAdminSession), rm.Now())
	if err != nil {
		return err
	}
	if n == 0 {
		return rm.Inform(w, r, paths.Administrators, "Nothing was changed: "+other.Email+" is signed in nowhere else.")
	}
	return rm.Done(w, r, paths.Administrators, "Every session of "+other.Email+" has ended, but this one if it is yours.")
}

// removePasskeysOf takes the passkeys of another administrator away, who has lost
// them, or whose account somebody else has put one into.
func (rm *Room) removePasskeysOf(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	id, err := administratorID(r)
	if err != nil {
		return err
	}
	other, err := rm.Store.Administrator(r.Context(), id)
	if err != nil {
		return err
	}
	var passkeys, sessions int64
	err = rm.Store.InTx(r.Context(), func(tx *store.Store) error {
		if passkeys, err = tx.RemovePasskeys(r.Context(), rm.Actor(r, a), other); err != nil {
			return err
		}
		sessions, err = tx.EndConsoleSessions(r.Context(), rm.Actor(r, a), other, 0, rm.Admins.GetInt64(r.Context(), kit.KeyAdminSession), rm.Now())
		return err
	})
	if err != nil {
		return err
	}
	switch {
	case passkeys == 0:
		return rm.Done(w, r, paths.Administrators, other.Email+" had no passkey, and is signed out.")
	case sessions == 0:
		return rm.Done(w, r, paths.Administrators, other.Email+" has no passkey and no recovery codes any more, and was signed in nowhere.")
	}
	return rm.Done(w, r, paths.Administrators, other.Email+" has no passkey and no recovery codes any more, and is signed out.")
}

// showNewPasskey is the page to register one.
func (rm *Room) showNewPasskey(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return rm.renderNewPasskey(w, r, a, nil)
}

func (rm *Room) renderNewPasskey(w http.ResponseWriter, r *http.Request, a model.Administrator, problems []model.Problem) error {
	v := access.NewPasskeyPage{
		Page: rm.Page(r, a, layout.NavAdministrators, "Register a passkey", "It proves that it is you: with your fingerprint, your face, or a key that you plug in."),
		Name: kit.Typed(r, "name"), CanUsePasskeys: rm.PasskeysWork(), Problems: problems,
	}
	v.Page.Crumbs = []layout.Crumb{{Label: "Administrators", Href: paths.Administrators}, {Label: "Your account", Href: paths.Account}}
	status := http.StatusOK
	if len(problems) > 0 {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return rm.Render(w, r, status, access.NewPasskey(v))
}

// addPasskey keeps the passkey that the browser has made. With the first one
// come the recovery codes.
func (rm *Room) addPasskey(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	name := kit.Typed(r, "name")
	if name == "" {
		name = "Passkey of " + model.Day(rm.Now())
	}
	if problems := kit.CheckText("name", "The name", name, maxPasskeyName); len(problems) > 0 {
		return rm.renderNewPasskey(w, r, a, problems)
	}
	p, err := rm.registeredPasskey(r, a)
	if err == nil {
		p.Name = name
		err = rm.Store.AddPasskey(r.Context(), rm.Actor(r, a), a, p)
	}
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrExists) {
		return rm.renderNewPasskey(w, r, a, []model.Problem{{Field: "name", Text: "The passkey could not be registered: it took too long, or is " +
			"registered already. Try again."}})
	}
	if err != nil {
		return err
	}
	left, err := rm.Store.CountRecoveryCodes(r.Context(), a.ID)
	if err != nil {
		return err
	}
	if left == 0 {
		return rm.renewRecoveryCodes(w, r, a)
	}
	return rm.Done(w, r, paths.Account, "The passkey is registered.")
}

func (rm *Room) removePasskey(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	id, err := base64.RawURLEncoding.DecodeString(r.PostFormValue("passkey"))
	if err != nil {
		return store.ErrNotFound
	}
	if err := rm.Store.RemovePasskey(r.Context(), rm.Actor(r, a), a, id); err != nil {
		return err
	}
	return rm.Done(w, r, paths.Account, "The passkey is removed.")
}

// renewRecoveryCodes makes new codes. The page is the answer itself, and
// nothing keeps them.
func (rm *Room) renewRecoveryCodes(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	codes, hashes := NewRecoveryCodes()
	if err := rm.Store.SetRecoveryCodes(r.Context(), rm.Actor(r, a), a, hashes); err != nil {
		return err
	}
	return rm.renderAccount(w, r, a, codes)
}
