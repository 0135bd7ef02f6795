package web

import (
	"cmp"
	"errors"
	"net/http"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/person"
)

// secondStepFor is for how long a right password waits for the passkey.
const secondStepFor = 5 * time.Minute

// enterConsole signs an administrator in and goes where they wanted to.
func (s *Server) enterConsole(w http.ResponseWriter, r *http.Request, a model.Administrator, method model.SignInMethod, form person.SignInForm) error {
	if err := s.store.RecordAudit(r.Context(), s.actor(r, a), "administrator.sign_in", a.Email, "by "+string(method)); err != nil {
		return err
	}
	if err := s.store.RecordSignin(r.Context(), a.ID, s.now()); err != nil {
		return err
	}
	if err := s.startAdminSession(w, r, a, method); err != nil {
		return err
	}
	if form.Kept != nil {
		return s.offerKept(w, r, a, *form.Kept)
	}
	return seeOther(w, r, cmp.Or(form.Next, paths.Overview))
}

// askSecondStep shows the second step to somebody whose password was right, or
// who came through AWS.
func (s *Server) askSecondStep(w http.ResponseWriter, r *http.Request, a model.Administrator, form person.SignInForm) error {
	form.ThroughAWS = a.ThroughAWS()
	if err := s.admins.RenewToken(r.Context()); err != nil {
		return err
	}
	s.admins.Put(r.Context(), keyPendingID, a.ID)
	s.admins.Put(r.Context(), keyPendingEpoch, a.SessionEpoch)
	s.admins.Put(r.Context(), keyPendingAt, s.now())
	return s.render(w, r, http.StatusOK, person.SecondStep(form))
}

// pendingAdministrator is who has taken the first step in this browser a short
// while ago; store.ErrNotFound: nobody.
func (s *Server) pendingAdministrator(r *http.Request) (model.Administrator, error) {
	id, at := s.admins.GetInt64(r.Context(), keyPendingID), s.admins.GetTime(r.Context(), keyPendingAt)
	if id == 0 || s.now().Sub(at) >= secondStepFor {
		return model.Administrator{}, store.ErrNotFound
	}
	a, err := s.administrator(r.Context(), id)
	if err == nil && a.SessionEpoch != s.admins.GetInt(r.Context(), keyPendingEpoch) {
		err = store.ErrNotFound
	}
	return a, err
}

// secondStep takes the passkey or a recovery code.
func (s *Server) secondStep(w http.ResponseWriter, r *http.Request) error {
	form := s.signInForm(r)
	a, err := s.pendingAdministrator(r)
	if errors.Is(err, store.ErrNotFound) {
		form.Problems = []model.Problem{{Text: "The second step took too long. Sign in again."}}
		return s.renderSignIn(w, r, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	guess, wait, err := s.beginTry(r, a)
	if err != nil || wait > 0 {
		return s.refuseBlocked(w, r, form, wait, err)
	}
	form.ThroughAWS = a.ThroughAWS()
	method := model.ByPasswordAndPasskey
	if code := r.PostFormValue("code"); code != "" {
		method = model.ByPasswordAndCode
		err = s.store.UseRecoveryCode(r.Context(), s.actor(r, a), a, hashRecoveryCode(code), s.now())
	} else {
		err = s.verifyPasskey(r, a)
	}
	if errors.Is(err, store.ErrNotFound) {
		if err := s.tryFailed(r, guess); err != nil {
			return err
		}
		form.Problems = []model.Problem{{Text: "That did not work. Use a passkey of this account, or a recovery code that was not used before."}}
		return s.render(w, r, http.StatusUnprocessableEntity, person.SecondStep(form))
	}
	if err != nil {
		return err
	}
	if err := s.tryWorked(r, guess); err != nil {
		return err
	}
	if a.ThroughAWS() {
		method = map[model.SignInMethod]model.SignInMethod{model.ByPasswordAndPasskey: model.ByAWSAndPasskey, model.ByPasswordAndCode: model.ByAWSAndCode}[method]
	}
	return s.enterConsole(w, r, a, method, form)
}

// signInWithPasskey is a sign-in by passkey alone. It is not counted as a try: a
// passkey cannot be guessed, and whoever sends bad ones from the same address
// must not keep the good one out.
func (s *Server) signInWithPasskey(w http.ResponseWriter, r *http.Request) error {
	form := s.signInForm(r)
	a, err := s.verifyAnyPasskey(r)
	if err == nil && a.ThroughAWS() { // AWS decides first whether they may come
		form.Problems = []model.Problem{{Text: "This passkey belongs to an account that signs in through AWS. Sign in through AWS first, then use the passkey."}}
		return s.renderSignIn(w, r, http.StatusUnprocessableEntity, form)
	}
	if errors.Is(err, store.ErrNotFound) {
		s.log.WarnContext(r.Context(), "console sign-in refused", "remote", s.remoteAddr(r), "by", "passkey")
		form.Problems = []model.Problem{{Text: "This passkey is not known here. Sign in with the password, and register the passkey on your account's page."}}
		return s.renderSignIn(w, r, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	return s.enterConsole(w, r, a, model.ByPasskey, form)
}

func (s *Server) signInForm(r *http.Request) person.SignInForm {
	return person.SignInForm{Next: localPath(r.PostFormValue("next")), Kept: s.keptForm(r)}
}

// askStepUp wants to know once more who is there (re-authentication). The
// form that was sent goes along and is offered again afterwards.
func (s *Server) askStepUp(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	form := person.SignInForm{Next: s.pageOf(r.URL.Path)}
	if r.Method == http.MethodGet {
		form.Next = r.URL.RequestURI()
	} else if kept, ok := readKept(r); ok {
		form.Kept = kept
	}
	return s.renderStepUp(w, r, a, form)
}

func (s *Server) renderStepUp(w http.ResponseWriter, r *http.Request, a model.Administrator, form person.SignInForm) error {
	keys, err := s.store.Passkeys(r.Context(), a.ID)
	if err != nil {
		return err
	}
	form.Email, form.Passkeys, form.ThroughAWS, form.NeedsPasskey = a.Email, s.passkeysWork() && len(keys) > 0, a.ThroughAWS(), len(keys) > 0
	return s.render(w, r, http.StatusUnauthorized, person.StepUp(form))
}

// confirmStepUp takes the password or a passkey of who is signed in.
func (s *Server) confirmStepUp(w http.ResponseWriter, r *http.Request) error {
	a, err := s.currentAdministrator(r)
	if errors.Is(err, store.ErrNotFound) {
		return toSignIn(w, r)
	}
	if err != nil {
		return err
	}
	form := s.signInForm(r)
	guess, wait, err := s.beginTry(r, a)
	if err != nil || wait > 0 {
		return s.refuseBlocked(w, r, person.SignInForm{Email: a.Email}, wait, err)
	}
	right, err := s.provesStepUp(r, a)
	if err != nil {
		return err
	}
	if !right {
		if err := s.tryFailed(r, guess); err != nil {
			return err
		}
		form.Problems = []model.Problem{{Text: "That is not right. Nothing was done."}}
		return s.renderStepUp(w, r, a, form)
	}
	if err := s.tryWorked(r, guess); err != nil {
		return err
	}
	s.admins.Put(r.Context(), keyAdminSteppedUp, s.now())
	if form.Kept != nil {
		return s.offerKept(w, r, a, *form.Kept)
	}
	return seeOther(w, r, cmp.Or(form.Next, paths.Overview))
}

// provesStepUp tells whether the form has as much as a sign-in would take of who
// is signed in: with a passkey registered the password alone is not enough, or
// a stolen session and a password would take the account over.
func (s *Server) provesStepUp(r *http.Request, a model.Administrator) (bool, error) {
	if r.PostFormValue("credential") != "" {
		return provenUnlessNotFound(s.verifyPasskey(r, a))
	}
	if !a.ThroughAWS() {
		if right, err := s.checkPassword(r, a, r.PostFormValue("password")); err != nil || !right {
			return false, err
		}
	}
	has, err := s.store.HasPasskey(r.Context(), a.ID)
	if err != nil {
		return false, err
	}
	if !has {
		return !a.ThroughAWS(), nil
	}
	return provenUnlessNotFound(s.store.UseRecoveryCode(r.Context(), s.actor(r, a), a, hashRecoveryCode(r.PostFormValue("code")), s.now()))
}

func provenUnlessNotFound(err error) (bool, error) {
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
