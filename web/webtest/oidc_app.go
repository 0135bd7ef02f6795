package webtest

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
	"github.com/postern-sso/postern/web/kit"
)

// AppSite is a site with a live connection, the app "jira", and coreos/go-oidc
// as that app.
type AppSite struct {
	*SamlSite
	Oauth    oauth2.Config
	verifier *oidc.IDTokenVerifier
	Op       *oidc.Provider
}

func NewAppSite(t testing.TB, st *store.Store, options ...func(*kit.Options)) *AppSite {
	t.Helper()
	s := &AppSite{SamlSite: NewSAMLSite(t, st, nil, options...)}
	storetest.Group(t, st, "jira-users")
	storetest.Group(t, st, "hidden")
	app := model.App{Slug: "jira", Kind: model.AppOIDC, Name: "Jira", RedirectURIs: []string{AppCallback},
		PostLogoutURIs: []string{"https://jira.example.com/bye"}, Groups: []string{"jira-users"}}
	if err := st.CreateApp(context.Background(), storetest.Actor, app); err != nil {
		t.Fatal(err)
	}
	op, err := oidc.NewProvider(context.Background(), s.URL)
	if err != nil {
		t.Fatal(err)
	}
	s.Op = op
	s.verifier = op.Verifier(&oidc.Config{ClientID: "jira"})
	s.Oauth = oauth2.Config{ClientID: "jira", ClientSecret: s.newSecret(t, "jira"), Endpoint: op.Endpoint(),
		RedirectURL: AppCallback, Scopes: []string{oidc.ScopeOpenID, "profile", "email", "groups"}}
	return s
}

// LongSessions lets AWS say that sessions last twelve hours, the longest there is.
func (s *AppSite) LongSessions(t testing.TB) {
	t.Helper()
	s.sessionsLast(t, 12*time.Hour)
}

// sessionsLast lets AWS say how long sessions last.
func (s *AppSite) sessionsLast(t testing.TB, d time.Duration) {
	t.Helper()
	err := s.Sim.UpdateSettings(func(set *awssim.Settings) {
		for i := range set.Applications {
			set.Applications[i].SessionDuration = d
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (s *AppSite) newSecret(t testing.TB, app string) string {
	t.Helper()
	secret := seal.NewSecret()
	if err := s.Store.AddAppSecret(context.Background(), storetest.Actor, app, secret.Hash, secret.Hint); err != nil {
		t.Fatal(err)
	}
	return secret.Value
}

// Follow goes where the site sends the browser, through the simulated AWS as
// username, and returns the first answer that is no redirect of these two.
func (s *AppSite) Follow(t testing.TB, to, username string) *Page {
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
			m, err := s.Sim.SignIn(s.App, username, inflate(t, next.Query().Get("SAMLRequest")), next.Query().Get("RelayState"))
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

// Answer is what the app gets at its redirect address.
func (s *AppSite) Answer(t testing.TB, authURL, username string) url.Values {
	t.Helper()
	res := s.Follow(t, authURL, username)
	to := res.Header.Get("Location")
	if !strings.HasPrefix(to, AppCallback+"?") {
		t.Fatalf("answered %d to %q: %s", res.Status, to, res.Text())
	}
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

// Claims are those of an ID token that the Atlassian apps look at.
type Claims struct {
	Subject  string    `json:"sub"`
	Username string    `json:"preferred_username"`
	Name     string    `json:"name"`
	Email    string    `json:"email"`
	Verified bool      `json:"email_verified"`
	Groups   *[]string `json:"groups"`
	AuthTime int64     `json:"auth_time"`
	ACR      string    `json:"acr"`
}

// Exchange redeems a code and verifies the ID token.
func (s *AppSite) Exchange(t testing.TB, code string, opts ...oauth2.AuthCodeOption) (*oauth2.Token, Claims) {
	t.Helper()
	token, err := s.Oauth.Exchange(context.Background(), code, opts...)
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
	var c Claims
	if err := id.Claims(&c); err != nil {
		t.Fatal(err)
	}
	return token, c
}

// SignIn is a whole sign-in of the app.
func (s *AppSite) SignIn(t testing.TB, username string) (*oauth2.Token, Claims) {
	t.Helper()
	return s.Exchange(t, s.Answer(t, s.Oauth.AuthCodeURL("state"), username).Get("code"))
}

// RefusedWith is the protocol's error for an exchange.
func RefusedWith(t testing.TB, err error) string {
	t.Helper()
	refused, ok := err.(*oauth2.RetrieveError) //nolint:errorlint // the client returns it as it is
	if !ok {
		t.Fatalf("not refused: %v", err)
	}
	return refused.ErrorCode
}
