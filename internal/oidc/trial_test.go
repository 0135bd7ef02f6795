package oidc_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	provider "github.com/postern-sso/postern/internal/oidc"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// trial goes through a test sign-in up to its code.
func (s *site) trial(app model.App) string {
	s.t.Helper()
	start, err := s.StartTrial(context.Background(), app, "the state")
	s.must(err)
	to, err := url.Parse(s.follow(start, "user0").location())
	s.must(err)
	if !strings.HasPrefix(to.String(), s.url+"/tested/"+app.Slug+"?") || to.Query().Get("state") != "the state" || to.Query().Get("code") == "" {
		s.t.Fatalf("leads to %q", to)
	}
	return to.Query().Get("code")
}

// A test sign-in says what the app would have got, and leaves nothing behind.
func TestTrial(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.OpenPool(t))
	ctx := context.Background()
	app, err := s.store.App(ctx, "jira")
	s.must(err)
	tokens := func() (n int) {
		t.Helper()
		s.must(s.store.Pool().QueryRow(ctx, "select count(*) from oidc_tokens").Scan(&n))
		return n
	}
	s.signIn("user0")
	had := tokens()
	s.must(s.store.AddMember(ctx, storetest.Actor, "hidden", "user0"))
	before, published := s.noted(), s.published()
	code := s.trial(app)
	got, err := s.FinishTrial(ctx, app, code)
	if err != nil || got.Claims["preferred_username"] != "user0" || got.Claims["aud"] == nil || got.KeyID != published[0] {
		t.Errorf("%+v: %v", got, err)
	}
	if groups, ok := got.Claims["groups"].([]any); !ok || len(groups) != 0 {
		t.Errorf("groups %v", got.Claims["groups"])
	}
	if n := tokens(); n != had || n == 0 {
		t.Errorf("%d tokens are left, of %d from before", n, had)
	}
	if after := s.noted(); after != before {
		t.Errorf("what is noted of the app changed to %+v", after)
	}
}

// Only the code of a trial of that very app ends a trial, once and soon; and a
// trial's code is worth nothing to anybody else.
func TestTrialIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	ctx := context.Background()
	app, err := s.store.App(ctx, "jira")
	s.must(err)
	other := app
	other.Slug = "other"
	setActive := func(active bool) {
		_, err := s.store.UpdateUser(ctx, storetest.Actor, "user0", func(u *model.User) error { u.Active = active; return nil })
		s.must(err)
	}
	for name, c := range map[string]struct {
		code      func() string
		app       model.App
		meanwhile func(code string)
	}{
		"no code":        {func() string { return "" }, app, nil},
		"unknown code":   {func() string { return "x" }, app, nil},
		"the app's code": {s.code, app, nil},
		"another app":    {func() string { return s.trial(app) }, other, nil},
		"too late":       {func() string { return s.trial(app) }, app, func(string) { s.now = s.now.Add(time.Minute) }},
		"twice": {func() string { return s.trial(app) }, app, func(code string) {
			if _, err := s.FinishTrial(ctx, app, code); err != nil {
				t.Errorf("the first time: %v", err)
			}
		}},
		"deactivated": {func() string { return s.trial(app) }, app, func(string) { setActive(false) }},
		"suspended": {func() string { return s.trial(app) }, app, func(string) {
			s.must(s.store.SetStatus(ctx, storetest.Actor, "aws", model.StatusSuspended))
		}},
		"the session is over": {func() string { return s.trial(app) }, app, func(code string) {
			granted, err := s.store.AuthRequestByCode(ctx, code)
			s.must(err)
			s.must(s.store.RevokeSession(ctx, granted.SignedIn.SessionID))
		}},
	} {
		code := c.code()
		if c.meanwhile != nil {
			c.meanwhile(code)
		}
		if got, err := s.FinishTrial(ctx, c.app, code); !errors.Is(err, provider.ErrTrial) || got.Claims != nil {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		setActive(true)
		s.must(s.store.SetStatus(ctx, storetest.Actor, "aws", model.StatusLive))
		s.newBrowser()
	}
	if _, err := s.oauth.Exchange(ctx, s.trial(app)); s.refused(err) != "invalid_grant" {
		t.Errorf("a trial's code at the token endpoint: %v", err)
	}
	real := s.code()
	if _, err := s.FinishTrial(ctx, app, real); !errors.Is(err, provider.ErrTrial) {
		t.Errorf("a code of the app's own: %v", err)
	}
	s.exchange(real) // is still good
}

// What is kept of an app's sign-ins is written once a second, and a flood of
// refusals does not hide that one worked.
func TestEvidenceIsBounded(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	refused := func() model.AppSignIns {
		t.Helper()
		if _, err := s.oauth.Exchange(context.Background(), "x"); s.refused(err) != "invalid_grant" {
			t.Fatal(err)
		}
		return s.noted()
	}
	first := refused()
	s.now = s.now.Add(time.Second / 2)
	if again := refused(); !again.RefusedAt.Equal(first.RefusedAt) {
		t.Errorf("written again after half a second: %v, %v", first.RefusedAt, again.RefusedAt)
	}
	s.signIn("user0")
	s.now = s.now.Add(time.Second / 2)
	if last := refused(); last.RefusedAt.Equal(first.RefusedAt) || last.WorkedUser != "user0" {
		t.Errorf("after a second: %+v", last)
	}
	s.now = s.now.Add(-time.Minute) // the clock is set back
	if last := refused(); !last.RefusedAt.Equal(s.now) {
		t.Errorf("with the clock set back: %+v", last)
	}
}

// Requests with client IDs that nobody knows are audited once in five minutes.
func TestUnknownAppsDoNotFillTheAudit(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	audited := func() int {
		t.Helper()
		for _, id := range []string{strings.Repeat("x", 1000), "nobody", "someone"} {
			form := goodRequest()
			form.Set("client_id", id)
			s.get(provider.AuthorizePath + "?" + form.Encode())
		}
		entries, _, err := s.store.Audit(context.Background(), store.AuditQuery{Action: "app.sign_in_refused"})
		s.must(err)
		for _, e := range entries {
			if len(e.Object) > 210 || !strings.HasPrefix(e.Object, "xxx") || e.Actor != "unknown app" || e.RemoteAddr != "192.0.2.1" {
				t.Errorf("audited %+v", e)
			}
		}
		return len(entries)
	}
	s.post(provider.TokenPath, url.Values{"grant_type": {"authorization_code"}}) // names no app that could be unknown
	if n := audited(); n != 1 {
		t.Errorf("%d entries for three requests", n)
	}
	s.now = s.now.Add(5*time.Minute - time.Second)
	if n := audited(); n != 1 {
		t.Errorf("%d entries within five minutes", n)
	}
	s.now = s.now.Add(time.Second)
	if n := audited(); n != 2 {
		t.Errorf("%d entries after five minutes", n)
	}
}
