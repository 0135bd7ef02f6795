package crowd_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/seal"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// serviceAccount makes one with a password.
func (s *site) serviceAccount(name string) (password string) {
	s.t.Helper()
	ctx := context.Background()
	_, err := s.store.CreateUser(ctx, tester, model.User{Username: name, Active: true, Source: model.UserManual}, nil)
	s.must(err)
	secret := seal.NewSecret()
	s.must(s.store.SetServicePassword(ctx, tester, name, secret.Hash, secret.Hint))
	return secret.Value
}

func (s *site) authenticate(name, password string) *page {
	s.t.Helper()
	return s.ask("POST", "/authentication?username="+name, "json", `{"value":"`+password+`"}`)
}

func (s *site) setActive(name string, active bool) {
	s.t.Helper()
	_, err := s.store.UpdateUser(context.Background(), tester, name, func(u *model.User) error { u.Active = active; return nil })
	s.must(err)
}

func wantReason(t testing.TB, what string, res *page, status int, reason string) {
	t.Helper()
	if res.status != status || !strings.Contains(res.body, reason) {
		t.Errorf("%s: %d %s, want %d %s", what, res.status, res.body, status, reason)
	}
}

// Only service accounts have a password, each its own, while they are active.
func TestPasswordsOfServiceAccounts(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.people()
	password, other := s.serviceAccount("build-bot"), s.serviceAccount("other-bot")
	const wrong, inactive = "INVALID_USER_AUTHENTICATION", "INACTIVE_ACCOUNT"
	wantReason(t, "the right password", s.authenticate("BUILD-bot", password), 200, `"name":"build-bot"`)
	inXML := s.ask("POST", "/authentication?username=build-bot", "xml", "<password><value>"+password+"</value></password>")
	wantReason(t, "in XML", inXML, 200, `name="build-bot"`)
	used, err := s.store.ServicePassword(context.Background(), s.userID("build-bot"))
	if err != nil || !used.LastUsedAt.Equal(s.now) {
		t.Errorf("the use is not noted: %+v, %v", used, err)
	}
	wantReason(t, "part of the password", s.authenticate("build-bot", password[1:]), 400, wrong)
	wantReason(t, "no password", s.authenticate("build-bot", ""), 400, wrong)
	wantReason(t, "another account's", s.authenticate("build-bot", other), 400, wrong)
	wantReason(t, "somebody without", s.authenticate("ana", password), 400, wrong)
	wantReason(t, "somebody without, none sent", s.authenticate("ana", ""), 400, wrong)
	wantReason(t, "nobody", s.authenticate("nobody", password), 400, wrong)
	wantReason(t, "no name", s.authenticate("", password), 400, "ILLEGAL_ARGUMENT")
	s.setActive("build-bot", false)
	wantReason(t, "deactivated", s.authenticate("build-bot", password), 400, inactive)
	s.setActive("build-bot", true)
	s.must(s.store.DeleteServicePassword(context.Background(), tester, "build-bot"))
	wantReason(t, "taken back", s.authenticate("build-bot", password), 400, wrong)
}

func (s *site) userID(name string) string {
	s.t.Helper()
	u, err := s.store.User(context.Background(), name)
	s.must(err)
	return u.ID
}

// Anybody at an app's own page may type wrong passwords: they lock out neither the
// account nor the app, and the log hears of ten of them a minute.
func TestWrongPasswordsLockNobodyOut(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	password := s.serviceAccount("build-bot")
	s.serviceAccount("other-bot")
	wrong := func(name string, times int, want string) {
		t.Helper()
		for range times {
			wantReason(t, "a wrong password", s.authenticate(name, "wrong"), 400, want)
		}
	}
	wrong("build-bot", 10, "or the password is wrong")
	wrong("build-bot", 60, "as many before it were")
	wrong("other-bot", 1, "or the password is wrong")
	wantReason(t, "the right password after many wrong ones", s.authenticate("build-bot", password), 200, "build-bot")
	s.secondApp()
	s.app = "other"
	wantReason(t, "another app at the same address", s.ask("GET", "/config/cookie", "xml", ""), 200, "")
	s.now = s.now.Add(time.Minute)
	wrong("build-bot", 1, "or the password is wrong")
}

// begin begins a session and returns its token.
func (s *site) begin(query, body string) string {
	s.t.Helper()
	res := s.ask("POST", "/session"+query, "json", body)
	token := between(res.body, `"token":"`, `"`)
	if res.status != http.StatusCreated || token == "" || !strings.HasSuffix(res.header.Get("Location"), "/session/"+token) {
		s.t.Fatalf("answered %d %s %v", res.status, res.body, res.header)
	}
	return token
}

// A session begins by the password of a service account, or by the word of an app
// that has signed somebody in; never for who is not active.
func TestWhoGetsASession(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.people()
	password := s.serviceAccount("build-bot")
	s.begin("", `{"username":"build-bot","password":"`+password+`"}`)
	s.begin("?validate-password=true", `{"username":"build-bot","password":"`+password+`"}`)
	s.begin("?validate-password=false", `{"username":"ana"}`)
	for name, c := range map[string]struct{ query, body, reason string }{
		"a wrong password":         {"", `{"username":"build-bot","password":"x"}`, "INVALID_USER_AUTHENTICATION"},
		"no password":              {"", `{"username":"ana"}`, "INVALID_USER_AUTHENTICATION"},
		"another word for no":      {"?validate-password=no", `{"username":"ana"}`, "INVALID_USER_AUTHENTICATION"},
		"no name":                  {"?validate-password=false", `{}`, "ILLEGAL_ARGUMENT"},
		"nothing":                  {"?validate-password=false", "", "ILLEGAL_ARGUMENT"},
		"nobody":                   {"?validate-password=false", `{"username":"nobody"}`, "INVALID_USER_AUTHENTICATION"},
		"not active":               {"?validate-password=false", `{"username":"bob"}`, "INACTIVE_ACCOUNT"},
		"no time":                  {"?validate-password=false&duration=0", `{"username":"ana"}`, "ILLEGAL_ARGUMENT"},
		"less than no time":        {"?validate-password=false&duration=-1", `{"username":"ana"}`, "ILLEGAL_ARGUMENT"},
		"a time in words":          {"?validate-password=false&duration=long", `{"username":"ana"}`, "ILLEGAL_ARGUMENT"},
		"broken JSON":              {"?validate-password=false", `{"username":"ana"`, "ILLEGAL_ARGUMENT"},
		"factors that are none":    {"?validate-password=false", `{"username":"ana","validationFactors":1}`, "ILLEGAL_ARGUMENT"},
		"nested factors, likewise": {"?validate-password=false", `{"username":"ana","validation-factors":[]}`, "ILLEGAL_ARGUMENT"},
		"broken XML":               {"?validate-password=false", `<authentication-context><username>ana</username>`, "ILLEGAL_ARGUMENT"},
		"XML with a document type": {"?validate-password=false",
			`<!DOCTYPE a><authentication-context><username>ana</username></authentication-context>`, "ILLEGAL_ARGUMENT"},
		"XML deeper than is needed": {"?validate-password=false", strings.Repeat("<a>", 49) + strings.Repeat("</a>", 49), "not XML as it is expected"},
	} {
		wantReason(t, name, s.ask("POST", "/session"+c.query, "json", c.body), 400, c.reason)
	}
}

// A session lasts as long as it is used, in the browser that it was made in, and
// twelve hours at most.
func TestHowLongASessionLasts(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.people()
	const here = `{"validationFactors":[{"name":"remote_address","value":"10.0.0.9"},{"name":"X-Forwarded-For","value":"a"}]}`
	const swapped = `{"validationFactors":[{"name":"X-Forwarded-For","value":"a"},{"name":"remote_address","value":"10.0.0.9"}]}`
	made := `{"username":"ana","validation-factors":` + here + `}`
	lasts := func(token, factors string) int { return s.ask("POST", "/session/"+token, "json", factors).status }

	token := s.begin("?validate-password=false", made)
	for name, c := range map[string]struct {
		factors string
		want    int
	}{
		"this browser": {here, 200}, "in another order": {swapped, 200}, "nothing": {`{"validationFactors":[]}`, 400}, "no body": {"", 400},
		"another browser": {strings.Replace(here, "10.0.0.9", "10.0.0.10", 1), 400},
		"names exchanged": {`{"validationFactors":[{"name":"10.0.0.9","value":"remote_address"},{"name":"X-Forwarded-For","value":"a"}]}`, 400},
	} {
		if got := lasts(token, c.factors); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	s.now = s.now.Add(30*time.Minute - time.Second)
	if got := lasts(token, here); got != 200 {
		t.Errorf("just before the end: %d", got)
	}
	s.now = s.now.Add(30*time.Minute - time.Second)
	wantReason(t, "to look at it is no use", s.ask("GET", "/session/"+token, "json", ""), 200, `"name":"Ana"`)
	s.now = s.now.Add(time.Second)
	wantReason(t, "half an hour without use", s.ask("GET", "/session/"+token, "json", ""), 404, "INVALID_SSO_TOKEN")

	token, began := s.begin("?validate-password=false", made), s.now
	for s.now.Sub(began) < 12*time.Hour-20*time.Minute {
		s.now = s.now.Add(20 * time.Minute)
		if got := lasts(token, here); got != 200 {
			t.Fatalf("after %s: %d", s.now.Sub(began), got)
		}
	}
	s.now = began.Add(12 * time.Hour)
	if got := lasts(token, here); got != 404 {
		t.Errorf("after twelve hours of use: %d", got)
	}

	for duration, want := range map[string]time.Duration{"600": 10 * time.Minute, "43200": 12 * time.Hour, "999999": 12 * time.Hour} {
		token, now := s.begin("?validate-password=false&duration="+duration, made), s.now
		s.now = now.Add(want - time.Second)
		wantReason(t, duration+" seconds, one before", s.ask("GET", "/session/"+token, "json", ""), 200, "Ana")
		s.now = now.Add(want)
		wantReason(t, duration+" seconds", s.ask("GET", "/session/"+token, "json", ""), 404, "INVALID_SSO_TOKEN")
	}
}

// A session ends with what it came from: the password, or the user's being active.
func TestDirectorySessionsEnd(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, end := range map[string]func(s *site) error{
		"password taken back": func(s *site) error { return s.store.DeleteServicePassword(ctx, tester, "build-bot") },
		"another password":    func(s *site) error { return s.store.SetServicePassword(ctx, tester, "build-bot", "x", "x") },
		"deactivated and activated": func(s *site) error {
			s.setActive("build-bot", false)
			s.setActive("build-bot", true)
			return nil
		},
		"deleted": func(s *site) error { return s.store.DeleteUser(ctx, tester, "build-bot") },
		"all of theirs": func(s *site) error {
			wantReason(s.t, "ended", s.ask("DELETE", "/session?username=build-bot", "json", ""), 204, "")
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, storetest.Open(t), nil)
			password := s.serviceAccount("build-bot")
			token := s.begin("", `{"username":"build-bot","password":"`+password+`"}`)
			wantReason(t, "before", s.ask("POST", "/session/"+token, "json", `{"validationFactors":[]}`), 200, token)
			s.must(end(s))
			wantReason(t, "after", s.ask("POST", "/session/"+token, "json", `{"validationFactors":[]}`), 404, "INVALID_SSO_TOKEN")
			wantReason(t, "after", s.ask("GET", "/session/"+token, "json", ""), 404, "INVALID_SSO_TOKEN")
		})
	}
}
