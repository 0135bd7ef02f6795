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

	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/webtest"
)

const appBye = "https://jira.example.com/bye"

// laxCookies is a browser as they are: what another site's form sends comes
// without the cookie of the session, which is SameSite=Lax.
type laxCookies struct{}

func (laxCookies) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/acs") {
		cookies := r.Cookies()
		r.Header.Del("Cookie")
		for _, c := range cookies {
			if !strings.HasSuffix(c.Name, "postern-person") {
				r.AddCookie(c)
			}
		}
	}
	return http.DefaultTransport.RoundTrip(r)
}

// Whoever signs out is signed out of what apps were given, too: of all of them,
// and of nothing that another browser has.
func TestSigningOutEndsWhatAppsWereGiven(t *testing.T) {
	t.Parallel()
	for name, signOut := range map[string]func(s *webtest.AppSite, hint string) *webtest.Page{
		"here": func(s *webtest.AppSite, _ string) *webtest.Page { return s.Post("/saml/aws/logout", nil) },
		"by an app": func(s *webtest.AppSite, hint string) *webtest.Page {
			return s.Get("/oidc/logout?" + url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {appBye}}.Encode())
		},
		"by an app that asks": func(s *webtest.AppSite, _ string) *webtest.Page {
			return s.Post("/oidc/signout", url.Values{"client_id": {"jira"}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := webtest.NewAppSite(t, storetest.Open(t))
			s.Oauth.Scopes = append(s.Oauth.Scopes, oidc.ScopeOfflineAccess)
			token, _ := s.SignIn(t, "user0")
			jira, browser := s.Oauth, s.Client
			s.Client = s.Browser()
			elsewhere, _ := s.SignIn(t, "user0")
			s.Client = browser
			s.OtherApp(t)
			second, _ := s.SignIn(t, "")
			code := s.Answer(t, s.Oauth.AuthCodeURL("state"), "").Get("code")

			hint, _ := token.Extra("id_token").(string)
			if res := signOut(s, hint); res.Status >= http.StatusBadRequest {
				t.Fatalf("answered %d: %s", res.Status, res.Text())
			}
			if _, err := s.Oauth.Exchange(context.Background(), code); webtest.RefusedWith(t, err) != "invalid_grant" {
				t.Errorf("a code: %v", err)
			}
			s.WantEnded(t, "the second app", second)
			s.Oauth = jira
			s.WantEnded(t, "the first app", token)
			if _, err := s.Refresh(elsewhere); err != nil {
				t.Errorf("another browser's session: %v", err)
			}
		})
	}
}

// Signing in again is going on: one sign-out ends what was given before, too.
func TestSigningInAgainAndOut(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	s.Client.Transport = laxCookies{}
	s.Oauth.Scopes = append(s.Oauth.Scopes, oidc.ScopeOfflineAccess)
	first, _ := s.SignIn(t, "user0")
	s.Now = s.Now.Add(time.Minute)
	second, _ := s.Exchange(t, s.Answer(t, s.Oauth.AuthCodeURL("state", oauth2.SetAuthURLParam("prompt", "login")), "user0").Get("code"))
	first, err := s.Refresh(first)
	if err != nil {
		t.Fatalf("signing in again: %v", err)
	}
	s.Post("/saml/aws/logout", nil)
	s.WantEnded(t, "before", first)
	s.WantEnded(t, "after", second)
}

// Who takes over a browser ends the session that was there, which nobody could
// sign out of any more.
func TestAnotherPersonSignsIn(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	s.Client.Transport = laxCookies{}
	s.Oauth.Scopes = append(s.Oauth.Scopes, oidc.ScopeOfflineAccess)
	first, _ := s.SignIn(t, "user0")
	s.Now = s.Now.Add(time.Minute)
	second, c := s.Exchange(t, s.Answer(t, s.Oauth.AuthCodeURL("state", oauth2.SetAuthURLParam("prompt", "select_account")), "user1").Get("code"))
	if c.Username != "user1" {
		t.Fatalf("signed in as %s", c.Username)
	}
	s.WantEnded(t, "the first person", first)
	if _, err := s.Refresh(second); err != nil {
		t.Errorf("the second person: %v", err)
	}
}

// A session from before sessions had a name gives apps nothing that a sign-out
// could not end: the person goes through AWS once more.
func TestSessionFromBeforeItHadAName(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	s.SignIn(t, "user0")
	site, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range s.Client.Jar.Cookies(site) {
		if c.Name != "postern-person" {
			continue
		}
		ctx, err := s.Persons.Load(context.Background(), c.Value)
		if err != nil {
			t.Fatal(err)
		}
		s.Persons.Remove(ctx, kit.KeyPersonGrants)
		if _, _, err := s.Persons.Commit(ctx); err != nil {
			t.Fatal(err)
		}
	}
	callback := s.Get(s.Oauth.AuthCodeURL("state")).Header.Get("Location")
	login := s.Get(callback).Header.Get("Location")
	if !strings.HasPrefix(login, "/saml/aws/login?") {
		t.Fatalf("leads to %q", login)
	}
	if to := s.Follow(t, login, "user0").Header.Get("Location"); !strings.Contains(to, "code=") {
		t.Errorf("after AWS: %q", to)
	}
}

// An ID token whose key is gone says nobody's name, so the person is asked.
func TestSignOutWithAnOldIDToken(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	token, _ := s.SignIn(t, "user0")
	hint, _ := token.Extra("id_token").(string)
	if err := s.Person.Provider.RotateKeys(context.Background(), storetest.Actor, true); err != nil {
		t.Fatal(err)
	}
	ask := url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {appBye}}
	if res := s.Get("/oidc/logout?" + ask.Encode()); res.Status != http.StatusBadRequest {
		t.Errorf("an app that does not say who it is: %d", res.Status)
	}
	ask.Set("client_id", "jira")
	res := s.Get("/oidc/logout?" + ask.Encode())
	if res.Status != http.StatusOK || res.Doc.Find("form").Length() != 1 || !strings.Contains(res.Text(), "Jira wants to sign you out") {
		t.Fatalf("answered %d: %s", res.Status, res.Text())
	}
	ask.Set("post_logout_redirect_uri", "https://evil.example/")
	if res := s.Get("/oidc/logout?" + ask.Encode()); res.Status != http.StatusBadRequest {
		t.Errorf("an address that is not registered: %d", res.Status)
	}
}

// Where somebody else is signed in, the question keeps which app it is about.
func TestSignOutOfSomebodyElse(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	token, _ := s.SignIn(t, "user0")
	hint, _ := token.Extra("id_token").(string)
	s.Client = s.Browser()
	s.SignIn(t, "user1")
	res := s.Get("/oidc/logout?" + url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {appBye}}.Encode())
	form := url.Values{}
	for _, input := range res.Doc.Find("form input").EachIter() {
		form.Set(input.AttrOr("name", ""), input.AttrOr("value", ""))
	}
	if form.Get("client_id") != "jira" {
		t.Errorf("the form says %v", form)
	}
	res = s.Post(res.Doc.Find("form").AttrOr("action", ""), form)
	if res.Doc.Find("a.btn").AttrOr("href", "") != appBye {
		t.Errorf("after the confirmation: %d %s", res.Status, res.Text())
	}
}
