package access_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/alexedwards/argon2id"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/access"
	"github.com/postern-sso/postern/web/webtest"
)

// firstStepTaken is a browser in which the password of an administrator with a
// passkey was right, and nothing more was done.
func firstStepTaken(t *testing.T) (s *webtest.Site, a model.Administrator, k *webtest.SoftKey, code string) {
	t.Helper()
	s = webtest.NewSiteAs(t, model.RoleOwner) // one owner stays, whatever happens to the other
	a, err := s.Store.CreateAdministrator(t.Context(), storetest.Actor, model.Administrator{
		Email: "ana@example.com", PasswordHash: webtest.TestHash, Role: model.RoleOwner})
	if err != nil {
		t.Fatal(err)
	}
	k, code = s.GivePasskey(a), s.RecoveryCode(a)
	s.Client = s.Browser()
	s.TryPassword(a.Email, webtest.TestPassword).Want(t, http.StatusOK)
	s.Get(paths.Overview).Want(t, http.StatusSeeOther) // the password alone opens nothing
	return s, a, k, code
}

// Between the password and the passkey an account may change: what was right
// before lets nobody in after that. Neither does it wait for ever.
func TestSecondStepEndsWithAChangedAccount(t *testing.T) {
	t.Parallel()
	changed := func(change func(*model.Administrator)) func(*testing.T, *webtest.Site, model.Administrator) {
		return func(t *testing.T, s *webtest.Site, a model.Administrator) {
			t.Helper()
			err := s.Store.UpdateAdministrator(t.Context(), storetest.Actor, a.ID, func(a *model.Administrator) error { change(a); return nil })
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
		meanwhile func(*testing.T, *webtest.Site, model.Administrator)
		in        bool
	}{
		"nothing":          {func(*testing.T, *webtest.Site, model.Administrator) {}, true},
		"another email":    {changed(func(a *model.Administrator) { a.Email = "anna@example.com" }), true},
		"another password": {changed(func(a *model.Administrator) { a.PasswordHash = newHash }), false},
		"another role":     {changed(func(a *model.Administrator) { a.Role = model.RoleViewer }), false},
		"removed": {func(t *testing.T, s *webtest.Site, a model.Administrator) {
			t.Helper()
			if err := s.Store.DeleteAdministrator(t.Context(), storetest.Actor, a.ID); err != nil {
				t.Fatal(err)
			}
		}, false},
		"just in time": {func(_ *testing.T, s *webtest.Site, _ model.Administrator) {
			s.Now = s.Now.Add(access.SecondStepFor - 1)
		}, true},
		"too late": {func(_ *testing.T, s *webtest.Site, _ model.Administrator) { s.Now = s.Now.Add(access.SecondStepFor) }, false},
	} {
		for step, take := range map[string]func(s *webtest.Site, k *webtest.SoftKey, code string) *webtest.Page{
			"passkey": func(s *webtest.Site, k *webtest.SoftKey, _ string) *webtest.Page {
				return s.UsePasskey(k, paths.SignInSecond, nil)
			},
			"code": func(s *webtest.Site, _ *webtest.SoftKey, code string) *webtest.Page {
				return s.Post(paths.SignInSecond, url.Values{"code": {code}})
			},
		} {
			t.Run(name+", "+step, func(t *testing.T) {
				t.Parallel()
				s, a, k, code := firstStepTaken(t)
				c.meanwhile(t, s, a)
				res := take(s, k, code)
				if c.in {
					res.Want(t, http.StatusSeeOther)
					s.Get(paths.Overview).Want(t, http.StatusOK)
					return
				}
				if res.Status != http.StatusUnprocessableEntity || !strings.Contains(res.Text(), "took too long") {
					t.Errorf("answered %d: %s", res.Status, res.Text())
				}
				s.Get(paths.Overview).Want(t, http.StatusSeeOther)
			})
		}
	}
}

// The second step takes what belongs to the account whose password was typed,
// and a recovery code once.
func TestSecondStepIsRefused(t *testing.T) {
	t.Parallel()
	s, a, k, code := firstStepTaken(t)
	other, err := s.Store.AdministratorByEmail(t.Context(), "owner@example.com")
	if err != nil {
		t.Fatal(err)
	}
	foreign, foreignCode := s.GivePasskey(other), s.RecoveryCode(other)
	refused := func(name string, res *webtest.Page) {
		t.Helper()
		if res.Status != http.StatusUnprocessableEntity || !strings.Contains(res.Text(), "That did not work") {
			t.Errorf("%s: %d %s", name, res.Status, res.Text())
		}
		s.Get(paths.Overview).Want(t, http.StatusSeeOther)
	}
	refused("another account's passkey", s.UsePasskey(foreign, paths.SignInSecond, nil))
	refused("another account's code", s.Post(paths.SignInSecond, url.Values{"code": {foreignCode}}))
	refused("no code", s.Post(paths.SignInSecond, url.Values{"code": {"aaaa-bbbb-cccc-dddd"}}))
	refused("nothing", s.Post(paths.SignInSecond, nil))
	s.Post(paths.SignInSecond, url.Values{"code": {code}}).Want(t, http.StatusSeeOther)
	s.Get(paths.Overview).Want(t, http.StatusOK)

	s.Client = s.Browser()
	refusedFirst := s.Post(paths.SignInSecond, url.Values{"code": {code}})
	if refusedFirst.Status != http.StatusUnprocessableEntity || !strings.Contains(refusedFirst.Text(), "took too long") {
		t.Errorf("without a first step: %d %s", refusedFirst.Status, refusedFirst.Text())
	}
	s.TryPassword(a.Email, webtest.TestPassword).Want(t, http.StatusOK)
	refused("a code that was used", s.Post(paths.SignInSecond, url.Values{"code": {code}}))
	s.UsePasskey(k, paths.SignInSecond, nil).Want(t, http.StatusSeeOther)
}
