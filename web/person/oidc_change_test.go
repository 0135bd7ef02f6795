package person_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"github.com/postern-sso/postern/internal/model"
	provider "github.com/postern-sso/postern/internal/oidc"
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
