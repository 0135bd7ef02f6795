package oidc_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/postern-sso/postern/internal/model"
	provider "github.com/postern-sso/postern/internal/oidc"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// signOut reads an app's request to sign somebody out.
func (s *site) signOut(query url.Values) (provider.Logout, error) {
	s.t.Helper()
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, provider.LogoutPath+"?"+query.Encode(), nil)
	return s.ParseLogout(r)
}

// idToken is one of the app for somebody.
func (s *site) idToken(username string) string {
	s.t.Helper()
	s.newBrowser()
	token, _ := s.signIn(username)
	raw, _ := token.Extra("id_token").(string)
	return raw
}

// An app is believed whom it means when its own ID token says so, and nobody is
// sent to an address that is not the app's.
func TestSignOutOfAnApp(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	hint := s.idToken("user0")
	u, err := s.store.User(context.Background(), "user0")
	s.must(err)
	s.otherApp()
	foreign := s.idToken("user0")
	jira := func(user, to string) provider.Logout {
		return provider.Logout{App: "jira", AppName: "Jira", UserID: user, RedirectURI: to}
	}
	for name, c := range map[string]struct {
		query url.Values
		want  provider.Logout
	}{
		"nothing":           {url.Values{}, provider.Logout{}},
		"the app":           {url.Values{"client_id": {"jira"}}, jira("", "")},
		"an address":        {url.Values{"client_id": {"jira"}, "post_logout_redirect_uri": {appBye}}, jira("", appBye)},
		"with state":        {url.Values{"client_id": {"jira"}, "post_logout_redirect_uri": {appBye}, "state": {"s&"}}, jira("", appBye+"?state=s%26")},
		"state alone":       {url.Values{"client_id": {"jira"}, "state": {"s"}}, jira("", "")},
		"its ID token":      {url.Values{"id_token_hint": {hint}}, jira(u.ID, "")},
		"both":              {url.Values{"id_token_hint": {hint}, "client_id": {"jira"}}, jira(u.ID, "")},
		"a token of nobody": {url.Values{"id_token_hint": {"e30.e30.e30"}, "client_id": {"jira"}}, jira("", "")},
	} {
		if got, err := s.signOut(c.query); err != nil || got != c.want {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, c.want)
		}
	}
	s.must(s.store.CreateApp(context.Background(), storetest.Actor,
		model.App{Slug: "crowd", Kind: model.AppCrowd, Name: "Crowd", PostLogoutURIs: []string{appBye}}))
	for name, query := range map[string]url.Values{
		"foreign address":             {"client_id": {"jira"}, "post_logout_redirect_uri": {"https://evil.example/"}},
		"longer address":              {"client_id": {"jira"}, "post_logout_redirect_uri": {appBye + "/x"}},
		"address of a sign-in":        {"client_id": {"jira"}, "post_logout_redirect_uri": {appCallback}},
		"foreign address, ID token":   {"id_token_hint": {hint}, "post_logout_redirect_uri": {"https://evil.example/"}},
		"foreign address, bad token":  {"client_id": {"jira"}, "id_token_hint": {"e30.e30.e30"}, "post_logout_redirect_uri": {"https://evil.example/"}},
		"address, bad token, no name": {"id_token_hint": {"e30.e30.e30"}, "post_logout_redirect_uri": {appBye}},
		"unknown client":              {"client_id": {"nobody"}},
		"unknown client, ID token":    {"client_id": {"nobody"}, "id_token_hint": {hint}},
		"another app's ID token":      {"client_id": {"jira"}, "id_token_hint": {foreign}},
		"an app of Crowd":             {"client_id": {"crowd"}, "post_logout_redirect_uri": {appBye}},
	} {
		if got, err := s.signOut(query); err == nil || got != (provider.Logout{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// forged is an ID token as the app has them, with a change, signed by a key of
// the test's choice.
func (s *site) forged(der []byte, kid string, change func(map[string]any)) string {
	s.t.Helper()
	key, err := x509.ParsePKCS8PrivateKey(der)
	s.must(err)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, nil)
	s.must(err)
	u, err := s.store.User(context.Background(), "user0")
	s.must(err)
	now := time.Now()
	claims := map[string]any{"iss": s.url, "sub": u.ID, "aud": []string{"jira"}, "azp": "jira",
		"iat": now.Unix(), "auth_time": now.Unix(), "exp": now.Add(time.Minute).Unix()}
	if change != nil {
		change(claims)
	}
	data, err := json.Marshal(claims)
	s.must(err)
	signed, err := signer.Sign(data)
	s.must(err)
	raw, err := signed.CompactSerialize()
	s.must(err)
	return raw
}

// An ID token says whom it is about after it has expired, too; one that was not
// signed here, or is from elsewhere, says nobody's name, and is no hint whom an
// app expects either.
func TestWhichIDTokensAreBelieved(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	ders, err := keys()
	s.must(err)
	foreign, err := rsa.GenerateKey(rand.Reader, 2048)
	s.must(err)
	stranger, err := x509.MarshalPKCS8PrivateKey(foreign)
	s.must(err)
	for name, c := range map[string]struct {
		token    string
		believed bool
	}{
		"signed here":     {s.forged(ders[0], "key0", nil), true},
		"by the next key": {s.forged(ders[1], "key1", nil), true},
		"expired": {s.forged(ders[0], "key0", func(c map[string]any) {
			c["exp"], c["iat"] = time.Now().Add(-time.Hour).Unix(), time.Now().Add(-2*time.Hour).Unix()
		}), true},
		"signed elsewhere":  {s.forged(stranger, "key0", nil), false},
		"by an unknown key": {s.forged(stranger, "key9", nil), false},
		"of another issuer": {s.forged(ders[0], "key0", func(c map[string]any) { c["iss"] = "https://evil.example" }), false},
		"not signed":        {"eyJhbGciOiJub25lIn0." + strings.Split(s.forged(ders[0], "key0", nil), ".")[1] + ".", false},
	} {
		got, err := s.signOut(url.Values{"id_token_hint": {c.token}, "client_id": {"jira"}})
		if err != nil || (got.UserID != "") != c.believed {
			t.Errorf("%s: a sign-out of %+v, %v", name, got, err)
		}
		if _, err := s.signOut(url.Values{"id_token_hint": {c.token}}); (err == nil) != c.believed {
			t.Errorf("%s: a sign-out of an app that does not say who it is: %v", name, err)
		}
		form := goodRequest()
		form.Set("id_token_hint", c.token)
		if to := s.get(provider.AuthorizePath + "?" + form.Encode()).location(); strings.HasPrefix(to, provider.CallbackPath) != c.believed {
			t.Errorf("%s: an authorization leads to %q", name, to)
		}
	}
}

// When its key is gone an ID token says nobody's name.
func TestSignOutWithAnOldIDToken(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	hint := s.idToken("user0")
	ask := url.Values{"id_token_hint": {hint}, "client_id": {"jira"}, "post_logout_redirect_uri": {appBye}}
	if got, err := s.signOut(ask); err != nil || got.UserID == "" {
		t.Errorf("%+v, %v", got, err)
	}
	s.must(s.RotateKeys(context.Background(), storetest.Actor, true))
	if got, err := s.signOut(ask); err != nil || got.UserID != "" || got.RedirectURI != appBye {
		t.Errorf("its key is gone: %+v, %v", got, err)
	}
	ask.Del("client_id")
	if got, err := s.signOut(ask); err == nil {
		t.Errorf("its key is gone, and which app it is is not said: %+v", got)
	}
}

// Why a sign-out was refused is noted where the app is known; else in the audit.
func TestRefusedSignOutsAreNoted(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	own, other := s.oauth, s.verifier
	s.otherApp()
	hint := s.idToken("user0")
	s.oauth, s.verifier = own, other
	for want, v := range map[string]url.Values{
		"not registered: https://evil.example/": {"client_id": {"jira"}, "post_logout_redirect_uri": {"https://evil.example/"}},
		"another app's ID token":                {"client_id": {"jira"}, "id_token_hint": {hint}},
	} {
		s.now = s.now.Add(time.Second)
		if _, err := s.signOut(v); err == nil {
			t.Errorf("%v is not refused", v)
		}
		if last := s.noted(); !strings.Contains(last.RefusedWhy, want) || last.RefusedError != "invalid_request" || last.RefusedAddr != "192.0.2.1" {
			t.Errorf("%+v, want %q", last, want)
		}
	}
	if _, err := s.signOut(url.Values{"client_id": {"nobody"}}); err == nil {
		t.Error("an unknown client is not refused")
	}
	entries, _, err := s.store.Audit(context.Background(), store.AuditQuery{Object: "nobody"})
	if err != nil || len(entries) != 1 || entries[0].Actor != "unknown app" {
		t.Errorf("audited %+v, %v", entries, err)
	}
}
