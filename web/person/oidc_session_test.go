package person_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

func TestDiscovery(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	var got map[string]any
	if err := s.Op.Claims(&got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"issuer": s.URL, "authorization_endpoint": s.URL + "/oidc/authorize", "token_endpoint": s.URL + "/oidc/token",
		"userinfo_endpoint": s.URL + "/oidc/userinfo", "jwks_uri": s.URL + "/oidc/keys",
		"end_session_endpoint": s.URL + "/oidc/logout", "revocation_endpoint": s.URL + "/oidc/revoke",
		"response_types_supported": []any{"code"}, "grant_types_supported": []any{"authorization_code", "refresh_token"},
		"code_challenge_methods_supported": []any{"S256"}, "id_token_signing_alg_values_supported": []any{"RS256"},
		"subject_types_supported":                        []any{"public"},
		"token_endpoint_auth_methods_supported":          []any{"client_secret_basic", "client_secret_post", "none"},
		"revocation_endpoint_auth_methods_supported":     []any{"client_secret_basic", "client_secret_post", "none"},
		"response_modes_supported":                       []any{"query", "form_post"},
		"authorization_response_iss_parameter_supported": true,
		"introspection_endpoint":                         nil, "device_authorization_endpoint": nil,
	} {
		a, _ := json.Marshal(got[name])
		if b, _ := json.Marshal(want); string(a) != string(b) {
			t.Errorf("%s is %s, want %s", name, a, b)
		}
	}
	if claims, _ := got["claims_supported"].([]any); !slices.Contains(claims, any("groups")) {
		t.Errorf("claims %v lack groups", claims)
	}
	for _, path := range []string{"/.well-known/openid-configuration", "/oidc/keys"} {
		if res := s.Get(path); res.Header.Get("Access-Control-Allow-Origin") != "*" || len(res.Header["Set-Cookie"]) > 0 {
			t.Errorf("%s: %v", path, res.Header)
		}
	}
}

// A request belongs to whoever brings a session: who only knows its id gets
// neither the code nor a second one.
func TestRequestIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	victim := s.Client
	start := s.Get(s.Oauth.AuthCodeURL("state")).Header.Get("Location")
	if res := s.Follow(t, start, "user0"); !strings.Contains(res.Header.Get("Location"), "code=") {
		t.Fatalf("answered %d %s", res.Status, res.Text())
	}
	for _, browser := range []*http.Client{victim, s.Browser()} {
		s.Client = browser
		if res := s.Get(start); res.Status != http.StatusBadRequest || res.Header.Get("Location") != "" {
			t.Errorf("the request again: %d to %q", res.Status, res.Header.Get("Location"))
		}
	}
	late := s.Get(s.Oauth.AuthCodeURL("state")).Header.Get("Location")
	s.Now = s.Now.Add(time.Hour)
	for _, bad := range []string{late, "/oidc/callback", "/oidc/callback?id=nothing", "/oidc/callback?id=%00"} {
		if res := s.Get(bad); res.Status != http.StatusBadRequest {
			t.Errorf("%s answers %d", bad, res.Status)
		}
	}
}

// Without cookies the way to AWS and back has an end.
func TestBrowserWithoutCookies(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	start := s.Get(s.Oauth.AuthCodeURL("state")).Header.Get("Location")
	res := s.Get(start + "&back=1")
	if res.Status != http.StatusBadRequest || !strings.Contains(res.Text(), "cookie") || res.Find("a.btn") == "" {
		t.Errorf("answered %d: %s", res.Status, res.Text())
	}
}

func TestConnectionOfAnApp(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	s := webtest.NewAppSite(t, st)
	ctx := context.Background()
	s.SignIn(t, "user0")
	storetest.LiveConnection(t, st, "other", func(c *model.Config) { c.IdPMetadata = string(s.Sim.Metadata(s.App)) })

	s.Client = s.Browser()
	res := s.Follow(t, s.Oauth.AuthCodeURL("state"), "")
	links := res.Doc.Find(`a[href^="/saml/"]`)
	if res.Status != http.StatusOK || links.Length() != 2 {
		t.Fatalf("no choice: %d %s", res.Status, res.Text())
	}
	if to := links.First().AttrOr("href", ""); !strings.HasPrefix(s.Follow(t, to, "user0").Header.Get("Location"), webtest.AppCallback) {
		t.Error("the choice does not lead to the app")
	}

	app, err := st.App(ctx, "jira")
	if err != nil {
		t.Fatal(err)
	}
	app.Connection = "other"
	if err := st.SaveApp(ctx, storetest.Actor, app); err != nil {
		t.Fatal(err)
	}
	callback := s.Get(s.Oauth.AuthCodeURL("state")).Header.Get("Location")
	if to := s.Get(callback).Header.Get("Location"); !strings.HasPrefix(to, "/saml/other/login?") {
		t.Errorf("somebody signed in through another connection is sent to %q", to)
	}

	app.Connection = "aws"
	if err := st.SaveApp(ctx, storetest.Actor, app); err != nil {
		t.Fatal(err)
	}
	s.SignIn(t, "")
	if err := st.SetStatus(ctx, storetest.Actor, "aws", model.StatusSuspended); err != nil {
		t.Fatal(err)
	}
	if res := s.Follow(t, s.Oauth.AuthCodeURL("state"), ""); res.Status != http.StatusForbidden {
		t.Errorf("signed in through a connection that is suspended since: %d to %q", res.Status, res.Header.Get("Location"))
	}
}

func TestAppSignsOut(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	ctx := context.Background()
	signedIn := func() bool { return strings.Contains(s.Get("/me").Body, "user0@example.com") }
	const bye = "https://jira.example.com/bye"
	token, _ := s.SignIn(t, "user0")
	hint, _ := token.Extra("id_token").(string)

	ask := url.Values{"client_id": {"jira"}, "post_logout_redirect_uri": {bye}, "state": {"s"}}
	if res := s.Get("/oidc/logout?" + ask.Encode()); res.Status != http.StatusOK || res.Doc.Find("form").Length() != 1 || !signedIn() {
		t.Errorf("without an ID token: %d %s", res.Status, res.Text())
	}
	for name, v := range map[string]url.Values{
		"foreign address":        {"client_id": {"jira"}, "post_logout_redirect_uri": {"https://evil.example/"}},
		"address, unknown hint":  {"id_token_hint": {"e30.e30.e30"}, "post_logout_redirect_uri": {bye}},
		"unknown client":         {"client_id": {"nobody"}},
		"a client not the token": {"client_id": {"nobody"}, "id_token_hint": {hint}},
	} {
		if res := s.Get("/oidc/logout?" + v.Encode()); res.Status != http.StatusBadRequest || !signedIn() {
			t.Errorf("%s: %d %s", name, res.Status, res.Header.Get("Location"))
		}
	}
	ask.Set("id_token_hint", hint)
	if res := s.Get("/oidc/logout?" + ask.Encode()); res.Header.Get("Location") != bye+"?state=s" || signedIn() {
		t.Errorf("with its ID token: %d to %q", res.Status, res.Header.Get("Location"))
	}
	if _, err := s.Op.UserInfo(ctx, oauth2.StaticTokenSource(token)); err == nil {
		t.Error("the access token outlived the sign-out")
	}

	s.SignIn(t, "user0")
	ask.Del("id_token_hint")
	res := s.Post("/oidc/logout", ask)
	if res.Status != http.StatusOK || !signedIn() {
		t.Errorf("a form without an ID token: %d %s", res.Status, res.Text())
	}
	form := url.Values{}
	for _, input := range res.Doc.Find("form input").EachIter() {
		form.Set(input.AttrOr("name", ""), input.AttrOr("value", ""))
	}
	res = s.Post(res.Doc.Find("form").AttrOr("action", ""), form)
	if res.Doc.Find("a.btn").AttrOr("href", "") != bye+"?state=s" || signedIn() {
		t.Errorf("after the confirmation: %d %s", res.Status, res.Text())
	}
}

// What an app was given opens nothing while the connection that the person came
// through is suspended, and nothing any more once it is deleted.
func TestRow19GrantsEndWithTheConnection(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	ctx := context.Background()
	s.Oauth.Scopes = append(s.Oauth.Scopes, oidc.ScopeOfflineAccess)
	token, _ := s.SignIn(t, "user0")
	code := s.Answer(t, s.Oauth.AuthCodeURL("state"), "").Get("code")
	works := func(want bool) {
		t.Helper()
		if _, err := s.Op.UserInfo(ctx, oauth2.StaticTokenSource(token)); (err == nil) != want {
			t.Errorf("userinfo: %v", err)
		}
		next, err := s.Oauth.TokenSource(ctx, &oauth2.Token{RefreshToken: token.RefreshToken, Expiry: time.Now().Add(-time.Hour)}).Token()
		if (err == nil) != want {
			t.Errorf("the refresh token: %v", err)
		}
		if err == nil {
			token = next
		}
	}
	status := func(status model.Status) {
		t.Helper()
		if err := s.Store.SetStatus(ctx, storetest.Actor, "aws", status); err != nil {
			t.Fatal(err)
		}
	}
	works(true)
	status(model.StatusSuspended)
	works(false)
	if _, err := s.Oauth.Exchange(ctx, code); err == nil {
		t.Error("a code is exchanged")
	}
	status(model.StatusLive)
	works(true)
	if err := s.Store.DeleteConnection(ctx, storetest.Actor, "aws"); err != nil {
		t.Fatal(err)
	}
	works(false)
}

// Refreshing adds nothing to the session here, however late the app came.
func TestRow07RefreshTokensEndWithTheSession(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	ctx := context.Background()
	s.Oauth.Scopes = append(s.Oauth.Scopes, oidc.ScopeOfflineAccess)
	s.LongSessions(t)
	s.SignIn(t, "user0")
	s.Now = s.Now.Add(7 * time.Hour)
	token, _ := s.SignIn(t, "")
	s.Now = s.Now.Add(4 * time.Hour)
	refresh := func() (err error) {
		token, err = s.Oauth.TokenSource(ctx, &oauth2.Token{RefreshToken: token.RefreshToken, Expiry: time.Now().Add(-time.Hour)}).Token()
		return err
	}
	if err := refresh(); err != nil {
		t.Fatalf("eleven hours after the sign-in: %v", err)
	}
	s.Now = s.Now.Add(time.Hour + time.Minute)
	if err := refresh(); err == nil {
		t.Error("it outlives the session")
	}
}
