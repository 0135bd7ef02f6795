package person_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

// postLogout sends an app's sign-out form; over is a browser that leaves the
// session's cookie out, as browsers do with forms of other sites.
func postLogout(s *webtest.AppSite, form url.Values, crossSite bool) *webtest.Page {
	s.T.Helper()
	client := s.Client
	defer func() { s.Client = client }()
	if crossSite {
		s.Client = &http.Client{Jar: client.Jar, CheckRedirect: client.CheckRedirect, Transport: withoutSession{}}
	}
	return s.Post("/oidc/logout", form)
}

type withoutSession struct{}

func (withoutSession) RoundTrip(r *http.Request) (*http.Response, error) {
	cookies := r.Cookies()
	r.Header.Del("Cookie")
	for _, c := range cookies {
		if !strings.HasSuffix(c.Name, "postern-person") {
			r.AddCookie(c)
		}
	}
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	return http.DefaultTransport.RoundTrip(r)
}

// A sign-out by form is judged as it came, and nothing of it gets into an address.
func TestAppSignsOutByForm(t *testing.T) {
	t.Parallel()
	for _, crossSite := range []bool{false, true} {
		s := webtest.NewAppSite(t, storetest.Open(t))
		signedIn := func() bool { return strings.Contains(s.Get("/me").Body, "user0@example.com") }
		s.Oauth.Scopes = append(s.Oauth.Scopes, oidc.ScopeOfflineAccess)
		token, _ := s.SignIn(t, "user0")
		hint, _ := token.Extra("id_token").(string)
		ask := url.Values{"client_id": {"jira"}, "post_logout_redirect_uri": {appBye}, "state": {"s"}, "more": {strings.Repeat("x", 500_000)}}
		res := postLogout(s, ask, crossSite)
		if res.Status != http.StatusOK || res.Doc.Find("form").Length() != 1 || !strings.Contains(res.Text(), "user0") || !signedIn() {
			t.Errorf("cross-site %v, no ID token: %d %s", crossSite, res.Status, res.Text())
		}
		for name, bad := range map[string]url.Values{
			"foreign address": {"client_id": {"jira"}, "post_logout_redirect_uri": {"https://evil.example/"}},
			"unknown hint":    {"id_token_hint": {"e30.e30.e30"}, "post_logout_redirect_uri": {appBye}},
		} {
			if res := postLogout(s, bad, crossSite); res.Status != http.StatusBadRequest || !signedIn() {
				t.Errorf("cross-site %v, %s: %d", crossSite, name, res.Status)
			}
		}
		ask.Set("id_token_hint", hint)
		res = postLogout(s, ask, crossSite)
		if res.Header.Get("Location") != appBye+"?state=s" || signedIn() {
			t.Errorf("cross-site %v, with its ID token: %d to %q, signed in %v", crossSite, res.Status, res.Header.Get("Location"), signedIn())
		}
		s.WantEnded(t, "the app", token)
		if res = postLogout(s, ask, crossSite); res.Header.Get("Location") != appBye+"?state=s" {
			t.Errorf("cross-site %v, once more: %d", crossSite, res.Status)
		}
		if res = postLogout(s, url.Values{"client_id": {"jira"}, "x": {strings.Repeat("x", 2<<20)}}, crossSite); res.Status != http.StatusRequestEntityTooLarge {
			t.Errorf("cross-site %v, too large: %d", crossSite, res.Status)
		}
	}
}

// Another person's ID token signs nobody out unasked.
func TestAppSignsOutSomebodyElseByForm(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	token, _ := s.SignIn(t, "user0")
	hint, _ := token.Extra("id_token").(string)
	s.Client = s.Browser()
	s.SignIn(t, "user1")
	for _, crossSite := range []bool{false, true} {
		res := postLogout(s, url.Values{"client_id": {"jira"}, "id_token_hint": {hint}}, crossSite)
		if res.Status != http.StatusOK || res.Doc.Find("form").Length() != 1 || !strings.Contains(s.Get("/me").Body, "user1@example.com") {
			t.Errorf("cross-site %v: %d %s", crossSite, res.Status, res.Text())
		}
	}
}
