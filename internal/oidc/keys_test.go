package oidc_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	provider "github.com/postern-sso/postern/internal/oidc"
	"github.com/postern-sso/postern/internal/store/storetest"
)

func TestDiscovery(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	var got map[string]any
	s.must(s.op.Claims(&got))
	for name, want := range map[string]any{
		"issuer": s.url, "authorization_endpoint": s.url + "/oidc/authorize", "token_endpoint": s.url + "/oidc/token",
		"userinfo_endpoint": s.url + "/oidc/userinfo", "jwks_uri": s.url + "/oidc/keys",
		"end_session_endpoint": s.url + "/oidc/logout", "revocation_endpoint": s.url + "/oidc/revoke",
		"response_types_supported": []any{"code"}, "response_modes_supported": []any{"query", "form_post"},
		"grant_types_supported":            []any{"authorization_code", "refresh_token"},
		"code_challenge_methods_supported": []any{"S256"}, "id_token_signing_alg_values_supported": []any{"RS256"},
		"subject_types_supported":                        []any{"public"},
		"scopes_supported":                               []any{"openid", "profile", "email", "groups", "offline_access"},
		"token_endpoint_auth_methods_supported":          []any{"client_secret_basic", "client_secret_post", "none"},
		"authorization_response_iss_parameter_supported": true,
		"introspection_endpoint":                         nil, "device_authorization_endpoint": nil, "check_session_iframe": nil,
	} {
		a, err := json.Marshal(got[name])
		s.must(err)
		b, err := json.Marshal(want)
		s.must(err)
		if string(a) != string(b) {
			t.Errorf("%s is %s, want %s", name, a, b)
		}
	}
	if claims, _ := got["claims_supported"].([]any); !slices.Contains(claims, any("groups")) {
		t.Errorf("claims %v lack groups", claims)
	}
	for _, path := range []string{provider.DiscoveryPath, provider.KeysPath} {
		if res := s.get(path); res.header.Get("Access-Control-Allow-Origin") != "*" || len(res.header["Set-Cookie"]) > 0 {
			t.Errorf("%s: %v", path, res.header)
		}
	}
}

// published are the ids of the published keys, the one that signs first.
func (s *site) published() (ids []string) {
	s.t.Helper()
	var set struct {
		Keys []map[string]string
	}
	s.must(json.Unmarshal([]byte(s.get(provider.KeysPath).body), &set))
	for _, k := range set.Keys {
		if k["kty"] != "RSA" || k["alg"] != "RS256" || k["use"] != "sig" || len(k) != 6 { // and kid, n, e: nothing of the private half
			s.t.Errorf("a key is published as %+v", k)
		}
		ids = append(ids, k["kid"])
	}
	return ids
}

// The next key is published before it signs, and the last one for as long as its
// tokens are good; one that was stolen goes at once.
func TestSigningKeys(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	ctx := context.Background()
	before := s.published()
	s.signIn("user0")
	if err := s.RotateKeys(ctx, storetest.Actor, false); !errors.Is(err, provider.ErrKeyTooNew) {
		t.Errorf("a key that apps may not know yet takes over: %v", err)
	}
	s.now = s.now.Add(10*time.Minute - time.Second)
	if err := s.RotateKeys(ctx, storetest.Actor, false); !errors.Is(err, provider.ErrKeyTooNew) {
		t.Errorf("a second too early: %v", err)
	}
	s.now = s.now.Add(time.Second)
	s.must(s.RotateKeys(ctx, storetest.Actor, false))
	after := s.published()
	if len(before) != 2 || len(after) != 3 || after[0] != before[1] || after[2] != before[0] {
		t.Errorf("keys %v, after a rotation %v: want the next one to sign and the old one to stay", before, after)
	}
	s.signIn("") // the client knows the new key already: it was published as the next
	s.must(s.RotateKeys(ctx, storetest.Actor, true))
	if last := s.published(); len(last) != 2 || slices.Contains(last, after[0]) || slices.Contains(last, after[2]) {
		t.Errorf("keys %v after the others were withdrawn, of %v", last, after)
	}
	s.signIn("")
}

// Keys are replaced after 90 days by themselves, and the old one stays published
// for a day.
func TestSigningKeysAreReplaced(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	first := s.published()
	s.now = s.now.Add(90*24*time.Hour - time.Second)
	if same := s.published(); !slices.Equal(same, first) {
		t.Errorf("a second before the time %v, want %v", same, first)
	}
	s.now = s.now.Add(time.Minute)
	due := s.published()
	if len(due) != 3 || due[0] != first[1] || due[2] != first[0] {
		t.Errorf("after 90 days %v, of %v", due, first)
	}
	s.now = s.now.Add(25 * time.Hour)
	if later := s.published(); !slices.Equal(later, due[:2]) {
		t.Errorf("a day later %v, of %v", later, due)
	}
}

// What another process did to the keys is seen within a minute, and at once when
// the clock goes back; between, the database is not asked.
func TestKeysOfAnotherProcess(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	other, err := provider.New(s.options)
	s.must(err)
	withdraw := func() { s.must(other.RotateKeys(context.Background(), storetest.Actor, true)) }
	s.now = s.now.Add(10 * time.Minute)
	first := s.published()
	withdraw()
	s.now = s.now.Add(time.Minute - time.Second)
	if same := s.published(); !slices.Equal(same, first) {
		t.Errorf("within a minute %v, want %v", same, first)
	}
	s.now = s.now.Add(time.Second)
	second := s.published()
	if len(second) != 2 || second[0] != first[1] || slices.Contains(second, first[0]) {
		t.Errorf("after a minute %v, of %v", second, first)
	}
	withdraw()
	s.now = s.now.Add(-time.Second)
	if third := s.published(); len(third) != 2 || third[0] != second[1] {
		t.Errorf("with the clock set back %v, of %v", third, second)
	}
}

// Keys are made when the first is needed, and kept for all processes.
func TestKeysAreMadeWhenNeeded(t *testing.T) {
	t.Parallel()
	s := newSiteWithoutKeys(t, storetest.Open(t))
	made := s.published()
	other, err := provider.New(s.options)
	s.must(err)
	s.Provider = other
	s.handler = other.Handler()
	if same := s.published(); len(made) != 2 || !slices.Equal(same, made) {
		t.Errorf("made %v, and then %v", made, same)
	}
}
