package people_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

func TestServiceAccountsMaySignInByPassword(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := webtest.NewCrowdSite(t, storetest.Open(t), nil)
	s.SignInAs(model.RoleAdmin)
	password := s.ServiceAccount("build-bot")
	if res := s.Authenticate("BUILD-bot", password); res.Status != http.StatusOK || !strings.Contains(res.Body, `"name":"build-bot"`) {
		t.Errorf("the right password: %d %s", res.Status, res.Body)
	}
	if res := s.Ask("POST", "/authentication?username=build-bot", "xml", "<password><value>"+password+"</value></password>"); res.Status != http.StatusOK {
		t.Errorf("the right password in XML: %d %s", res.Status, res.Body)
	}
	res := s.Ask("POST", "/session", "xml", "<authentication-context><username>build-bot</username><password>"+password+"</password></authentication-context>")
	if res.Status != http.StatusCreated {
		t.Errorf("a session by password: %d %s", res.Status, res.Body)
	}
	if p, err := s.Store.ServicePassword(ctx, s.User("build-bot").ID); err != nil || p.LastUsedAt.IsZero() {
		t.Errorf("the use is not noted: %+v %v", p, err)
	}
	s.People()
	for name, attempt := range map[string][2]string{"a wrong password": {"build-bot", password[1:]}, "no password": {"build-bot", ""},
		"another account": {"ana", password}} {
		if res := s.Authenticate(attempt[0], attempt[1]); res.Status != http.StatusBadRequest || !strings.Contains(res.Body, "INVALID_USER_AUTHENTICATION") {
			t.Errorf("%s: %d %s", name, res.Status, res.Body)
		}
	}
	s.Post("/users/build-bot/deactivate", nil)
	if res := s.Authenticate("build-bot", password); !strings.Contains(res.Body, "INACTIVE_ACCOUNT") {
		t.Errorf("deactivated: %s", res.Body)
	}
	s.Post("/users/build-bot/activate", nil)
	s.Post("/users/build-bot/password/remove", nil)
	if res := s.Authenticate("build-bot", password); res.Status != http.StatusBadRequest {
		t.Errorf("a password taken back: %d", res.Status)
	}
}

func TestPeopleOfAWSHaveNoLocalPassword(t *testing.T) {
	t.Parallel()
	s := webtest.NewCrowdSite(t, storetest.Open(t), nil)
	s.SignInAs(model.RoleAdmin)
	password := s.ServiceAccount("alice")
	s.LinkedByLogin("alice")
	if res := s.Authenticate("alice", password); res.Status != http.StatusBadRequest {
		t.Errorf("after a login linked the user, the password is answered with %d", res.Status)
	}
	if res := s.Post("/users/alice/password", nil); res.Status != http.StatusUnprocessableEntity {
		t.Errorf("another password: %d", res.Status)
	}
}

// Anybody at an app's own page may type wrong passwords: they lock out neither the
// account nor the app.
func TestWrongPasswordsOfServiceAccountsAreLimited(t *testing.T) {
	t.Parallel()
	s := webtest.NewCrowdSite(t, storetest.Open(t), nil)
	s.SignInAs(model.RoleAdmin)
	password := s.ServiceAccount("build-bot")
	wrong := func(times int, want string) {
		t.Helper()
		for range times {
			if res := s.Authenticate("build-bot", "wrong"); res.Status != http.StatusBadRequest || !strings.Contains(res.Body, want) {
				t.Fatalf("a wrong password: %d %s", res.Status, res.Body)
			}
		}
	}
	wrong(10, "or the password is wrong")
	wrong(60, "as many before it were")
	if res := s.Authenticate("build-bot", password); res.Status != http.StatusOK {
		t.Errorf("the right password after many wrong ones: %d %s", res.Status, res.Body)
	}
	s.SecondApp()
	s.App = "other"
	if res := s.Ask("GET", "/config/cookie", "xml", ""); res.Status != http.StatusOK {
		t.Errorf("another app at the same address: %d %s", res.Status, res.Body)
	}
	s.Now = s.Now.Add(time.Minute)
	wrong(1, "or the password is wrong")
}

func TestSigningKeysAreReplacedByHand(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	published := func() string { return s.Get("/oidc/keys").Body }
	published()
	keys, err := s.Store.SigningKeys(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	s.Post("/settings/signing-keys", nil)
	if res := s.Get("/settings/signing-keys"); !strings.Contains(res.Text(), "Nothing was changed") || strings.Contains(res.Text(), "Replaced") {
		t.Errorf("a key that apps may not know yet: %s", res.Text())
	}
	s.Now = s.Now.Add(10 * time.Minute)
	s.Confirm()
	if res := s.Post("/settings/signing-keys", nil); res.Status != http.StatusSeeOther || !strings.Contains(published(), keys[0].ID) {
		t.Errorf("after a replacement the old key is not published (%d)", res.Status)
	}
	if res := s.Get("/settings/signing-keys"); !strings.Contains(res.Text(), "Replaced, still published") {
		t.Errorf("the page says: %s", res.Text())
	}
	if s.Post("/settings/signing-keys/withdraw", nil); strings.Contains(published(), keys[0].ID) || strings.Contains(published(), keys[1].ID) {
		t.Error("a withdrawn key is still published")
	}
}

// A session of the directory ends with what it came from: the password, the time
// it may last in all, or the user's being active.
func TestRow19DirectorySessionsEnd(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, end := range map[string]func(s *webtest.CrowdSite, session string) error{
		"password taken back": func(s *webtest.CrowdSite, _ string) error {
			return s.Store.DeleteServicePassword(ctx, webtest.Tester, "build-bot")
		},
		"another password": func(s *webtest.CrowdSite, _ string) error {
			return s.Store.SetServicePassword(ctx, webtest.Tester, "build-bot", "x", "x")
		},
		"deactivated and activated": func(s *webtest.CrowdSite, _ string) error {
			for _, active := range []bool{false, true} {
				if _, err := s.Store.UpdateUser(ctx, webtest.Tester, "build-bot", func(u *model.User) error { u.Active = active; return nil }); err != nil {
					return err
				}
			}
			return nil
		},
		"twelve hours": func(s *webtest.CrowdSite, session string) error {
			for range 24 {
				s.Now = s.Now.Add(29 * time.Minute)
				s.Ask("POST", "/session/"+session, "json", `{"validationFactors":[]}`)
			}
			s.Now = s.Now.Add(25 * time.Minute)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := webtest.NewCrowdSite(t, storetest.Open(t), nil)
			s.SignInAs(model.RoleAdmin)
			password := s.ServiceAccount("build-bot")
			res := s.Ask("POST", "/session", "json", `{"username":"build-bot","password":"`+password+`","validation-factors":{"validationFactors":[]}}`)
			_, after, _ := strings.Cut(res.Body, `"token":"`)
			session, _, _ := strings.Cut(after, `"`)
			if res := s.Ask("POST", "/session/"+session, "json", `{"validationFactors":[]}`); res.Status != http.StatusOK {
				t.Fatalf("the session is not good: %d %s", res.Status, res.Body)
			}
			s.Must(end(s, session))
			if res := s.Ask("POST", "/session/"+session, "json", `{"validationFactors":[]}`); res.Status != http.StatusNotFound {
				t.Errorf("the session goes on: %d %s", res.Status, res.Body)
			}
		})
	}
}
