package access

import (
	"cmp"
	"errors"
	"net/http"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/access"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
)

// secondStepFor is for how long a right password waits for the passkey.
const secondStepFor = 5 * time.Minute

// enterConsole signs an administrator in and goes where they wanted to.
func (rm *Room) enterConsole(w http.ResponseWriter, r *http.Request, a model.Administrator, method model.SignInMethod, form access.SignInForm) error {
	if err := rm.Store.RecordAudit(r.Context(), rm.Actor(r, a), "administrator.sign_in", a.Email, "by "+string(method)); err != nil {
		return err
	}
	if err := rm.Store.RecordSignin(r.Context(), a.ID, rm.Now()); err != nil {
		return err
	}
	if err := rm.StartAdminSession(w, r, a, method); err != nil {
		return err
	}
	if form.Resumed != nil {
		return rm.OfferResumed(w, r, a, *form.Resumed)
	}
	return kit.SeeOther(w, r, cmp.Or(form.Next, paths.Overview))
}

// askSecondStep shows the second step to somebody whose password was right, or
// who came through AWS.
func (rm *Room) askSecondStep(w http.ResponseWriter, r *http.Request, a model.Administrator, form access.SignInForm) error {
	form.ThroughAWS = a.ThroughAWS()
	if err := rm.Admins.RenewToken(r.Context()); err != nil {
		return err
	}
	rm.Admins.Put(r.Context(), kit.KeyPendingID, a.ID)
	rm.Admins.Put(r.Context(), kit.KeyPendingEpoch, a.SessionEpoch)
	rm.Admins.Put(r.Context(), kit.KeyPendingAt, rm.Now())
	var err error
	if form.PasskeysOf, err = rm.passkeysElsewhere(r, a); err != nil {
		return err
	}
	return rm.Render(w, r, http.StatusOK, access.SecondStep(form))
}

// pendingAdministrator is who has taken the first step in this browser a short
// while ago; store.ErrNotFound: nobody.
func (rm *Room) pendingAdministrator(r *http.Request) (model.Administrator, error) {
	id, at := rm.Admins.GetInt64(r.Context(), kit.KeyPendingID), rm.Admins.GetTime(r.Context(), kit.KeyPendingAt)
	if id == 0 || rm.Now().Sub(at) >= secondStepFor {
		return model.Administrator{}, store.ErrNotFound
	}
	a, err := rm.Administrator(r.Context(), id)
	if err == nil && a.SessionEpoch != rm.Admins.GetInt(r.Context(), kit.KeyPendingEpoch) {
		err = store.ErrNotFound
	}
	return a, err
}

// secondStep takes the passkey or a recovery code.
func (rm *Room) secondStep(w http.ResponseWriter, r *http.Request) error {
	form := rm.signInForm(r)
	a, err := rm.pendingAdministrator(r)
	if errors.Is(err, store.ErrNotFound) {
		form.Problems = []model.Problem{{Text: "The second step took too long. Sign in again."}}
		return rm.RenderSignIn(w, r, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	guess, wait, err := rm.beginTry(r, a)
	if err != nil || wait > 0 {
		return rm.refuseBlocked(w, r, form, wait, err)
	}
	form.ThroughAWS = a.ThroughAWS()
	method := model.ByPasswordAndPasskey
	if code := r.PostFormValue("code"); code != "" {
		method = model.ByPasswordAndCode
		err = rm.Store.UseRecoveryCode(r.Context(), rm.Actor(r, a), a, hashRecoveryCode(code), rm.Now())
	} else {
		err = rm.verifyPasskey(r, a)
	}
	if errors.Is(err, store.ErrNotFound) {
		if err := rm.tryFailed(r, guess); err != nil {
			return err
		}
		var failed error
		if form.PasskeysOf, failed = rm.passkeysElsewhere(r, a); failed != nil {
			return failed
		}
		form.Problems = passkeyProblem(err, "That did not work. Use a passkey of this account, or a recovery code that was not used before.")
		return rm.Render(w, r, http.StatusUnprocessableEntity, access.SecondStep(form))
	}
	if err != nil {
		return err
	}
	if err := rm.tryWorked(r, guess); err != nil {
		return err
	}
	if a.ThroughAWS() {
		method = map[model.SignInMethod]model.SignInMethod{model.ByPasswordAndPasskey: model.ByAWSAndPasskey, model.ByPasswordAndCode: model.ByAWSAndCode}[method]
	}
	return rm.enterConsole(w, r, a, method, form)
}

// signInWithPasskey is a sign-in by passkey alone. It is not counted as a try: a
// passkey cannot be guessed, and whoever sends bad ones from the same address
// must not keep the good one out.
func (rm *Room) signInWithPasskey(w http.ResponseWriter, r *http.Request) error {
	form := rm.signInForm(r)
	a, err := rm.verifyAnyPasskey(r)
	if err == nil && a.ThroughAWS() { // AWS decides first whether they may come
		form.Problems = []model.Problem{{Text: "This passkey belongs to an account that signs in through AWS. Sign in through AWS first, then use the passkey."}}
		return rm.RenderSignIn(w, r, http.StatusUnprocessableEntity, form)
	}
	if errors.Is(err, store.ErrNotFound) {
		rm.Log.WarnContext(r.Context(), "console sign-in refused", "remote", rm.RemoteAddr(r), "by", "passkey")
		form.Problems = passkeyProblem(err, "This passkey is not known here. Sign in with the password, and register the passkey on your account's page.")
		return rm.RenderSignIn(w, r, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	return rm.enterConsole(w, r, a, model.ByPasskey, form)
}

func (rm *Room) signInForm(r *http.Request) access.SignInForm {
	return access.SignInForm{Next: kit.LocalPath(r.PostFormValue("next")), Resumed: rm.ResumedForm(r)}
}

// AskStepUp wants to know once more who is there (re-authentication). The
// form that was sent goes along and is offered again afterwards.
func (rm *Room) AskStepUp(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	form := access.SignInForm{Next: rm.PageOf(r.URL.Path)}
	if r.Method == http.MethodGet {
		form.Next = r.URL.RequestURI()
	} else if resumed, ok := kit.ReadResumed(r); ok {
		form.Resumed = resumed
	}
	form.Act, form.What = stepUpAct(r.URL.Path, r.Form)
	return rm.renderStepUp(w, r, a, form)
}

func (rm *Room) renderStepUp(w http.ResponseWriter, r *http.Request, a model.Administrator, form access.SignInForm) error {
	if form.Act == "" && form.Resumed != nil {
		form.Act, form.What = stepUpAct(form.Resumed.Action, resumedFields(form.Resumed))
	}
	if form.Act == "" {
		form.Act = "go on"
	}
	u, err := rm.passkeyUser(r, a)
	if err != nil {
		return err
	}
	form.PasskeysOf = rm.allElsewhere(u)
	form.Email, form.ThroughAWS, form.NeedsPasskey = a.Email, a.ThroughAWS(), len(u.keys) > 0
	form.Passkeys = rm.PasskeysWork() && form.NeedsPasskey && form.PasskeysOf == ""
	return rm.Render(w, r, http.StatusUnauthorized, access.StepUp(form))
}

// confirmStepUp takes the password or a passkey of who is signed in.
func (rm *Room) confirmStepUp(w http.ResponseWriter, r *http.Request) error {
	a, err := rm.CurrentAdministrator(r)
	if errors.Is(err, store.ErrNotFound) {
		return kit.ToSignIn(w, r)
	}
	if err != nil {
		return err
	}
	form := rm.signInForm(r)
	guess, wait, err := rm.beginTry(r, a)
	if err != nil || wait > 0 {
		return rm.refuseBlocked(w, r, access.SignInForm{Email: a.Email}, wait, err)
	}
	right, err := rm.provesStepUp(r, a)
	if err != nil && !errors.Is(err, errCopiedPasskey) {
		return err
	}
	if why := err; !right {
		if err := rm.tryFailed(r, guess); err != nil {
			return err
		}
		form.Problems = passkeyProblem(why, "That is not right. Nothing was done.")
		return rm.renderStepUp(w, r, a, form)
	}
	if err := rm.tryWorked(r, guess); err != nil {
		return err
	}
	rm.Admins.Put(r.Context(), kit.KeyAdminSteppedUp, rm.Now())
	if form.Resumed != nil {
		return rm.OfferResumed(w, r, a, *form.Resumed)
	}
	return kit.SeeOther(w, r, cmp.Or(form.Next, paths.Overview))
}

// provesStepUp tells whether the form has as much as a sign-in would take of who
// is signed in: with a passkey registered the password alone is not enough, or
// a stolen session and a password would take the account over.
func (rm *Room) provesStepUp(r *http.Request, a model.Administrator) (bool, error) {
	if r.PostFormValue("credential") != "" {
		err := rm.verifyPasskey(r, a)
		if errors.Is(err, errCopiedPasskey) {
			return false, err // to say so
		}
		return provenUnlessNotFound(err)
	}
	if !a.ThroughAWS() {
		if right, err := rm.checkPassword(r, a, r.PostFormValue("password")); err != nil || !right {
			return false, err
		}
	}
	has, err := rm.Store.HasPasskey(r.Context(), a.ID)
	if err != nil {
		return false, err
	}
	if !has {
		return !a.ThroughAWS(), nil
	}
	return provenUnlessNotFound(rm.Store.UseRecoveryCode(r.Context(), rm.Actor(r, a), a, hashRecoveryCode(r.PostFormValue("code")), rm.Now()))
}

func provenUnlessNotFound(err error) (bool, error) {
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
