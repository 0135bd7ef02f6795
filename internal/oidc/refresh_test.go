package oidc_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/postern-sso/postern/internal/model"
	provider "github.com/postern-sso/postern/internal/oidc"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// A refresh token is given to who asks for one, and to nobody else.
func TestRefreshTokensAreAskedFor(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	if token, _ := s.signIn("user0"); token.RefreshToken != "" {
		t.Error("a refresh token that nobody asked for")
	}
	s.oauth.Scopes = append(s.oauth.Scopes, oidc.ScopeOfflineAccess)
	if token, _ := s.signIn("user0"); token.RefreshToken == "" {
		t.Error("no refresh token with offline_access")
	}
}

func TestRefreshTokens(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	ctx := context.Background()
	s.oauth.Scopes = append(s.oauth.Scopes, oidc.ScopeOfflineAccess)
	s.life = 12 * time.Hour
	first, c := s.signIn("user0")
	second, err := s.refresh(first)
	if err != nil || second.RefreshToken == first.RefreshToken || second.RefreshToken == "" {
		t.Fatalf("the first refresh: %v %v", second, err)
	}
	raw, _ := second.Extra("id_token").(string)
	if id, err := s.verifier.Verify(ctx, raw); err != nil || id.Subject != c.Subject {
		t.Errorf("the new ID token: %v", err)
	}
	if err := s.userinfo(second); err != nil {
		t.Error(err)
	}
	// The first one again: somebody has stolen it, so everything ends.
	if _, err := s.refresh(first); s.refused(err) != "invalid_grant" {
		t.Errorf("used twice: %v", err)
	}
	s.wantEnded("after the replay", second)
	// It lasts from the sign-in, however often it is refreshed.
	third, _ := s.signIn("user0")
	s.now = s.now.Add(7 * time.Hour)
	if third, err = s.refresh(third); err != nil {
		t.Fatal(err)
	}
	s.now = s.now.Add(7 * time.Hour)
	if _, err := s.refresh(third); s.refused(err) != "invalid_grant" {
		t.Errorf("after 14 hours: %v", err)
	}
}

// Refreshing adds nothing to the session, however late the app came.
func TestRefreshTokensEndWithTheSession(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	s.oauth.Scopes = append(s.oauth.Scopes, oidc.ScopeOfflineAccess)
	s.life = 12 * time.Hour
	s.signInAs("user0")
	s.now = s.now.Add(7 * time.Hour)
	token, _ := s.signIn("")
	s.now = s.now.Add(5*time.Hour - time.Second)
	token, err := s.refresh(token)
	if err != nil {
		t.Fatalf("a second before the session ends: %v", err)
	}
	s.now = s.now.Add(time.Second)
	s.wantEnded("when the session is over", token)
	if _, err := s.store.Token(context.Background(), model.TokenRefresh, token.RefreshToken, s.now); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the refresh token is kept for longer: %v", err)
	}
}

// A replay is seen for as long as what the code gave is good.
func TestLateReplay(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	s.life = 12 * time.Hour
	s.oauth.Scopes = append(s.oauth.Scopes, oidc.ScopeOfflineAccess)
	code := s.code()
	token, _ := s.exchange(code)
	s.now = s.now.Add(3 * time.Hour)
	if _, err := s.store.Sweep(context.Background(), s.now, store.Retention{XML: time.Hour}); err != nil {
		t.Fatal(err)
	}
	token, err := s.refresh(token)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.oauth.Exchange(context.Background(), code); s.refused(err) != "invalid_grant" {
		t.Errorf("the code again: %v", err)
	}
	s.wantEnded("after the replay", token)
}

// An app may ask for fewer scopes and have them all again later, but for no more.
func TestRefreshedScopes(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	all := []string{"openid", "profile", "offline_access"}
	s.oauth.Scopes = all
	token, _ := s.signIn("user0")
	ask := func(refresh, scope string) (status int, access, next string) {
		res := s.post(provider.TokenPath, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}, "scope": {scope},
			"client_id": {"jira"}, "client_secret": {s.oauth.ClientSecret}})
		var got struct {
			Access  string `json:"access_token"`
			Refresh string `json:"refresh_token"`
		}
		s.must(json.Unmarshal([]byte(res.body), &got))
		return res.status, got.Access, got.Refresh
	}
	if status, _, _ := ask(token.RefreshToken, "openid email"); status != http.StatusBadRequest {
		t.Errorf("more than was granted: %d", status)
	}
	refresh := token.RefreshToken
	for _, c := range []struct {
		scope string
		want  []string
	}{{"openid", []string{"openid"}}, {"", all}} {
		status, access, next := ask(refresh, c.scope)
		got, err := s.store.Token(context.Background(), model.TokenAccess, access, s.now)
		if status != http.StatusOK || err != nil || !slices.Equal(got.Scopes, c.want) {
			t.Errorf("%q: %d with the scopes %q, %v", c.scope, status, got.Scopes, err)
		}
		refresh = next
	}
}
