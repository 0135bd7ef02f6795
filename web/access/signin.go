package access

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/access"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/kit"
)

// decoyHash is compared when nobody has the email, so that the answer takes as
// long as for a wrong password. It is the hash of a random password that nobody
// knows; making one at each start would cost 64 MiB.
const decoyHash = "$argon2id$v=19$m=65536,t=1,p=2$01vvo4rItXJhoAz6K2RfhA$z0dlN6v2ekrFeIMapdhJ0fYlp8RW/eZVA19k5OcNnH4"

func (rm *Room) showSignIn(w http.ResponseWriter, r *http.Request) error {
	if _, err := rm.CurrentAdministrator(r); err == nil {
		return kit.SeeOther(w, r, paths.Overview)
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	claimed, err := rm.Store.HasAdministrators(r.Context())
	if err != nil {
		return err
	}
	return rm.RenderSignIn(w, r, http.StatusOK, access.SignInForm{Next: kit.LocalPath(r.URL.Query().Get("next")), Unclaimed: !claimed, Flash: rm.TakeFlash(r)})
}

// RenderSignIn shows the sign-in page with the ways that there are.
func (rm *Room) RenderSignIn(w http.ResponseWriter, r *http.Request, status int, form access.SignInForm) error {
	set, err := rm.Store.Settings(r.Context())
	if err != nil {
		return err
	}
	rm.tellMoved(&form, set)
	form.Passkeys, form.AWSOffered = rm.PasskeysWork(), set.ConsoleGroupID != 0
	return rm.Render(w, r, status, access.SignIn(form))
}

func (rm *Room) signIn(w http.ResponseWriter, r *http.Request) error {
	form := rm.signInForm(r)
	form.Email = strings.TrimSpace(r.PostFormValue("email"))
	account, err := rm.accountNamed(r.Context(), form.Email)
	if err != nil {
		return err
	}
	guess, wait, err := rm.beginTry(r, account)
	if err != nil || wait > 0 {
		return rm.refuseBlocked(w, r, form, wait, err)
	}
	match, err := rm.checkPassword(r, account, r.PostFormValue("password"))
	if err != nil {
		return err
	}
	if !match {
		if err := rm.tryFailed(r, guess); err != nil {
			return err
		}
		form.Problems = []model.Problem{{Field: "password", Text: "The email or the password is not right."}}
		return rm.RenderSignIn(w, r, http.StatusUnprocessableEntity, form)
	}
	if err := rm.tryWorked(r, guess); err != nil {
		return err
	}
	if err := rm.renewHash(r, account, r.PostFormValue("password")); err != nil {
		return err
	}
	return rm.afterFirstStep(w, r, account, model.ByPassword, form)
}

// renewHash keeps a right password in a hash that costs as much as the decoy.
func (rm *Room) renewHash(r *http.Request, a model.Administrator, password string) error {
	if !isOutdated(a.PasswordHash) {
		return nil
	}
	hash, err := HashPassword(r.Context(), password)
	if err != nil {
		return err
	}
	return rm.Store.ReplacePasswordHash(r.Context(), a, hash)
}

// afterFirstStep lets somebody in who has no passkey, and asks for it else.
func (rm *Room) afterFirstStep(w http.ResponseWriter, r *http.Request, a model.Administrator, method model.SignInMethod, form access.SignInForm) error {
	keys, err := rm.Store.Passkeys(r.Context(), a.ID)
	if err != nil {
		return err
	}
	if len(keys) > 0 {
		return rm.askSecondStep(w, r, a, form)
	}
	return rm.enterConsole(w, r, a, method, form)
}

// refuseBlocked answers an attempt that comes too early, without looking at the
// password. It looks the same whether the account exists or not.
func (rm *Room) refuseBlocked(w http.ResponseWriter, r *http.Request, form access.SignInForm, wait time.Duration, err error) error {
	if err != nil {
		return err
	}
	minutes := int(wait/time.Minute) + 1
	w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
	form.Problems = []model.Problem{{Text: fmt.Sprintf("Too many attempts with a wrong password. Try again in %s. A browser in which you signed in before is "+
		"not held up by what others try.",
		ui.Count(minutes, "minute", "minutes"))}}
	return rm.RenderSignIn(w, r, http.StatusTooManyRequests, form)
}

// checkPassword tells whether it is the account's password. It takes as long for
// one that does not exist, or has none.
func (rm *Room) checkPassword(r *http.Request, a model.Administrator, password string) (bool, error) {
	hash := a.PasswordHash
	if a.ID == 0 || a.ThroughAWS() {
		hash = decoyHash
	}
	match, err := passwordMatches(r.Context(), password, hash)
	return match && a.ID != 0 && !a.ThroughAWS(), err
}

func (rm *Room) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := rm.Store.CloseConsoleSession(r.Context(), rm.Admins.GetInt64(r.Context(), kit.KeyAdminSession), rm.Now()); err != nil {
		return err
	}
	if err := rm.Admins.Destroy(r.Context()); err != nil {
		return err
	}
	return rm.Inform(w, r, paths.SignIn, "You are signed out of the console.")
}
