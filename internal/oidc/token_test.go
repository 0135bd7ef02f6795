package oidc_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// A code is good once, for a minute, with the address and the verifier that it
// was asked for with.
func TestCodesAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	ctx := context.Background()
	used := s.code()
	token, _ := s.exchange(used)
	if _, err := s.oauth.Exchange(ctx, used); s.refused(err) != "invalid_grant" {
		t.Errorf("replayed: %v", err)
	}
	if s.userinfo(token) == nil {
		t.Error("the replay did not revoke what the code gave")
	}

	verifier := oauth2.GenerateVerifier()
	bound := s.answer(s.oauth.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier)), "user0").Get("code")
	for name, opts := range map[string][]oauth2.AuthCodeOption{
		"foreign verifier": {oauth2.VerifierOption(oauth2.GenerateVerifier())}, "no verifier": nil,
	} {
		if _, err := s.oauth.Exchange(ctx, bound, opts...); !strings.HasPrefix(s.refused(err), "invalid_") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, c := s.exchange(bound, oauth2.VerifierOption(verifier)); c.Subject == "" {
		t.Error("the right verifier afterwards")
	}
	if _, err := s.oauth.Exchange(ctx, s.code(), oauth2.VerifierOption(verifier)); !strings.HasPrefix(s.refused(err), "invalid_") {
		t.Errorf("a verifier where none was announced: %v", err)
	}

	expired := s.code()
	s.now = s.now.Add(time.Minute)
	if _, err := s.oauth.Exchange(ctx, expired); s.refused(err) != "invalid_grant" {
		t.Errorf("expired: %v", err)
	}
	s.now = s.now.Add(time.Second) // refusals are noted once in a second
	for _, other := range []string{appCallback + "/", strings.ToUpper(appCallback), ""} {
		elsewhere := s.oauth
		elsewhere.RedirectURL = other
		if _, err := elsewhere.Exchange(ctx, s.code()); s.refused(err) != "invalid_grant" {
			t.Errorf("with the redirect address %q: %v", other, err)
		}
	}
	if last := s.noted(); last.RefusedError != "invalid_grant" || !strings.Contains(last.RefusedWhy, "redirect_uri") {
		t.Errorf("noted %+v", last)
	}
	entries, _, err := s.store.Audit(ctx, store.AuditQuery{Action: "app.sign_in_refused"})
	if err != nil || len(entries) != 1 || entries[0].Object != "jira" {
		t.Errorf("%d audit entries, want 1 for all refusals: %v", len(entries), err)
	}
}

// What is one app's is not another's, though it has the same address and proves
// itself; and whose it is keeps it.
func TestCodesAndTokensBelongToTheApp(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	ctx := context.Background()
	s.oauth.Scopes = append(s.oauth.Scopes, oidc.ScopeOfflineAccess)
	code := s.code()
	token, _ := s.signIn("user0")
	jira, verifier := s.oauth, s.verifier
	s.otherApp()
	if _, err := s.oauth.Exchange(ctx, code); s.refused(err) != "invalid_grant" {
		t.Errorf("another app's code: %v", err)
	}
	if _, err := s.refresh(token); s.refused(err) != "invalid_grant" {
		t.Errorf("another app's refresh token: %v", err)
	}
	s.oauth, s.verifier = jira, verifier
	s.exchange(code)
	if _, err := s.refresh(token); err != nil {
		t.Errorf("its own refresh token: %v", err)
	}
}

// Nobody gets a token for a session that is over, though the code is young.
func TestCodeEndsWithTheSession(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	s.life = time.Hour
	code := s.code()
	s.now = s.now.Add(time.Hour - 10*time.Second)
	last := s.answer(s.oauth.AuthCodeURL("state"), "").Get("code")
	token, _ := s.exchange(s.answer(s.oauth.AuthCodeURL("state"), "").Get("code"))
	if left := time.Until(token.Expiry); left < 0 || left > 10*time.Minute {
		t.Errorf("the token says that it is good for %s", left)
	}
	if err := s.userinfo(token); err != nil {
		t.Errorf("the token in the session's last seconds: %v", err)
	}
	s.now = s.now.Add(11 * time.Second)
	for name, code := range map[string]string{"old": code, "young": last} {
		if _, err := s.oauth.Exchange(context.Background(), code); s.refused(err) != "invalid_grant" {
			t.Errorf("the %s code: %v", name, err)
		}
	}
	if s.userinfo(token) == nil {
		t.Error("the token outlives the session")
	}
}

// Nor for a code that is good for longer than its session.
func TestSessionEndsBeforeItsCode(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	ctx := context.Background()
	s.life = time.Second
	s.signInAs("user0")
	s.must(s.store.GrantCode(ctx, s.asks().Get("id"), "the code", s.present.SignedIn, s.now, s.now.Add(time.Minute)))
	s.now = s.now.Add(time.Second)
	if _, err := s.oauth.Exchange(ctx, "the code"); s.refused(err) != "invalid_grant" {
		t.Errorf("a code of a session that is over: %v", err)
	}
}

// Who was deactivated once and is back gets tokens that are good.
func TestUserWhoCameBack(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	for _, active := range []bool{false, true} {
		_, err := s.store.UpdateUser(context.Background(), storetest.Actor, "user0", func(u *model.User) error { u.Active = active; return nil })
		s.must(err)
	}
	s.oauth.Scopes = append(s.oauth.Scopes, oidc.ScopeOfflineAccess)
	token, _ := s.signIn("user0")
	if err := s.userinfo(token); err != nil {
		t.Errorf("userinfo: %v", err)
	}
	if _, err := s.refresh(token); err != nil {
		t.Errorf("the refresh token: %v", err)
	}
}

// Whoever took somebody's account away, and however: nothing is given to it.
func TestInactiveUserGetsNothing(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newSite(t, storetest.OpenPool(t))
	s.oauth.Scopes = append(s.oauth.Scopes, oidc.ScopeOfflineAccess)
	token, _ := s.signIn("user0")
	code := s.code()
	_, err := s.store.Pool().Exec(ctx, "update users set active = false where username_key = 'user0'") // in the same session epoch
	s.must(err)
	s.wantEnded("inactive", token)
	if _, err := s.oauth.Exchange(ctx, code); s.refused(err) != "invalid_grant" {
		t.Errorf("a code: %v", err)
	}
}

// An access token is good for ten minutes, and in a session that ends before for
// as long as that.
func TestAccessTokensAreShort(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	token, _ := s.signIn("user0")
	if left := time.Until(token.Expiry); left < 9*time.Minute || left > 10*time.Minute {
		t.Errorf("the token says that it is good for %s", left)
	}
	s.now = s.now.Add(10*time.Minute - time.Second)
	if err := s.userinfo(token); err != nil {
		t.Errorf("a second before: %v", err)
	}
	s.now = s.now.Add(time.Second)
	if s.userinfo(token) == nil {
		t.Error("it is good for longer than ten minutes")
	}
}

// Who is deactivated, signed out everywhere, or came through a connection that is
// not live gets nothing for a code or a refresh token, nor for what they gave.
func TestGrantsEndWithTheUserAndTheConnection(t *testing.T) {
	t.Parallel()
	setActive := func(active bool) func(*site) {
		return func(s *site) {
			_, err := s.store.UpdateUser(context.Background(), storetest.Actor, "user0", func(u *model.User) error { u.Active = active; return nil })
			s.must(err)
		}
	}
	status := func(status model.Status) func(*site) {
		return func(s *site) { s.must(s.store.SetStatus(context.Background(), storetest.Actor, "aws", status)) }
	}
	public := func(public bool) func(*site) {
		return func(s *site) { s.change(func(a *model.App) { a.Public = public }) }
	}
	for name, c := range map[string]struct {
		end, revive func(*site)
		comesBack   bool // what was given works again afterwards
	}{
		"deactivated":         {setActive(false), setActive(true), false},
		"connection sleeps":   {status(model.StatusSuspended), status(model.StatusLive), true},
		"connection deleted":  {func(s *site) { s.must(s.store.DeleteConnection(context.Background(), storetest.Actor, "aws")) }, nil, false},
		"user deleted":        {func(s *site) { s.must(s.store.DeleteUser(context.Background(), storetest.Actor, "user0")) }, nil, false},
		"the app's secret":    {public(true), public(false), false},
		"the session ends":    {func(s *site) { s.must(s.store.RevokeSession(context.Background(), s.present.SignedIn.SessionID)) }, nil, false},
		"nothing of the kind": {func(s *site) { s.change(func(a *model.App) { a.Name = "Jira of ours" }) }, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, storetest.Open(t))
			s.oauth.Scopes = append(s.oauth.Scopes, oidc.ScopeOfflineAccess)
			code := s.code()
			token, _ := s.exchange(s.answer(s.oauth.AuthCodeURL("state"), "").Get("code"))
			works := func(want bool) {
				t.Helper()
				if err := s.userinfo(token); (err == nil) != want {
					t.Errorf("userinfo: %v", err)
				}
				next, err := s.refresh(token)
				if (err == nil) != want || (!want && s.refused(err) != "invalid_grant") {
					t.Errorf("the refresh token: %v", err)
				}
				if err == nil {
					token = next
				}
				if want {
					return
				}
				if _, err := s.oauth.Exchange(context.Background(), code); s.refused(err) != "invalid_grant" {
					t.Errorf("the code: %v", err)
				}
			}
			c.end(s)
			works(name == "nothing of the kind")
			if c.revive != nil {
				c.revive(s)
				works(c.comesBack)
			}
		})
	}
}

// What an app with a secret was given is worth nothing without one: neither what
// it has, nor a code that it asked for without PKCE.
func TestAppLosesItsSecret(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	s.oauth.Scopes = append(s.oauth.Scopes, oidc.ScopeOfflineAccess)
	token, _ := s.signIn("user0")
	code := s.code()
	under := s.get(s.oauth.AuthCodeURL("state")).location()
	s.change(func(a *model.App) { a.Public = true })
	s.oauth.ClientSecret, s.oauth.Endpoint.AuthStyle = "", oauth2.AuthStyleInParams
	s.wantEnded("after the change", token)
	late := s.answer(under, "").Get("code")
	for name, code := range map[string]string{"given before": code, "asked for before": late} {
		if _, err := s.oauth.Exchange(context.Background(), code); s.refused(err) != "invalid_grant" {
			t.Errorf("a code %s: %v", name, err)
		}
	}
}

// Of two who bring the same code at the same moment one is a thief: both get to
// the point where it is spent, one gets tokens, and those are ended.
func TestCodeBroughtTwiceAtOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newSite(t, storetest.OpenPool(t))
	s.signIn("user0") // what is written once a minute is written
	code := s.answer(s.oauth.AuthCodeURL("state"), "").Get("code")
	tx, err := s.store.Pool().Begin(ctx)
	s.must(err)
	defer func() { _ = tx.Rollback(ctx) }()
	_, err = tx.Exec(ctx, "select from oidc_requests where spent_at is null and code_hash is not null for update")
	s.must(err)
	type result struct {
		token *oauth2.Token
		err   error
	}
	results := make(chan result, 2)
	for range cap(results) {
		go func() {
			token, err := s.oauth.Exchange(ctx, code)
			results <- result{token, err}
		}()
	}
	for waiting := 0; waiting < cap(results); {
		s.must(s.store.Pool().QueryRow(ctx, "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'").Scan(&waiting))
	}
	s.must(tx.Commit(ctx))
	var won []*oauth2.Token
	for range cap(results) {
		r := <-results
		if r.err == nil {
			won = append(won, r.token)
		} else if s.refused(r.err) != "invalid_grant" {
			t.Errorf("who came second: %v", r.err)
		}
	}
	if len(won) != 1 {
		t.Fatalf("%d got tokens", len(won))
	}
	if s.userinfo(won[0]) == nil {
		t.Error("what the first one got is good after the replay")
	}
}
