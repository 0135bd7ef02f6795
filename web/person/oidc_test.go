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

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

func TestAppSignIn(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	ctx := context.Background()
	verifier := oauth2.GenerateVerifier()
	got := s.Answer(t, s.Oauth.AuthCodeURL("a state&=", oidc.Nonce("n"), oauth2.S256ChallengeOption(verifier)), "user0")
	if got.Get("state") != "a state&=" {
		t.Errorf("state %q", got.Get("state"))
	}
	token, c := s.Exchange(t, got.Get("code"), oauth2.VerifierOption(verifier))
	u, err := s.Store.User(ctx, c.Username)
	if err != nil || c.Subject != u.ID || c.Email != u.Email || c.Name != u.DisplayName || !c.Verified {
		t.Errorf("claims %+v of %+v: %v", c, u, err)
	}
	if c.Groups == nil || len(*c.Groups) != 0 {
		t.Errorf("groups %v, want an empty list", c.Groups)
	}
	if c.AuthTime == 0 || c.ACR != "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport" {
		t.Errorf("auth_time %d, acr %q", c.AuthTime, c.ACR)
	}
	if token.RefreshToken != "" {
		t.Error("a refresh token that nobody asked for")
	}

	// The groups at the next sign-in, without AWS: those that the app may see.
	for _, group := range []string{"jira-users", "hidden"} {
		if err := s.Store.AddMember(ctx, storetest.Actor, group, u.Username); err != nil {
			t.Fatal(err)
		}
	}
	token, c = s.SignIn(t, "")
	if c.Groups == nil || strings.Join(*c.Groups, " ") != "jira-users" {
		t.Errorf("groups %v, want jira-users", c.Groups)
	}
	info, err := s.Op.UserInfo(ctx, oauth2.StaticTokenSource(token))
	var same webtest.Claims
	if err != nil || info.Claims(&same) != nil || same.Subject != c.Subject || len(*same.Groups) != 1 {
		t.Errorf("userinfo %+v: %v", same, err)
	}
	last, err := s.Store.AppSignInsOf(ctx, "jira")
	if err != nil || last.WorkedUser != u.Username || last.WorkedAt.IsZero() || !last.RefusedAt.IsZero() {
		t.Errorf("evidence %+v: %v", last, err)
	}
}

func TestDeactivationEndsTokens(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	ctx := context.Background()
	s.Oauth.Scopes = append(s.Oauth.Scopes, oidc.ScopeOfflineAccess)
	token, c := s.SignIn(t, "user0")
	if token.RefreshToken == "" {
		t.Fatal("no refresh token")
	}
	code := s.Answer(t, s.Oauth.AuthCodeURL("state"), "").Get("code")
	setActive := func(active bool) {
		t.Helper()
		_, err := s.Store.UpdateUser(ctx, storetest.Actor, c.Username, func(u *model.User) error { u.Active = active; return nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	setActive(false)
	for range 2 { // reactivated, nothing comes back to life
		if _, err := s.Op.UserInfo(ctx, oauth2.StaticTokenSource(token)); err == nil {
			t.Error("userinfo answers for the access token")
		}
		if _, err := s.Oauth.TokenSource(ctx, &oauth2.Token{RefreshToken: token.RefreshToken}).Token(); webtest.RefusedWith(t, err) != "invalid_grant" {
			t.Errorf("the refresh token: %v", err)
		}
		if _, err := s.Oauth.Exchange(ctx, code); webtest.RefusedWith(t, err) != "invalid_grant" {
			t.Errorf("the code: %v", err)
		}
		setActive(true)
	}
	setActive(false)
	if res := s.Follow(t, s.Oauth.AuthCodeURL("state"), "user0"); res.Status != http.StatusForbidden {
		t.Errorf("a deactivated person: %d %s", res.Status, res.Text())
	}
}

func TestRefreshTokens(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	ctx := context.Background()
	s.Oauth.Scopes = append(s.Oauth.Scopes, oidc.ScopeOfflineAccess)
	s.LongSessions(t)
	first, c := s.SignIn(t, "user0")
	refresh := func(t0 *oauth2.Token) (*oauth2.Token, error) {
		return s.Oauth.TokenSource(ctx, &oauth2.Token{RefreshToken: t0.RefreshToken}).Token()
	}
	second, err := refresh(first)
	if err != nil || second.RefreshToken == first.RefreshToken || second.RefreshToken == "" {
		t.Fatalf("the first refresh: %v %v", second, err)
	}
	raw, _ := second.Extra("id_token").(string)
	if id, err := s.Verifier.Verify(ctx, raw); err != nil || id.Subject != c.Subject {
		t.Errorf("the new ID token: %v", err)
	}
	if _, err := s.Op.UserInfo(ctx, oauth2.StaticTokenSource(second)); err != nil {
		t.Error(err)
	}
	// The first one again: somebody has stolen it, so everything ends.
	if _, err := refresh(first); webtest.RefusedWith(t, err) != "invalid_grant" {
		t.Errorf("used twice: %v", err)
	}
	if _, err := refresh(second); webtest.RefusedWith(t, err) != "invalid_grant" {
		t.Errorf("after the replay: %v", err)
	}
	if _, err := s.Op.UserInfo(ctx, oauth2.StaticTokenSource(second)); err == nil {
		t.Error("the access token lives on after the replay")
	}
	// It lasts from the sign-in, however often it is refreshed.
	third, _ := s.SignIn(t, "")
	s.Now = s.Now.Add(7 * time.Hour)
	if third, err = refresh(third); err != nil {
		t.Fatal(err)
	}
	s.Now = s.Now.Add(7 * time.Hour)
	if _, err := refresh(third); webtest.RefusedWith(t, err) != "invalid_grant" {
		t.Errorf("after 14 hours: %v", err)
	}
}

func TestCodesAreRefused(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	ctx := context.Background()
	newCode := func(opts ...oauth2.AuthCodeOption) string {
		t.Helper()
		return s.Answer(t, s.Oauth.AuthCodeURL("state", opts...), "user0").Get("code")
	}
	used := newCode()
	token, _ := s.Exchange(t, used)
	if _, err := s.Oauth.Exchange(ctx, used); webtest.RefusedWith(t, err) != "invalid_grant" {
		t.Errorf("replayed: %v", err)
	}
	if _, err := s.Op.UserInfo(ctx, oauth2.StaticTokenSource(token)); err == nil {
		t.Error("the replay did not revoke what the code gave")
	}

	verifier := oauth2.GenerateVerifier()
	bound := newCode(oauth2.S256ChallengeOption(verifier))
	for name, opts := range map[string][]oauth2.AuthCodeOption{
		"foreign verifier": {oauth2.VerifierOption(oauth2.GenerateVerifier())}, "no verifier": nil,
	} {
		if _, err := s.Oauth.Exchange(ctx, bound, opts...); !strings.HasPrefix(webtest.RefusedWith(t, err), "invalid_") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, c := s.Exchange(t, bound, oauth2.VerifierOption(verifier)); c.Subject == "" {
		t.Error("the right verifier afterwards")
	}

	expired := newCode()
	s.Now = s.Now.Add(time.Minute)
	if _, err := s.Oauth.Exchange(ctx, expired); webtest.RefusedWith(t, err) != "invalid_grant" {
		t.Errorf("expired: %v", err)
	}
	s.Now = s.Now.Add(time.Second) // refusals are noted once in a second
	elsewhere := s.Oauth
	elsewhere.RedirectURL += "/"
	if _, err := elsewhere.Exchange(ctx, newCode()); webtest.RefusedWith(t, err) != "invalid_grant" {
		t.Errorf("another redirect address: %v", err)
	}
	last, err := s.Store.AppSignInsOf(ctx, "jira")
	if err != nil || last.RefusedError != "invalid_grant" || !strings.Contains(last.RefusedWhy, "redirect_uri") {
		t.Errorf("evidence %+v: %v", last, err)
	}
	entries, _, err := s.Store.Audit(ctx, store.AuditQuery{Action: "app.sign_in_refused"})
	if err != nil || len(entries) != 1 || entries[0].Object != "jira" {
		t.Errorf("%d audit entries, want 1 for five refusals: %v", len(entries), err)
	}
}

func TestClientSecrets(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	ctx := context.Background()
	newCode := func() string { return s.Answer(t, s.Oauth.AuthCodeURL("state"), "user0").Get("code") }
	right := s.Oauth
	for _, style := range []oauth2.AuthStyle{oauth2.AuthStyleInHeader, oauth2.AuthStyleInParams} {
		s.Oauth.Endpoint.AuthStyle = style
		s.Oauth.ClientSecret = right.ClientSecret
		s.Exchange(t, newCode())
		for _, wrong := range []string{"", "wrong", right.ClientSecret + "x"} {
			s.Oauth.ClientSecret = wrong
			if _, err := s.Oauth.Exchange(ctx, newCode()); webtest.RefusedWith(t, err) != "invalid_client" {
				t.Errorf("the secret %q, style %d: %v", wrong, style, err)
			}
		}
		stranger := right
		stranger.ClientID, stranger.Endpoint.AuthStyle = "nobody", style
		if _, err := stranger.Exchange(ctx, "code"); webtest.RefusedWith(t, err) != "invalid_client" {
			t.Errorf("an unknown client, style %d: %v", style, err)
		}
	}
	// A rotation: both work, then only the new one.
	s.Oauth.ClientSecret = s.NewSecret(t, "jira")
	s.Exchange(t, newCode())
	secrets, err := s.Store.AppSecrets(ctx, "jira")
	if err != nil || len(secrets) != 2 || secrets[0].LastUsedAt.IsZero() || secrets[1].LastUsedAt.IsZero() {
		t.Fatalf("secrets %+v: %v", secrets, err)
	}
	if _, err := right.Exchange(ctx, newCode()); err != nil {
		t.Errorf("the old secret during the rotation: %v", err)
	}
	if err := s.Store.DeleteAppSecret(ctx, storetest.Actor, "jira", secrets[1].ID); err != nil {
		t.Fatal(err)
	}
	if _, err := right.Exchange(ctx, newCode()); webtest.RefusedWith(t, err) != "invalid_client" {
		t.Errorf("the old secret after the rotation: %v", err)
	}
	s.Exchange(t, newCode())
}

func TestPrompts(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	ask := func(username string, opts ...oauth2.AuthCodeOption) url.Values {
		t.Helper()
		return s.Answer(t, s.Oauth.AuthCodeURL("st", opts...), username)
	}
	none := oauth2.SetAuthURLParam("prompt", "none")
	if got := ask("", none); got.Get("error") != "login_required" || got.Get("state") != "st" {
		t.Errorf("nobody is signed in: %v", got)
	}
	_, c := s.SignIn(t, "user0")
	if got := ask("", none); got.Get("code") == "" {
		t.Errorf("somebody is signed in: %v", got)
	}
	s.Now = s.Now.Add(10 * time.Minute)
	maxAge := oauth2.SetAuthURLParam("max_age", "300")
	if got := ask("", none, maxAge); got.Get("error") != "login_required" {
		t.Errorf("signed in too long ago: %v", got)
	}
	if got := ask("", oauth2.SetAuthURLParam("max_age", "900")); got.Get("code") == "" {
		t.Errorf("signed in recently: %v", got)
	}
	for _, opt := range []oauth2.AuthCodeOption{maxAge, oauth2.SetAuthURLParam("prompt", "login")} {
		s.Now = s.Now.Add(10 * time.Minute)
		_, again := s.Exchange(t, ask("user0", opt).Get("code")) // fails when nobody is sent to AWS
		if again.AuthTime <= c.AuthTime || again.Subject != c.Subject {
			t.Errorf("signed in again: %+v", again)
		}
	}
}
