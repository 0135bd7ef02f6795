package person_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/postern-sso/postern/internal/model"
	provider "github.com/postern-sso/postern/internal/oidc"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

// Nobody is sent to an address that was taken from the app meanwhile.
func TestAddressIsTakenDuringASignIn(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	s.SignIn(t, "user0")
	ask := func(prompt string) string {
		return s.Get(s.Oauth.AuthCodeURL("state", oauth2.SetAuthURLParam("prompt", prompt))).Header.Get("Location")
	}
	under, silent := ask(""), ask("none")
	s.Change(t, func(a *model.App) { a.RedirectURIs = []string{"https://jira.example.com/new"} })
	for _, callback := range []string{under, silent} {
		if res := s.Get(callback); res.Status != http.StatusBadRequest || res.Header.Get("Location") != "" || !strings.Contains(res.Text(), webtest.AppCallback) {
			t.Errorf("answered %d to %q: %s", res.Status, res.Header.Get("Location"), res.Text())
		}
	}
	last, err := s.Store.AppSignInsOf(context.Background(), "jira")
	if err != nil || !strings.Contains(last.RefusedWhy, "taken from the app") {
		t.Errorf("noted %+v: %v", last, err)
	}
}

// What an app with a secret was given is worth nothing without one.
func TestAppLosesItsSecret(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	s.Oauth.Scopes = append(s.Oauth.Scopes, oidc.ScopeOfflineAccess)
	token, _ := s.SignIn(t, "user0")
	code := s.Answer(t, s.Oauth.AuthCodeURL("state"), "").Get("code")
	under := s.Get(s.Oauth.AuthCodeURL("state")).Header.Get("Location")
	s.Change(t, func(a *model.App) { a.Public = true })
	s.Oauth.ClientSecret, s.Oauth.Endpoint.AuthStyle = "", oauth2.AuthStyleInParams
	s.WantEnded(t, "after the change", token)
	late := s.Answer(t, s.URL+under, "").Get("code")
	for name, code := range map[string]string{"given before": code, "asked for before": late} {
		if _, err := s.Oauth.Exchange(context.Background(), code); webtest.RefusedWith(t, err) != "invalid_grant" {
			t.Errorf("a code %s: %v", name, err)
		}
	}
}

// A change that leaves the app what it is ends nothing.
func TestRenamedAppGoesOn(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	s.Oauth.Scopes = append(s.Oauth.Scopes, oidc.ScopeOfflineAccess)
	token, _ := s.SignIn(t, "user0")
	s.Change(t, func(a *model.App) { a.Name = "Jira of ours" })
	if _, err := s.Refresh(token); err != nil {
		t.Error(err)
	}
}

// Nobody gets a token for a session that is over, though the code is young.
func TestCodeEndsWithTheSession(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	s.SessionsLast(t, time.Hour)
	code := s.Answer(t, s.Oauth.AuthCodeURL("state"), "user0").Get("code")
	s.Now = s.Now.Add(time.Hour - 10*time.Second)
	last := s.Answer(t, s.Oauth.AuthCodeURL("state"), "").Get("code")
	token, _ := s.Exchange(t, s.Answer(t, s.Oauth.AuthCodeURL("state"), "").Get("code"))
	if left := time.Until(token.Expiry); left < 0 || left > 10*time.Minute {
		t.Errorf("the token says that it is good for %s", left)
	}
	s.Now = s.Now.Add(11 * time.Second)
	for name, code := range map[string]string{"old": code, "young": last} {
		if _, err := s.Oauth.Exchange(context.Background(), code); webtest.RefusedWith(t, err) != "invalid_grant" {
			t.Errorf("the %s code: %v", name, err)
		}
	}
}

// A replay is seen for as long as what the code gave is good.
func TestLateReplay(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	s.LongSessions(t)
	s.Oauth.Scopes = append(s.Oauth.Scopes, oidc.ScopeOfflineAccess)
	code := s.Answer(t, s.Oauth.AuthCodeURL("state"), "user0").Get("code")
	token, _ := s.Exchange(t, code)
	s.Now = s.Now.Add(3 * time.Hour)
	if _, err := s.Store.Sweep(context.Background(), s.Now, store.Retention{XML: time.Hour}); err != nil {
		t.Fatal(err)
	}
	token, err := s.Refresh(token)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Oauth.Exchange(context.Background(), code); webtest.RefusedWith(t, err) != "invalid_grant" {
		t.Errorf("the code again: %v", err)
	}
	s.WantEnded(t, "after the replay", token)
}

// What cannot be read is noted as any other mistake of an app.
func TestUnreadableRequestIsNoted(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	s.Get(s.Oauth.AuthCodeURL("state", oauth2.SetAuthURLParam("max_age", "soon")))
	last, err := s.Store.AppSignInsOf(context.Background(), "jira")
	if err != nil || last.RefusedError != "invalid_request" || !strings.Contains(last.RefusedWhy, "max_age") {
		t.Errorf("%+v: %v", last, err)
	}
}

// Whoever floods an app's secrets is cut off; few mistakes, and who comes from
// elsewhere or is another app, are not.
func TestWrongSecretsAreLimited(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	jira := url.Values{"client_id": {"jira"}, "client_secret": {s.Oauth.ClientSecret}, "grant_type": {"refresh_token"}, "refresh_token": {"x"}}
	try := func(v url.Values, from string) (status int, body string) {
		r := webtest.Post("/oidc/token", webtest.FormType, v.Encode())
		r.RemoteAddr = from + ":1234"
		w := s.Send(r)
		return w.Code, w.Body.String()
	}
	wrong := url.Values{"client_id": {"jira"}, "client_secret": {"wrong"}}
	for range 20 {
		try(wrong, "192.0.2.1")
	}
	if status, body := try(jira, "192.0.2.1"); status != http.StatusBadRequest {
		t.Errorf("after some mistakes: %d %s", status, body)
	}
	for range 3 * provider.SecretFailuresPerMinute {
		try(wrong, "192.0.2.1")
	}
	if status, body := try(jira, "192.0.2.1"); status != http.StatusTooManyRequests || !strings.Contains(body, `"error":"temporarily_unavailable"`) {
		t.Errorf("after many: %d %s", status, body)
	}
	if status, body := try(jira, "192.0.2.2"); status != http.StatusBadRequest {
		t.Errorf("from elsewhere: %d %s", status, body)
	}
	s.OtherApp(t)
	wiki := url.Values{"client_id": {"wiki"}, "client_secret": {s.Oauth.ClientSecret}, "grant_type": {"refresh_token"}, "refresh_token": {"x"}}
	if status, body := try(wiki, "192.0.2.1"); status != http.StatusBadRequest {
		t.Errorf("another app: %d %s", status, body)
	}
}

// What is kept of an app's sign-ins is written once a second, and a flood of
// refusals does not hide that one worked.
func TestEvidenceIsBounded(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	refused := func() model.AppSignIns {
		t.Helper()
		if _, err := s.Oauth.Exchange(context.Background(), "x"); webtest.RefusedWith(t, err) != "invalid_grant" {
			t.Fatal(err)
		}
		last, err := s.Store.AppSignInsOf(context.Background(), "jira")
		if err != nil {
			t.Fatal(err)
		}
		return last
	}
	first := refused()
	s.Now = s.Now.Add(time.Second / 2)
	if again := refused(); !again.RefusedAt.Equal(first.RefusedAt) {
		t.Errorf("written again after half a second: %v, %v", first.RefusedAt, again.RefusedAt)
	}
	s.SignIn(t, "user0")
	s.Now = s.Now.Add(time.Second / 2)
	if last := refused(); last.RefusedAt.Equal(first.RefusedAt) || last.WorkedUser != "user0" {
		t.Errorf("after a second: %+v", last)
	}
}
