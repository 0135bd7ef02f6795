package oidc_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"github.com/postern-sso/postern/internal/model"
	provider "github.com/postern-sso/postern/internal/oidc"
	"github.com/postern-sso/postern/internal/store/storetest"
)

var formPost = oauth2.SetAuthURLParam("response_mode", "form_post")

// An app that asks for a form gets code and state in it, and nothing in the
// address; the code is as good as any.
func TestAnswerByForm(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	query := s.asks(formPost)
	s.signInAs("user0")
	d := s.decides(s.visit(query))
	if d.Outcome != provider.ToApp || d.Answer.To != appCallback || d.Answer.Form.Get("state") != "state" || d.Answer.Form.Get("iss") != s.url {
		t.Fatalf("decided %+v", d)
	}
	s.exchange(d.Answer.Form.Get("code"))
}

// Errors take the same way, where the address is the app's own.
func TestRefusalByForm(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	d := s.decides(s.visit(s.asks(formPost, oauth2.SetAuthURLParam("prompt", "none"))))
	if d.Answer.To != appCallback || d.Answer.Form.Get("error") != "login_required" || d.Answer.Form.Has("code") {
		t.Errorf("decided %+v", d)
	}
	for name, param := range map[string]oauth2.AuthCodeOption{
		"a bad scope": oauth2.SetAuthURLParam("scope", "profile"), "what cannot be read": oauth2.SetAuthURLParam("max_age", "soon"),
	} {
		res := s.get(s.oauth.AuthCodeURL("state", formPost, param))
		if res.status != http.StatusOK || !strings.HasPrefix(res.body, "form for Jira at "+appCallback+": ") || !strings.Contains(res.body, "state=state") {
			t.Errorf("%s: %d %s", name, res.status, res.body)
		}
	}
}

// A program's own scheme is no place that a form can be posted to.
func TestNoFormForOtherSchemes(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	const own = "com.example.app:/back"
	s.must(s.store.CreateApp(t.Context(), storetest.Actor, model.App{Slug: "native", Kind: model.AppOIDC, Name: "Native", Public: true,
		RedirectURIs: []string{own}}))
	s.oauth.ClientID, s.oauth.RedirectURL = "native", own
	to, err := url.Parse(s.get(s.oauth.AuthCodeURL("state", formPost)).location())
	if err != nil || to.Scheme != "com.example.app" || to.Query().Get("error") != "invalid_request" {
		t.Errorf("answered at %v, %v", to, err)
	}
}
