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

	"github.com/postern-sso/postern/internal/awssim"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/seal"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

// appSite is a site with a live connection, the app "jira", and coreos/go-oidc
// as that app.
type appSite struct {
	*samlSite
	oauth    oauth2.Config
	verifier *oidc.IDTokenVerifier
	op       *oidc.Provider
}

func newAppSite(t testing.TB, st *store.Store) *appSite {
	t.Helper()
	s := &appSite{samlSite: newSAMLSite(t, st, nil)}
	storetest.Group(t, st, "jira-users")
	storetest.Group(t, st, "hidden")
	app := model.App{Slug: "jira", Kind: model.AppOIDC, Name: "Jira", RedirectURIs: []string{appCallback},
		PostLogoutURIs: []string{"https://jira.example.com/bye"}, Groups: []string{"jira-users"}}
	if err := st.CreateApp(context.Background(), storetest.Actor, app); err != nil {
		t.Fatal(err)
	}
	op, err := oidc.NewProvider(context.Background(), s.URL)
	if err != nil {
		t.Fatal(err)
	}
	s.op = op
	s.verifier = op.Verifier(&oidc.Config{ClientID: "jira"})
	s.oauth = oauth2.Config{ClientID: "jira", ClientSecret: s.newSecret(t, "jira"), Endpoint: op.Endpoint(),
		RedirectURL: appCallback, Scopes: []string{oidc.ScopeOpenID, "profile", "email", "groups"}}
	return s
}

// longSessions lets AWS say that sessions last twelve hours, the longest there is.
func (s *appSite) longSessions(t testing.TB) {
	t.Helper()
	s.sessionsLast(t, 12*time.Hour)
}

// sessionsLast lets AWS say how long sessions last.
func (s *appSite) sessionsLast(t testing.TB, d time.Duration) {
	t.Helper()
	err := s.sim.UpdateSettings(func(set *awssim.Settings) {
		for i := range set.Applications {
			set.Applications[i].SessionDuration = d
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (s *appSite) newSecret(t testing.TB, app string) string {
	t.Helper()
	secret := seal.NewSecret()
	if err := s.Store.AddAppSecret(context.Background(), storetest.Actor, app, secret.Hash, secret.Hint); err != nil {
		t.Fatal(err)
	}
	return secret.Value
}

// follow goes where the site sends the browser, through the simulated AWS as
// username, and returns the first answer that is no redirect of these two.
func (s *appSite) follow(t testing.TB, to, username string) *webtest.Page {
	t.Helper()
	for range 10 {
		res := s.Get(to)
		if res.Status/100 != 3 {
			return res
		}
		next, err := url.Parse(res.Header.Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case next.Query().Has("SAMLRequest"):
			if username == "" {
				t.Fatal("the person was sent to AWS")
			}
			m, err := s.sim.SignIn(s.app, username, webtest.Inflate(t, next.Query().Get("SAMLRequest")), next.Query().Get("RelayState"))
			if err != nil {
				t.Fatal(err)
			}
			res = s.Post("/saml/aws/acs", url.Values{"SAMLResponse": {m.SAMLResponse()}, "RelayState": {m.RelayState}})
			if res.Status != http.StatusSeeOther {
				return res
			}
			to = res.Header.Get("Location")
		case next.Host == "" || strings.HasPrefix(next.String(), s.URL):
			to = next.String()
		default:
			return res
		}
	}
	t.Fatal("the way to the app has no end")
	return nil
}

// answer is what the app gets at its redirect address.
func (s *appSite) answer(t testing.TB, authURL, username string) url.Values {
	t.Helper()
	res := s.follow(t, authURL, username)
	to := res.Header.Get("Location")
	if !strings.HasPrefix(to, appCallback+"?") {
		t.Fatalf("answered %d to %q: %s", res.Status, to, res.Text())
	}
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

// claims are those of an ID token that the Atlassian apps look at.
type claims struct {
	Subject  string    `json:"sub"`
	Username string    `json:"preferred_username"`
	Name     string    `json:"name"`
	Email    string    `json:"email"`
	Verified bool      `json:"email_verified"`
	Groups   *[]string `json:"groups"`
	AuthTime int64     `json:"auth_time"`
	ACR      string    `json:"acr"`
}

// exchange redeems a code and verifies the ID token.
func (s *appSite) exchange(t testing.TB, code string, opts ...oauth2.AuthCodeOption) (*oauth2.Token, claims) {
	t.Helper()
	token, err := s.oauth.Exchange(context.Background(), code, opts...)
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := s.verifier.Verify(context.Background(), raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := id.VerifyAccessToken(token.AccessToken); err != nil {
		t.Error(err)
	}
	var c claims
	if err := id.Claims(&c); err != nil {
		t.Fatal(err)
	}
	return token, c
}

// signIn is a whole sign-in of the app.
func (s *appSite) signIn(t testing.TB, username string) (*oauth2.Token, claims) {
	t.Helper()
	return s.exchange(t, s.answer(t, s.oauth.AuthCodeURL("state"), username).Get("code"))
}

// refusedWith is the protocol's error for an exchange.
func refusedWith(t testing.TB, err error) string {
	t.Helper()
	refused, ok := err.(*oauth2.RetrieveError) //nolint:errorlint // the client returns it as it is
	if !ok {
		t.Fatalf("not refused: %v", err)
	}
	return refused.ErrorCode
}
