package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
)

func (s *testSite) tryPassword(email, password string) *page {
	return s.post(paths.SignIn, url.Values{"email": {email}, "password": {password}})
}

// claimToBeKnown gives the browser the cookie of one that signed in before, with
// a value of its own making.
func (s *testSite) claimToBeKnown(value string) {
	s.t.Helper()
	u, err := url.Parse(s.url)
	if err != nil {
		s.t.Fatal(err)
	}
	s.client.Jar.SetCookies(u, []*http.Cookie{{Name: s.cookieName(knownCookie), Value: value, Path: "/"}})
}

func (s *testSite) audited(action string) int {
	s.t.Helper()
	entries, _, err := s.store.Audit(context.Background(), store.AuditQuery{Action: action})
	if err != nil {
		s.t.Fatal(err)
	}
	return len(entries)
}

// Guesses against an account are refused after some, whether it exists or not;
// the browser of who belongs there is not held up by them.
func TestRow20GuessingAPasswordLocksNobodyOut(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleOwner)
	own := s.client
	s.client = s.browser()
	for _, email := range []string{"owner@example.com", "nobody@example.com"} {
		for i := range failuresOfAccount {
			s.claimToBeKnown(fmt.Sprintf("%026d", i))
			if res := s.tryPassword(email, fmt.Sprint("guess ", i)); res.status != http.StatusUnprocessableEntity {
				t.Fatalf("%s: guess %d answered %d", email, i, res.status)
			}
		}
		res := s.tryPassword(strings.ToUpper(email), testPassword)
		if res.status != http.StatusTooManyRequests || res.header.Get("Retry-After") == "" || !strings.Contains(res.text(), "Try again in 16 minutes") {
			t.Errorf("%s: the right password after many guesses: %d %s", email, res.status, res.text())
		}
	}
	if n := s.audited("administrator.sign_in_refused"); n != 2 {
		t.Errorf("%d lines in the audit", n)
	}
	s.client = own
	s.post(paths.SignOut, nil)
	if res := s.tryPassword("owner@example.com", testPassword); res.status != http.StatusSeeOther {
		t.Errorf("from a browser that signed in before: %d %s", res.status, res.text())
	}
	s.client = s.browser()
	s.now = s.now.Add(failureWindow + time.Second)
	if res := s.tryPassword("owner@example.com", testPassword); res.status != http.StatusSeeOther {
		t.Errorf("after the time: %d", res.status)
	}
}

// An address that tries many accounts is refused for all of them.
func TestGuessesFromOneAddressAreCounted(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for i := range failuresOfAddress {
		s.tryPassword(fmt.Sprintf("a%d@example.com", i), "guess").want(t, http.StatusUnprocessableEntity)
	}
	s.tryPassword("fresh@example.com", "guess").want(t, http.StatusTooManyRequests)
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleOwner)
	here, there := s.client, s.browser()
	s.client = there
	s.tryPassword("owner@example.com", testPassword).want(t, http.StatusSeeOther)
	s.client = here
	list := s.get(paths.Account).want(t, http.StatusOK)
	if n := list.doc.Find("section[aria-labelledby=sessions] li").Length(); n != 2 {
		t.Fatalf("%d sessions are listed", n)
	}
	other := list.doc.Find("[name=session]").AttrOr("value", "")
	s.post(paths.AccountSessions, url.Values{"session": {other}}).want(t, http.StatusSeeOther)
	s.client = there
	s.get(paths.Overview).want(t, http.StatusSeeOther)
	s.client = here
	if n := s.get(paths.Account).want(t, http.StatusOK).doc.Find("section[aria-labelledby=sessions] li").Length(); n != 1 {
		t.Errorf("%d sessions are left", n)
	}
	if n := s.audited("administrator.sessions_ended"); n != 1 {
		t.Errorf("%d lines in the audit", n)
	}

	// An owner ends those of somebody else; who signs out ends their own.
	s.client = there
	ana := s.signInAs(model.RoleViewer)
	s.client = here
	s.post(paths.AdministratorAction(ana.ID, "sessions", "end"), nil).want(t, http.StatusSeeOther)
	s.client = there
	s.get(paths.Overview).want(t, http.StatusSeeOther)
	s.tryPassword("viewer@example.com", testPassword).want(t, http.StatusSeeOther)
	s.post(paths.SignOut, nil)
	if left, err := s.store.ConsoleSessions(context.Background(), ana.ID, time.Time{}); err != nil || len(left) != 0 {
		t.Errorf("after the sign-out: %+v, %v", left, err)
	}
}

// A step-up asks, after a while, who is there; nothing is done
// before, and nothing that was typed is lost.
func TestRow19StepUp(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{
		"/setup/{connection}/go-live/confirm", "/connections/{slug}/resume", "/connections/{slug}/restore", "/connections/{slug}/delete",
		"/connections/{slug}/certificates/trust", "/connections/{slug}/certificates/policy",
		"/users/{username}/password", "/users/{username}/delete", "/users/{username}/data", "/users/{username}/erase",
		"/logins/{id}/xml", "/logins/{id}/download", "/logins/people/{name}/data", "/logins/people/{name}/erase", "/apps", "/apps/{slug}",
		"/apps/{slug}/secrets", "/apps/{slug}/delete",
		"/administrators", "/administrators/{id}/role", "/administrators/{id}/delete", "/administrators/{id}/passkeys/remove", "/administrators/rules",
		"/administrators/password",
		"/account/passkeys/remove", "/account/recovery-codes", "/settings/warnings/mail", "/settings/warnings/webhook", "/settings/warnings/calendar",
		"/settings/signing-keys", "/settings/signing-keys/withdraw",
	} {
		if !slices.ContainsFunc((&Server{}).consoleRoutes(), func(rt route) bool {
			return rt.method == http.MethodPost && rt.pattern == pattern && rt.proof == stepUp
		}) {
			t.Errorf("%s is done without a step-up", pattern)
		}
	}
	s := newSiteAs(t, model.RoleOwner)
	s.now = s.now.Add(stepUpFor)
	s.get(paths.Administrators).want(t, http.StatusOK)
	drill(t, s, func(t *testing.T, rt route) {
		if rt.proof == anytime {
			t.Skip("wants no step-up")
		}
		if res := s.ask(rt, nil); res.status != http.StatusUnauthorized || !strings.Contains(res.text(), "Confirm that it is you") {
			t.Errorf("answered %d: %s", res.status, res.text())
		}
	})

	asked := s.post(paths.Administrators, url.Values{"email": {"ana@example.com"}, "role": {"viewer"}, "password": {"quiet otters read maps"}}).want(t,
		http.StatusUnauthorized)
	if strings.Contains(asked.body, "quiet otters") {
		t.Error("a password is on the page")
	}
	form := asked.hidden("form")
	form.Set("password", "wrong")
	asked = s.post(paths.SignInStepUp, form).want(t, http.StatusUnauthorized)
	form = asked.hidden("form")
	form.Set("password", testPassword)
	offer := s.post(paths.SignInStepUp, form).want(t, http.StatusOK)
	if !strings.Contains(offer.text(), "ana@example.com") || s.audited("administrator.create") != 1 {
		t.Fatalf("offered: %s", offer.text())
	}
	form = offer.hidden("main form")
	form.Set(offer.doc.Find("main form [type=password]").AttrOr("name", ""), "quiet otters read maps")
	s.post(offer.doc.Find("main form").AttrOr("action", ""), form).want(t, http.StatusSeeOther)
	s.client = s.browser()
	s.tryPassword("ana@example.com", "quiet otters read maps").want(t, http.StatusSeeOther)
}

func TestEveryAdministratorNeedsAPasskey(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleOwner)
	demand := url.Values{"require_passkey": {"on"}, "console_role": {"viewer"}}
	s.post(paths.AdministratorsRules, demand).want(t, http.StatusUnprocessableEntity).has(t, ".problems", "passkey of your own first")
	owner, err := s.store.AdministratorByEmail(context.Background(), "owner@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.store.AddPasskey(context.Background(), storetest.Actor, owner, model.Passkey{ID: []byte("k"), Name: "k", Credential: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	s.post(paths.AdministratorsRules, demand).want(t, http.StatusSeeOther)
	s.get(paths.Overview).want(t, http.StatusOK)

	s.client = s.browser()
	s.signInAs(model.RoleAdmin)
	drill(t, s, func(t *testing.T, rt route) {
		own := strings.HasPrefix(rt.pattern, "/account") || strings.HasPrefix(rt.pattern, "/help")
		if !model.RoleAdmin.Includes(rt.role) || own {
			t.Skip("not for this drill")
		}
		if res := s.ask(rt, nil); res.status != http.StatusSeeOther || res.header.Get("Location") != paths.Account {
			t.Errorf("answered %d to %q", res.status, res.header.Get("Location"))
		}
	})
	s.get(paths.Account).want(t, http.StatusOK)
	s.get(paths.AccountPasskeyNew).want(t, http.StatusOK)
}

// Members of the chosen group come in through AWS with the role that the owners
// gave it, and out as soon as they are no member, or not active, any more.
func TestRow19ConsoleThroughAWSFollowsTheGroup(t *testing.T) {
	t.Parallel()
	s := newAppSite(t, storetest.Open(t))
	ctx := context.Background()
	s.follow(t, "/saml/aws/login", "user0") // they exist from now on
	s.get(paths.SignInAWS).want(t, http.StatusNotFound)
	person := s.client
	s.client = s.browser()
	s.signInAs(model.RoleOwner)
	owner := s.client
	choose := url.Values{"console_group": {"jira-users"}, "console_role": {"owner"}}
	s.post(paths.AdministratorsRules, choose).want(t, http.StatusUnprocessableEntity).has(t, ".problems", "Nobody becomes owner")
	choose.Set("console_role", "admin")
	s.post(paths.AdministratorsRules, choose).want(t, http.StatusSeeOther)
	u := s.user("user0")
	if err := s.store.AddMember(ctx, storetest.Actor, "hidden", u.Username); err != nil {
		t.Fatal(err)
	}

	s.client = person
	for range 2 { // noted once
		s.get(paths.SignInAWS).want(t, http.StatusForbidden).has(t, ".problems", u.Username+", who may not use the console")
	}
	if n := s.audited("user.console_refused"); n != 1 {
		t.Errorf("%d entries about the refusal", n)
	}
	member := func(change func(context.Context, model.Actor, string, string) error) {
		t.Helper()
		if err := change(ctx, storetest.Actor, "jira-users", u.Username); err != nil {
			t.Fatal(err)
		}
	}
	member(s.store.AddMember)
	s.follow(t, paths.SignInAWS, "").want(t, http.StatusOK)
	s.get(paths.Users).want(t, http.StatusOK)
	s.post(paths.Users, url.Values{"username": {"new.one"}}).want(t, http.StatusSeeOther)
	s.post(paths.Settings, nil).want(t, http.StatusForbidden)
	s.post(paths.AdministratorsRules, choose).want(t, http.StatusForbidden)
	// AWS lets people through unasked, so it is no step-up.
	s.post("/apps/jira/secrets", nil).want(t, http.StatusUnauthorized).has(t, "main", "A passkey does")
	s.post(paths.SignInStepUp, url.Values{"password": {testPassword}}).want(t, http.StatusUnauthorized)
	s.get(paths.AccountPasskeyNew).want(t, http.StatusOK)

	s.client = owner
	s.get(paths.Administrators).has(t, "table", "through AWS")
	choose.Set("console_role", "viewer")
	s.post(paths.AdministratorsRules, choose).want(t, http.StatusSeeOther)
	s.client = person
	s.post(paths.Users, url.Values{"username": {"new.two"}}).want(t, http.StatusForbidden)
	member(s.store.RemoveMember)
	s.get(paths.Users).want(t, http.StatusSeeOther)
	s.client = owner
	s.get(paths.Administrators).has(t, "table", "None now")
	s.client = person
	member(s.store.AddMember)
	s.get(paths.Users).want(t, http.StatusOK)
	if _, err := s.store.UpdateUser(ctx, storetest.Actor, u.Username, func(u *model.User) error { u.Active = false; return nil }); err != nil {
		t.Fatal(err)
	}
	s.get(paths.Users).want(t, http.StatusSeeOther)

	// Neither a password nor the reset on the shell makes it another account.
	s.client = s.browser()
	s.tryPassword(u.Username, "").want(t, http.StatusUnprocessableEntity)
	s.tryPassword("user\n"+u.ID, "").want(t, http.StatusUnprocessableEntity)
	if _, err := s.store.AdministratorByEmail(ctx, u.Username); err == nil {
		t.Error("an account of AWS is found by what one types as email")
	}
}
