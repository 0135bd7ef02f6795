package web_test

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
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/webtest"
)

const appBye = "https://jira.example.com/bye"

// refresh is what an app does when its access token is old.
func (s *appSite) refresh(token *oauth2.Token) (*oauth2.Token, error) {
	return s.oauth.TokenSource(context.Background(), &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
}

// wantEnded holds for tokens of a session that is over.
func (s *appSite) wantEnded(t testing.TB, what string, token *oauth2.Token) {
	t.Helper()
	if _, err := s.op.UserInfo(context.Background(), oauth2.StaticTokenSource(token)); err == nil {
		t.Errorf("%s: userinfo answers", what)
	}
	if _, err := s.refresh(token); refusedWith(t, err) != "invalid_grant" {
		t.Errorf("%s: the refresh token: %v", what, err)
	}
}

// otherApp goes on as another app, at the same address.
func (s *appSite) otherApp(t testing.TB) {
	t.Helper()
	app := model.App{Slug: "wiki", Kind: model.AppOIDC, Name: "Wiki", RedirectURIs: []string{appCallback}, AllGroups: true}
	if err := s.Store.CreateApp(context.Background(), storetest.Actor, app); err != nil {
		t.Fatal(err)
	}
	s.oauth.ClientID, s.oauth.ClientSecret = "wiki", s.newSecret(t, "wiki")
	s.verifier = s.op.Verifier(&oidc.Config{ClientID: "wiki"})
}

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
	for name, signOut := range map[string]func(s *appSite, hint string) *webtest.Page{
		"here": func(s *appSite, _ string) *webtest.Page { return s.Post("/saml/aws/logout", nil) },
		"by an app": func(s *appSite, hint string) *webtest.Page {
			return s.Get("/oidc/logout?" + url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {appBye}}.Encode())
		},
		"by an app that asks": func(s *appSite, _ string) *webtest.Page {
			return s.Post("/oidc/signout", url.Values{"client_id": {"jira"}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newAppSite(t, storetest.Open(t))
			s.oauth.Scopes = append(s.oauth.Scopes, oidc.ScopeOfflineAccess)
			token, _ := s.signIn(t, "user0")
			jira, browser := s.oauth, s.Client
			s.Client = s.Browser()
			elsewhere, _ := s.signIn(t, "user0")
			s.Client = browser
			s.otherApp(t)
			second, _ := s.signIn(t, "")
			code := s.answer(t, s.oauth.AuthCodeURL("state"), "").Get("code")

			hint, _ := token.Extra("id_token").(string)
			if res := signOut(s, hint); res.Status >= http.StatusBadRequest {
				t.Fatalf("answered %d: %s", res.Status, res.Text())
			}
			if _, err := s.oauth.Exchange(context.Background(), code); refusedWith(t, err) != "invalid_grant" {
				t.Errorf("a code: %v", err)
			}
			s.wantEnded(t, "the second app", second)
			s.oauth = jira
			s.wantEnded(t, "the first app", token)
			if _, err := s.refresh(elsewhere); err != nil {
				t.Errorf("another browser's session: %v", err)
			}
		})
	}
}

// Signing in again is going on: one sign-out ends what was given before, too.
func TestSigningInAgainAndOut(t *testing.T) {
	t.Parallel()
	s := newAppSite(t, storetest.Open(t))
	s.Client.Transport = laxCookies{}
	s.oauth.Scopes = append(s.oauth.Scopes, oidc.ScopeOfflineAccess)
	first, _ := s.signIn(t, "user0")
	s.Now = s.Now.Add(time.Minute)
	second, _ := s.exchange(t, s.answer(t, s.oauth.AuthCodeURL("state", oauth2.SetAuthURLParam("prompt", "login")), "user0").Get("code"))
	first, err := s.refresh(first)
	if err != nil {
		t.Fatalf("signing in again: %v", err)
	}
	s.Post("/saml/aws/logout", nil)
	s.wantEnded(t, "before", first)
	s.wantEnded(t, "after", second)
}

// Who takes over a browser ends the session that was there, which nobody could
// sign out of any more.
func TestAnotherPersonSignsIn(t *testing.T) {
	t.Parallel()
	s := newAppSite(t, storetest.Open(t))
	s.Client.Transport = laxCookies{}
	s.oauth.Scopes = append(s.oauth.Scopes, oidc.ScopeOfflineAccess)
	first, _ := s.signIn(t, "user0")
	s.Now = s.Now.Add(time.Minute)
	second, c := s.exchange(t, s.answer(t, s.oauth.AuthCodeURL("state", oauth2.SetAuthURLParam("prompt", "select_account")), "user1").Get("code"))
	if c.Username != "user1" {
		t.Fatalf("signed in as %s", c.Username)
	}
	s.wantEnded(t, "the first person", first)
	if _, err := s.refresh(second); err != nil {
		t.Errorf("the second person: %v", err)
	}
}

// A session from before sessions had a name gives apps nothing that a sign-out
// could not end: the person goes through AWS once more.
func TestSessionFromBeforeItHadAName(t *testing.T) {
	t.Parallel()
	s := newAppSite(t, storetest.Open(t))
	s.signIn(t, "user0")
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
	callback := s.Get(s.oauth.AuthCodeURL("state")).Header.Get("Location")
	login := s.Get(callback).Header.Get("Location")
	if !strings.HasPrefix(login, "/saml/aws/login?") {
		t.Fatalf("leads to %q", login)
	}
	if to := s.follow(t, login, "user0").Header.Get("Location"); !strings.Contains(to, "code=") {
		t.Errorf("after AWS: %q", to)
	}
}

// An ID token whose key is gone says nobody's name, so the person is asked.
func TestSignOutWithAnOldIDToken(t *testing.T) {
	t.Parallel()
	s := newAppSite(t, storetest.Open(t))
	token, _ := s.signIn(t, "user0")
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
	s := newAppSite(t, storetest.Open(t))
	token, _ := s.signIn(t, "user0")
	hint, _ := token.Extra("id_token").(string)
	s.Client = s.Browser()
	s.signIn(t, "user1")
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

func TestRefusedSignOutsAreNoted(t *testing.T) {
	t.Parallel()
	s := newAppSite(t, storetest.Open(t))
	s.otherApp(t)
	token, _ := s.signIn(t, "user0")
	hint, _ := token.Extra("id_token").(string)
	for want, v := range map[string]url.Values{
		"not registered":         {"client_id": {"jira"}, "post_logout_redirect_uri": {"https://evil.example/"}},
		"another app's ID token": {"client_id": {"jira"}, "id_token_hint": {hint}},
	} {
		s.Now = s.Now.Add(time.Second)
		s.Get("/oidc/logout?" + v.Encode())
		last, err := s.Store.AppSignInsOf(context.Background(), "jira")
		if err != nil || !strings.Contains(last.RefusedWhy, want) {
			t.Errorf("%+v, want %q: %v", last, want, err)
		}
	}
}
