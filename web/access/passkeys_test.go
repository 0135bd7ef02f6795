package access_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/webtest"
)

// At a sign-in the password alone is not enough for an account with a passkey, so
// it is not enough to prove who is there either: with a stolen session it would
// take the passkeys away.
func TestRow19ProofWantsThePasskeyToo(t *testing.T) {
	t.Parallel()
	s := webtest.NewSite(t)
	a := s.SignInAs(model.RoleOwner)
	a, err := s.Store.Administrator(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	k, code := s.GivePasskey(a), s.RecoveryCode(a)
	another := url.Values{"email": {"ana@example.com"}, "role": {"owner"}}
	late := func() { s.Now = s.Now.Add(kit.StepUpFor) }
	refused := func(form url.Values) {
		t.Helper()
		s.Post(paths.SignInStepUp, form).Want(t, http.StatusUnauthorized)
		s.Post(paths.Administrators, another).Want(t, http.StatusUnauthorized)
	}
	late()
	if asked := s.Post(paths.Administrators, another); asked.Doc.Find("[data-passkey]").Length() != 1 || asked.Doc.Find("[name=code]").Length() != 1 {
		t.Errorf("the page asks neither for the passkey nor for a code: %s", asked.Text())
	}
	refused(url.Values{"password": {webtest.TestPassword}})
	refused(url.Values{"password": {webtest.TestPassword}, "code": {"aaaa-bbbb-cccc-dddd"}})
	refused(url.Values{"password": {"wrong"}, "code": {code}})
	refused(url.Values{"credential": {"{}"}, "password": {webtest.TestPassword}})

	s.UsePasskey(k, paths.SignInStepUp, nil).Want(t, http.StatusSeeOther)
	s.Get(paths.AccountPasskeyNew).Want(t, http.StatusOK)
	late()
	s.Get(paths.AccountPasskeyNew).Want(t, http.StatusUnauthorized)
	s.Post(paths.SignInStepUp, url.Values{"password": {webtest.TestPassword}, "code": {code}}).Want(t, http.StatusSeeOther)
	s.Get(paths.AccountPasskeyNew).Want(t, http.StatusOK)
	late()
	refused(url.Values{"password": {webtest.TestPassword}, "code": {code}}) // once
}

// Nor does a change of the password make up for it.
func TestRow19AChangedPasswordIsNoProof(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	const next = "mild otter reads maps"
	form := url.Values{"present_password": {webtest.TestPassword}, "new_password": {next}, "repeat_password": {next}}
	s.Now = s.Now.Add(kit.StepUpFor)
	asked := s.Post(paths.OwnPassword, form).Want(t, http.StatusUnauthorized)
	if strings.Contains(asked.Body, next) {
		t.Error("a password is on the page")
	}
	again := asked.Hidden("form")
	again.Set("password", webtest.TestPassword)
	offer := s.Post(paths.SignInStepUp, again).Want(t, http.StatusOK)
	if n := offer.Doc.Find("main form [type=password]").Length(); n != 3 {
		t.Fatalf("%d passwords are asked for: %s", n, offer.Text())
	}
	s.Now = s.Now.Add(kit.StepUpFor - 1)
	s.Post(offer.Doc.Find("main form").AttrOr("action", ""), form).Want(t, http.StatusSeeOther)
	s.Get(paths.AccountPasskeyNew).Want(t, http.StatusOK)
	s.Now = s.Now.Add(1) // the proof is as old as before the change
	s.Get(paths.AccountPasskeyNew).Want(t, http.StatusUnauthorized)
}
