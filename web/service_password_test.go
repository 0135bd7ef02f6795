package web

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// serviceAccount makes the user, and its password by the page.
func (s *crowdSite) serviceAccount(name string) (password string) {
	s.t.Helper()
	_, err := s.store.CreateUser(context.Background(), tester, model.User{Username: name, Active: true, Source: model.UserManual}, nil)
	s.must(err)
	res := s.post("/users/"+name+"/password", nil)
	password = res.doc.Find("#local-password [data-copy]").AttrOr("data-copy", "")
	if res.status != http.StatusOK || len(password) < 50 {
		s.t.Fatalf("the page answered %d with the password %q", res.status, password)
	}
	if again := s.get("/users/" + name); strings.Contains(again.body, password) {
		s.t.Error("the password is shown a second time")
	}
	return password
}

func (s *crowdSite) authenticate(name, password string) *page {
	s.t.Helper()
	return s.ask("POST", "/authentication?username="+name, "json", `{"value":"`+password+`"}`)
}

func TestServiceAccountsMaySignInByPassword(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newCrowdSite(t, storetest.Open(t), nil)
	s.signInAs(model.RoleAdmin)
	password := s.serviceAccount("build-bot")
	if res := s.authenticate("BUILD-bot", password); res.status != http.StatusOK || !strings.Contains(res.body, `"name":"build-bot"`) {
		t.Errorf("the right password: %d %s", res.status, res.body)
	}
	if res := s.ask("POST", "/authentication?username=build-bot", "xml", "<password><value>"+password+"</value></password>"); res.status != http.StatusOK {
		t.Errorf("the right password in XML: %d %s", res.status, res.body)
	}
	res := s.ask("POST", "/session", "xml", "<authentication-context><username>build-bot</username><password>"+password+"</password></authentication-context>")
	if res.status != http.StatusCreated {
		t.Errorf("a session by password: %d %s", res.status, res.body)
	}
	if p, err := s.store.ServicePassword(ctx, s.user("build-bot").ID); err != nil || p.LastUsedAt.IsZero() {
		t.Errorf("the use is not noted: %+v %v", p, err)
	}
	s.people()
	for name, attempt := range map[string][2]string{"a wrong password": {"build-bot", password[1:]}, "no password": {"build-bot", ""},
		"another account": {"ana", password}} {
		if res := s.authenticate(attempt[0], attempt[1]); res.status != http.StatusBadRequest || !strings.Contains(res.body, "INVALID_USER_AUTHENTICATION") {
			t.Errorf("%s: %d %s", name, res.status, res.body)
		}
	}
	s.post("/users/build-bot/deactivate", nil)
	if res := s.authenticate("build-bot", password); !strings.Contains(res.body, "INACTIVE_ACCOUNT") {
		t.Errorf("deactivated: %s", res.body)
	}
	s.post("/users/build-bot/activate", nil)
	s.post("/users/build-bot/password/remove", nil)
	if res := s.authenticate("build-bot", password); res.status != http.StatusBadRequest {
		t.Errorf("a password taken back: %d", res.status)
	}
}

// linkedByLogin links a user who is there to an AWS identity.
func (s *crowdSite) linkedByLogin(username string) {
	s.t.Helper()
	c := storetest.LiveConnection(s.t, s.store, "aws", nil)
	_, _, err := s.store.CompleteLogin(context.Background(), store.Completion{
		Login:        model.Login{ID: store.NewLoginID(), Connection: c.Slug, StartedAt: s.now},
		ConnectionID: c.ID, AssertionID: "_1", AssertionExpires: s.now.Add(time.Hour), Now: s.now,
		Person: model.Person{IdPEntityID: "idp", NameID: username, Username: username},
		Decide: func(k model.Known) model.Decision {
			return model.Decision{Action: model.UserKept, User: *k.ByUsername, LinkIdentity: true,
				Identity: model.Identity{Connection: c.Slug, IdPEntityID: "idp", NameID: username}}
		},
	})
	s.must(err)
}

func TestPeopleOfAWSHaveNoLocalPassword(t *testing.T) {
	t.Parallel()
	s := newCrowdSite(t, storetest.Open(t), nil)
	s.signInAs(model.RoleAdmin)
	password := s.serviceAccount("alice")
	s.linkedByLogin("alice")
	if res := s.authenticate("alice", password); res.status != http.StatusBadRequest {
		t.Errorf("after a login linked the user, the password is answered with %d", res.status)
	}
	if res := s.post("/users/alice/password", nil); res.status != http.StatusUnprocessableEntity {
		t.Errorf("another password: %d", res.status)
	}
}

// Anybody at an app's own page may type wrong passwords: they lock out neither the
// account nor the app.
func TestWrongPasswordsOfServiceAccountsAreLimited(t *testing.T) {
	t.Parallel()
	s := newCrowdSite(t, storetest.Open(t), nil)
	s.signInAs(model.RoleAdmin)
	password := s.serviceAccount("build-bot")
	wrong := func(times int, want string) {
		t.Helper()
		for range times {
			if res := s.authenticate("build-bot", "wrong"); res.status != http.StatusBadRequest || !strings.Contains(res.body, want) {
				t.Fatalf("a wrong password: %d %s", res.status, res.body)
			}
		}
	}
	wrong(10, "or the password is wrong")
	wrong(60, "as many before it were")
	if res := s.authenticate("build-bot", password); res.status != http.StatusOK {
		t.Errorf("the right password after many wrong ones: %d %s", res.status, res.body)
	}
	s.secondApp()
	s.app = "other"
	if res := s.ask("GET", "/config/cookie", "xml", ""); res.status != http.StatusOK {
		t.Errorf("another app at the same address: %d %s", res.status, res.body)
	}
	s.now = s.now.Add(time.Minute)
	wrong(1, "or the password is wrong")
}

func TestSigningKeysAreReplacedByHand(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleOwner)
	published := func() string { return s.get("/oidc/keys").body }
	published()
	keys, err := s.store.SigningKeys(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	s.post("/settings/signing-keys", nil)
	if res := s.get("/settings/signing-keys"); !strings.Contains(res.text(), "Nothing was changed") || strings.Contains(res.text(), "Replaced") {
		t.Errorf("a key that apps may not know yet: %s", res.text())
	}
	s.now = s.now.Add(10 * time.Minute)
	s.confirm()
	if res := s.post("/settings/signing-keys", nil); res.status != http.StatusSeeOther || !strings.Contains(published(), keys[0].ID) {
		t.Errorf("after a replacement the old key is not published (%d)", res.status)
	}
	if res := s.get("/settings/signing-keys"); !strings.Contains(res.text(), "Replaced, still published") {
		t.Errorf("the page says: %s", res.text())
	}
	if s.post("/settings/signing-keys/withdraw", nil); strings.Contains(published(), keys[0].ID) || strings.Contains(published(), keys[1].ID) {
		t.Error("a withdrawn key is still published")
	}
}

// A session of the directory ends with what it came from: the password, the time
// it may last in all, or the user's being active.
func TestRow19DirectorySessionsEnd(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, end := range map[string]func(s *crowdSite, session string) error{
		"password taken back": func(s *crowdSite, _ string) error { return s.store.DeleteServicePassword(ctx, tester, "build-bot") },
		"another password": func(s *crowdSite, _ string) error {
			return s.store.SetServicePassword(ctx, tester, "build-bot", "x", "x")
		},
		"deactivated and activated": func(s *crowdSite, _ string) error {
			for _, active := range []bool{false, true} {
				if _, err := s.store.UpdateUser(ctx, tester, "build-bot", func(u *model.User) error { u.Active = active; return nil }); err != nil {
					return err
				}
			}
			return nil
		},
		"twelve hours": func(s *crowdSite, session string) error {
			for range 24 {
				s.now = s.now.Add(29 * time.Minute)
				s.ask("POST", "/session/"+session, "json", `{"validationFactors":[]}`)
			}
			s.now = s.now.Add(25 * time.Minute)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newCrowdSite(t, storetest.Open(t), nil)
			s.signInAs(model.RoleAdmin)
			password := s.serviceAccount("build-bot")
			res := s.ask("POST", "/session", "json", `{"username":"build-bot","password":"`+password+`","validation-factors":{"validationFactors":[]}}`)
			_, after, _ := strings.Cut(res.body, `"token":"`)
			session, _, _ := strings.Cut(after, `"`)
			if res := s.ask("POST", "/session/"+session, "json", `{"validationFactors":[]}`); res.status != http.StatusOK {
				t.Fatalf("the session is not good: %d %s", res.status, res.body)
			}
			s.must(end(s, session))
			if res := s.ask("POST", "/session/"+session, "json", `{"validationFactors":[]}`); res.status != http.StatusNotFound {
				t.Errorf("the session goes on: %d %s", res.status, res.body)
			}
		})
	}
}
