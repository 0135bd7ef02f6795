package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/alexedwards/argon2id"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
)

// firstStepTaken is a browser in which the password of an administrator with a
// passkey was right, and nothing more was done.
func firstStepTaken(t *testing.T) (s *testSite, a model.Administrator, k *softKey, code string) {
	t.Helper()
	s = newSiteAs(t, model.RoleOwner) // one owner stays, whatever happens to the other
	a, err := s.store.CreateAdministrator(t.Context(), storetest.Actor, model.Administrator{Email: "ana@example.com", PasswordHash: testHash, Role: model.RoleOwner})
	if err != nil {
		t.Fatal(err)
	}
	k, code = s.givePasskey(a), s.recoveryCode(a)
	s.client = s.browser()
	s.tryPassword(a.Email, testPassword).want(t, http.StatusOK)
	s.get(paths.Overview).want(t, http.StatusSeeOther) // the password alone opens nothing
	return s, a, k, code
}

// Between the password and the passkey an account may change: what was right
// before lets nobody in after that. Neither does it wait for ever.
func TestSecondStepEndsWithAChangedAccount(t *testing.T) {
	t.Parallel()
	changed := func(change func(*model.Administrator)) func(*testing.T, *testSite, model.Administrator) {
		return func(t *testing.T, s *testSite, a model.Administrator) {
			t.Helper()
			err := s.store.UpdateAdministrator(t.Context(), storetest.Actor, a.ID, func(a *model.Administrator) error { change(a); return nil })
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	newHash, err := argon2id.CreateHash("mild otter reads maps", &argon2id.Params{Memory: 8, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		meanwhile func(*testing.T, *testSite, model.Administrator)
		in        bool
	}{
		"nothing":          {func(*testing.T, *testSite, model.Administrator) {}, true},
		"another email":    {changed(func(a *model.Administrator) { a.Email = "anna@example.com" }), true},
		"another password": {changed(func(a *model.Administrator) { a.PasswordHash = newHash }), false},
		"another role":     {changed(func(a *model.Administrator) { a.Role = model.RoleViewer }), false},
		"removed": {func(t *testing.T, s *testSite, a model.Administrator) {
			t.Helper()
			if err := s.store.DeleteAdministrator(t.Context(), storetest.Actor, a.ID); err != nil {
				t.Fatal(err)
			}
		}, false},
		"just in time": {func(_ *testing.T, s *testSite, _ model.Administrator) { s.now = s.now.Add(secondStepFor - 1) }, true},
		"too late":     {func(_ *testing.T, s *testSite, _ model.Administrator) { s.now = s.now.Add(secondStepFor) }, false},
	} {
		for step, take := range map[string]func(s *testSite, k *softKey, code string) *page{
			"passkey": func(s *testSite, k *softKey, _ string) *page { return s.usePasskey(k, paths.SignInSecond, nil) },
			"code": func(s *testSite, _ *softKey, code string) *page {
				return s.post(paths.SignInSecond, url.Values{"code": {code}})
			},
		} {
			t.Run(name+", "+step, func(t *testing.T) {
				t.Parallel()
				s, a, k, code := firstStepTaken(t)
				c.meanwhile(t, s, a)
				res := take(s, k, code)
				if c.in {
					res.want(t, http.StatusSeeOther)
					s.get(paths.Overview).want(t, http.StatusOK)
					return
				}
				if res.status != http.StatusUnprocessableEntity || !strings.Contains(res.text(), "took too long") {
					t.Errorf("answered %d: %s", res.status, res.text())
				}
				s.get(paths.Overview).want(t, http.StatusSeeOther)
			})
		}
	}
}

// The second step takes what belongs to the account whose password was typed,
// and a recovery code once.
func TestSecondStepIsRefused(t *testing.T) {
	t.Parallel()
	s, a, k, code := firstStepTaken(t)
	other, err := s.store.AdministratorByEmail(t.Context(), "owner@example.com")
	if err != nil {
		t.Fatal(err)
	}
	foreign, foreignCode := s.givePasskey(other), s.recoveryCode(other)
	refused := func(name string, res *page) {
		t.Helper()
		if res.status != http.StatusUnprocessableEntity || !strings.Contains(res.text(), "That did not work") {
			t.Errorf("%s: %d %s", name, res.status, res.text())
		}
		s.get(paths.Overview).want(t, http.StatusSeeOther)
	}
	refused("another account's passkey", s.usePasskey(foreign, paths.SignInSecond, nil))
	refused("another account's code", s.post(paths.SignInSecond, url.Values{"code": {foreignCode}}))
	refused("no code", s.post(paths.SignInSecond, url.Values{"code": {"aaaa-bbbb-cccc-dddd"}}))
	refused("nothing", s.post(paths.SignInSecond, nil))
	s.post(paths.SignInSecond, url.Values{"code": {code}}).want(t, http.StatusSeeOther)
	s.get(paths.Overview).want(t, http.StatusOK)

	s.client = s.browser()
	refusedFirst := s.post(paths.SignInSecond, url.Values{"code": {code}})
	if refusedFirst.status != http.StatusUnprocessableEntity || !strings.Contains(refusedFirst.text(), "took too long") {
		t.Errorf("without a first step: %d %s", refusedFirst.status, refusedFirst.text())
	}
	s.tryPassword(a.Email, testPassword).want(t, http.StatusOK)
	refused("a code that was used", s.post(paths.SignInSecond, url.Values{"code": {code}}))
	s.usePasskey(k, paths.SignInSecond, nil).want(t, http.StatusSeeOther)
}
