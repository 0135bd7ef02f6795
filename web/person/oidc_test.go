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
