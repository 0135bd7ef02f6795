package oidc_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/postern-sso/postern/internal/model"
	provider "github.com/postern-sso/postern/internal/oidc"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// An app is told who somebody is, and of their groups those that it may see: in
// the ID token and by userinfo, as things are at that moment.
func TestClaims(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	ctx := context.Background()
	s.oauth.Scopes = []string{oidc.ScopeOpenID, oidc.ScopeOfflineAccess} // every claim, whatever the scopes
	verifier := oauth2.GenerateVerifier()
	got := s.answer(s.oauth.AuthCodeURL("a state&=", oidc.Nonce("n"), oauth2.S256ChallengeOption(verifier)), "user0")
	if got.Get("state") != "a state&=" {
		t.Errorf("state %q", got.Get("state"))
	}
	token, c := s.exchange(got.Get("code"), oauth2.VerifierOption(verifier))
	u, err := s.store.User(ctx, "user0")
	s.must(err)
	if c.Subject != u.ID || c.Username != "user0" || c.Email != u.Email || !c.Verified || c.Name != "user0" || c.Nonce != "n" || c.ACR != acr ||
		c.AuthTime != s.now.Unix() {
		t.Errorf("claims %+v of %+v", c, u)
	}
	if c.Groups == nil || len(*c.Groups) != 0 {
		t.Errorf("groups %v, want an empty list", c.Groups)
	}
	if last := s.noted(); last.WorkedUser != u.Username || last.WorkedAt.IsZero() || !last.RefusedAt.IsZero() {
		t.Errorf("noted %+v", last)
	}

	for _, group := range []string{"jira-users", "hidden"} {
		s.must(s.store.AddMember(ctx, storetest.Actor, group, u.Username))
	}
	_, err = s.store.UpdateUser(ctx, storetest.Actor, "user0", func(u *model.User) error {
		u.FirstName, u.LastName, u.Email = "Ana", "Díaz", ""
		return nil
	})
	s.must(err)
	told := func() (all []claims) {
		t.Helper()
		info, err := s.op.UserInfo(ctx, oauth2.StaticTokenSource(token))
		s.must(err)
		var c claims
		s.must(info.Claims(&c))
		all = append(all, c)
		token, err = s.refresh(token)
		s.must(err)
		raw, _ := token.Extra("id_token").(string)
		id, err := s.verifier.Verify(ctx, raw)
		s.must(err)
		c = claims{}
		s.must(id.Claims(&c))
		return append(all, c)
	}
	for i, c := range told() {
		if c.Subject != u.ID || c.Groups == nil || !slices.Equal(*c.Groups, []string{"jira-users"}) || c.Name != "Ana Díaz" || c.FirstName != "Ana" ||
			c.Email != "" || c.Verified {
			t.Errorf("%d: %+v with groups %v", i, c, c.Groups)
		}
	}
	s.change(func(a *model.App) { a.AllGroups, a.Groups = true, nil })
	_, err = s.store.UpdateUser(ctx, storetest.Actor, "user0", func(u *model.User) error { u.DisplayName = "A. D."; return nil })
	s.must(err)
	for i, c := range told() {
		if c.Groups == nil || !slices.Equal(*c.Groups, []string{"hidden", "jira-users"}) || c.Name != "A. D." {
			t.Errorf("%d, all groups: %+v with groups %v", i, c, c.Groups)
		}
	}
}

// Addresses are kept in logs and histories, so a token in one is not looked at.
func TestUserinfoTakesNoTokenFromTheAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	token, _ := s.signIn("user0")
	query := url.Values{"access_token": {token.AccessToken}}
	for name, r := range map[string]*http.Request{
		"GET":  httptest.NewRequestWithContext(context.Background(), http.MethodGet, provider.UserinfoPath+"?"+query.Encode(), nil),
		"POST": post(provider.UserinfoPath+"?"+query.Encode(), formType, ""),
	} {
		if res := s.send(r); res.status != http.StatusUnauthorized {
			t.Errorf("%s: %d %s", name, res.status, res.body)
		}
	}
	if res := s.send(post(provider.UserinfoPath, formType, query.Encode())); res.status != http.StatusOK {
		t.Errorf("in the form: %d %s", res.status, res.body)
	}
}

func TestUserinfoIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	s.oauth.Scopes = append(s.oauth.Scopes, oidc.ScopeOfflineAccess)
	token, _ := s.signIn("user0")
	raw, _ := token.Extra("id_token").(string)
	for _, header := range []string{"", "Bearer", "Bearer ", "Bearer x", "Bearer \x00", "Basic eDp5", "Basic " + token.AccessToken,
		"Bearer " + token.RefreshToken, "Bearer " + raw, "Bearer " + strings.Repeat("x", 100_000)} {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, provider.UserinfoPath, nil)
		r.Header.Set("Authorization", header)
		res := s.send(r)
		if res.status != http.StatusUnauthorized || !strings.HasPrefix(res.header.Get("WWW-Authenticate"), "Bearer ") {
			t.Errorf("%.20q: %d %s", header, res.status, res.body)
		}
		// Who sent no token is told of no error (RFC 6750, section 3.1).
		sent := strings.HasPrefix(header, "Bearer ") && header != "Bearer "
		if sent != strings.Contains(res.header.Get("WWW-Authenticate"), `error="invalid_token"`) || sent != strings.Contains(res.body, "invalid_token") {
			t.Errorf("%.20q: %q and %s", header, res.header.Get("WWW-Authenticate"), res.body)
		}
	}
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, provider.UserinfoPath, nil)
	r.Header.Set("Authorization", "bearer "+token.AccessToken)
	if res := s.send(r); res.status != http.StatusOK {
		t.Errorf("the right token: %d %s", res.status, res.body)
	}
	// Nor is an access token good for more tokens.
	token.RefreshToken = token.AccessToken
	if _, err := s.refresh(token); s.refused(err) != "invalid_grant" {
		t.Errorf("an access token as a refresh token: %v", err)
	}
}

func TestRevocation(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	s.oauth.Scopes = append(s.oauth.Scopes, oidc.ScopeOfflineAccess)
	token, _ := s.signIn("user0")
	revoke := func(value, client, secret string) int {
		t.Helper()
		return s.post(provider.RevokePath, url.Values{"token": {value}, "client_id": {client}, "client_secret": {secret}}).status
	}
	jira := s.oauth.ClientSecret
	if status := revoke(token.AccessToken, "jira", "wrong"); status != http.StatusUnauthorized {
		t.Errorf("with a wrong secret: %d", status)
	}
	if status := revoke("", "jira", jira); status != http.StatusBadRequest {
		t.Errorf("no token: %d", status)
	}
	if status := revoke("unknown", "jira", jira); status != http.StatusOK {
		t.Errorf("an unknown token: %d", status)
	}
	own := s.oauth
	s.otherApp()
	for _, value := range []string{token.AccessToken, token.RefreshToken} {
		if status := revoke(value, "wiki", s.oauth.ClientSecret); status != http.StatusOK {
			t.Errorf("another app's token: %d", status)
		}
	}
	s.oauth = own
	if err := s.userinfo(token); err != nil {
		t.Errorf("another app revoked it: %v", err)
	}
	if status := revoke(token.AccessToken, "jira", jira); status != http.StatusOK {
		t.Errorf("its own token: %d", status)
	}
	if s.userinfo(token) == nil {
		t.Error("the access token outlived its revocation")
	}
	fresh, err := s.refresh(token)
	if err != nil {
		t.Fatalf("the refresh token ended with the access token: %v", err)
	}
	if status := revoke(fresh.RefreshToken, "jira", jira); status != http.StatusOK {
		t.Errorf("the refresh token: %d", status)
	}
	s.wantEnded("after the refresh token was revoked", fresh)
}
