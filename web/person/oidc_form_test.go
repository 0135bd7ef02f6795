package person_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"github.com/postern-sso/postern/internal/browsertest"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

// A browser posts the answer to an app that asked for a form: at once with
// scripts, after a click without. The policy of the page allows that very app.
func TestAppIsAnsweredByForm(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	got := make(chan url.Values, 1)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.ParseForm() == nil {
			got <- r.PostForm
			_, _ = w.Write([]byte("the app has it"))
		}
	}))
	t.Cleanup(app.Close)
	s.Oauth.ClientID, s.Oauth.RedirectURL = "form", app.URL+"/back"
	err := s.Store.CreateApp(t.Context(), storetest.Actor, model.App{Slug: "form", Kind: model.AppOIDC, Name: "Form <app>",
		RedirectURIs: []string{s.Oauth.RedirectURL}})
	if err != nil {
		t.Fatal(err)
	}
	address := s.Oauth.AuthCodeURL("st\"ate", oauth2.SetAuthURLParam("response_mode", "form_post"), oauth2.SetAuthURLParam("prompt", "none"))
	for _, way := range []browsertest.Way{browsertest.Mouse, browsertest.NoScripts} {
		b := browsertest.Open(t)
		b.Use(way)
		b.Goto(address)
		if !b.Scripts() {
			b.Click("Go on to Form <app>")
		}
		if form := <-got; form.Get("error") != "login_required" || form.Get("state") != "st\"ate" || form.Get("iss") != s.URL {
			t.Errorf("the app got %v", form)
		}
		for _, m := range b.Messages() {
			if strings.Contains(m, "Content Security Policy") {
				t.Error(m)
			}
		}
	}
	res := s.Get(strings.TrimPrefix(address, s.URL))
	if res.Status == http.StatusSeeOther {
		res = s.Get(res.Header.Get("Location"))
	}
	if policy := res.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self' "+app.URL+";") || strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is %q", policy)
	}
}
