package person_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

// An app may say whom it expects, by an ID token that it got here.
func TestExpectedPerson(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	token, _ := s.SignIn(t, "user0")
	raw, _ := token.Extra("id_token").(string)
	hint, none := oauth2.SetAuthURLParam("id_token_hint", raw), oauth2.SetAuthURLParam("prompt", "none")
	if got := s.Answer(t, s.Oauth.AuthCodeURL("state", hint), ""); got.Get("code") == "" || got.Get("iss") != s.URL {
		t.Errorf("the person is signed in: %v", got)
	}
	s.Client = s.Browser()
	s.SignIn(t, "user1")
	if got := s.Answer(t, s.Oauth.AuthCodeURL("state", hint, none), ""); got.Get("error") != "login_required" {
		t.Errorf("somebody else is, and nobody may be asked: %v", got)
	}
	res := s.Follow(t, s.Oauth.AuthCodeURL("state", hint), "user1")
	if res.Status != http.StatusForbidden || !strings.Contains(res.Text(), "expects somebody else") || !strings.Contains(res.Text(), "user1") {
		t.Errorf("somebody else is, after AWS: %d %s", res.Status, res.Text())
	}
	if got := s.Answer(t, s.Oauth.AuthCodeURL("state", hint), "user0"); got.Get("code") == "" {
		t.Errorf("the person comes back from AWS: %v", got)
	}
}

func TestSelectAccount(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	s.SignIn(t, "user0")
	s.Now = s.Now.Add(time.Minute)
	callback := s.Get(s.Oauth.AuthCodeURL("state", oauth2.SetAuthURLParam("prompt", "select_account"))).Header.Get("Location")
	login := s.Get(callback).Header.Get("Location")
	if !strings.HasPrefix(login, "/saml/aws/login?") {
		t.Fatalf("somebody who is signed in is sent to %q", login)
	}
	if to := s.Follow(t, login, "user1").Header.Get("Location"); !strings.Contains(to, "code=") {
		t.Errorf("after the choice: %q", to)
	}
}

// Apps may send their request as a form, too.
func TestRequestByForm(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	asked, err := url.Parse(s.Oauth.AuthCodeURL("state"))
	if err != nil {
		t.Fatal(err)
	}
	res := s.Post("/oidc/authorize", asked.Query())
	if res.Status != http.StatusSeeOther {
		t.Fatalf("answered %d: %s", res.Status, res.Text())
	}
	if code := s.Answer(t, res.Header.Get("Location"), "user0").Get("code"); code == "" {
		t.Error("no code")
	}
}

// Clients that run in a browser ask first whether they may.
func TestPreflight(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	for _, path := range []string{"/.well-known/openid-configuration", "/oidc/keys", "/oidc/token", "/oidc/userinfo", "/oidc/revoke"} {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodOptions, path, nil)
		r.Header.Set("Origin", "https://script.example")
		r.Header.Set("Access-Control-Request-Method", http.MethodPost)
		r.Header.Set("Access-Control-Request-Headers", "authorization")
		w := s.Send(r)
		if w.Code != http.StatusNoContent || w.Header().Get("Access-Control-Allow-Origin") != "*" ||
			!strings.Contains(w.Header().Get("Access-Control-Allow-Methods"), http.MethodPost) ||
			!strings.Contains(w.Header().Get("Access-Control-Allow-Headers"), "Authorization") || w.Header().Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
	w := s.Send(httptest.NewRequestWithContext(context.Background(), http.MethodOptions, "/oidc/authorize", nil))
	if w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Error("a script may ask for an authorization")
	}
}
