package access_test

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
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web"
	"github.com/postern-sso/postern/web/access"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/webtest"
)

// Guesses against an account are refused after some, whether it exists or not;
// the browser of who belongs there is not held up by them.
func TestRow20GuessingAPasswordLocksNobodyOut(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	own := s.Client
	s.Client = s.Browser()
	for _, email := range []string{"owner@example.com", "nobody@example.com"} {
		for i := range access.FailuresOfAccount {
			s.ClaimToBeKnown(fmt.Sprintf("%026d", i))
			if res := s.TryPassword(email, fmt.Sprint("guess ", i)); res.Status != http.StatusUnprocessableEntity {
				t.Fatalf("%s: guess %d answered %d", email, i, res.Status)
			}
		}
		res := s.TryPassword(strings.ToUpper(email), webtest.TestPassword)
		if res.Status != http.StatusTooManyRequests || res.Header.Get("Retry-After") == "" || !strings.Contains(res.Text(), "Try again in 16 minutes") {
			t.Errorf("%s: the right password after many guesses: %d %s", email, res.Status, res.Text())
		}
	}
	if n := s.Audited("administrator.sign_in_refused"); n != 2 {
		t.Errorf("%d lines in the audit", n)
	}
	s.Client = own
	s.Post(paths.SignOut, nil)
	if res := s.TryPassword("owner@example.com", webtest.TestPassword); res.Status != http.StatusSeeOther {
		t.Errorf("from a browser that signed in before: %d %s", res.Status, res.Text())
	}
	s.Client = s.Browser()
	s.Now = s.Now.Add(access.FailureWindow + time.Second)
	if res := s.TryPassword("owner@example.com", webtest.TestPassword); res.Status != http.StatusSeeOther {
		t.Errorf("after the time: %d", res.Status)
	}
}

// An address that tries many accounts is refused for all of them.
func TestGuessesFromOneAddressAreCounted(t *testing.T) {
	t.Parallel()
	s := webtest.NewSite(t)
	for i := range access.FailuresOfAddress {
		s.TryPassword(fmt.Sprintf("a%d@example.com", i), "guess").Want(t, http.StatusUnprocessableEntity)
	}
	s.TryPassword("fresh@example.com", "guess").Want(t, http.StatusTooManyRequests)
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	here, there := s.Client, s.Browser()
	s.Client = there
	s.TryPassword("owner@example.com", webtest.TestPassword).Want(t, http.StatusSeeOther)
	s.Client = here
	list := s.Get(paths.Account).Want(t, http.StatusOK)
	if n := list.Doc.Find("section[aria-labelledby=sessions] li").Length(); n != 2 {
		t.Fatalf("%d sessions are listed", n)
	}
	other := list.Doc.Find("[name=session]").AttrOr("value", "")
	s.Post(paths.AccountSessions, url.Values{"session": {other}}).Want(t, http.StatusSeeOther)
	s.Client = there
	s.Get(paths.Overview).Want(t, http.StatusSeeOther)
	s.Client = here
	if n := s.Get(paths.Account).Want(t, http.StatusOK).Doc.Find("section[aria-labelledby=sessions] li").Length(); n != 1 {
		t.Errorf("%d sessions are left", n)
	}
	if n := s.Audited("administrator.sessions_ended"); n != 1 {
		t.Errorf("%d lines in the audit", n)
	}

	// An owner ends those of somebody else; who signs out ends their own.
	s.Client = there
	ana := s.SignInAs(model.RoleViewer)
	s.Client = here
	s.Post(paths.AdministratorAction(ana.ID, "sessions", "end"), nil).Want(t, http.StatusSeeOther)
	s.Client = there
	s.Get(paths.Overview).Want(t, http.StatusSeeOther)
	s.TryPassword("viewer@example.com", webtest.TestPassword).Want(t, http.StatusSeeOther)
	s.Post(paths.SignOut, nil)
	if left, err := s.Store.ConsoleSessions(context.Background(), ana.ID, time.Time{}); err != nil || len(left) != 0 {
		t.Errorf("after the sign-out: %+v, %v", left, err)
	}
}

// A step-up asks, after a while, who is there; nothing is done
// before, and nothing that was typed is lost.
func TestRow19StepUp(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{
		"/setup/{connection}/go-live/confirm", "/connections/{slug}/resume", "/connections/{slug}/restore", "/connections/{slug}/delete",
		"/connections/{slug}/certificates/trust", "/connections/{slug}/certificates/remove", "/connections/{slug}/certificates/policy",
		"/users/{username}/password", "/users/{username}/delete", "/users/{username}/data", "/users/{username}/erase", "/link/confirm",
		"/logins/{id}/xml", "/logins/{id}/link", "/logins/{id}/unlink", "/logins/{id}/domain",
		"/logins/{id}/download", "/logins/people/{name}/data", "/logins/people/{name}/erase",
		"/apps", "/apps/{slug}", "/apps/{slug}/secrets", "/apps/{slug}/delete",
		"/administrators", "/administrators/{id}/role", "/administrators/{id}/delete", "/administrators/{id}/passkeys/remove", "/administrators/rules",
		"/administrators/password",
		"/account/passkeys/remove", "/account/recovery-codes", "/settings/warnings/mail", "/settings/warnings/webhook", "/settings/warnings/calendar",
		"/settings/public-url", "/settings/signing-keys", "/settings/signing-keys/withdraw",
		"/sources", "/sources/new/simulated-aws", "/sources/{slug}/settings", "/sources/{slug}/status", "/sources/{slug}/delete",
		"/sources/{slug}/runs/{id}/approve", "/sources/{slug}/runs/{id}/undo",
		"/sources/{slug}/tokens",
		"/sources/{slug}/conflicts/link", "/sources/{slug}/conflicts/unlink",
	} {
		if !slices.ContainsFunc((&web.Server{}).ConsoleRoutes(), func(rt kit.Route) bool {
			return rt.Method == http.MethodPost && rt.Pattern == pattern && rt.Proof == kit.StepUp
		}) {
			t.Errorf("%s is done without a step-up", pattern)
		}
	}
	s := webtest.NewSiteAs(t, model.RoleOwner)
	s.Now = s.Now.Add(kit.StepUpFor)
	s.Get(paths.Administrators).Want(t, http.StatusOK)
	webtest.Drill(t, s, func(t *testing.T, rt kit.Route) {
		if rt.Proof == kit.Anytime {
			t.Skip("wants no step-up")
		}
		if res := s.Ask(rt, nil); res.Status != http.StatusUnauthorized || !strings.Contains(res.Text(), "Confirm that it is you") {
			t.Errorf("answered %d: %s", res.Status, res.Text())
		}
	})

	asked := s.Post(paths.Administrators, url.Values{"email": {"ana@example.com"}, "role": {"viewer"}, "password": {"quiet otters read maps"}}).Want(t,
		http.StatusUnauthorized)
	if strings.Contains(asked.Body, "quiet otters") {
		t.Error("a password is on the page")
	}
	form := asked.Hidden("form")
	form.Set("password", "wrong")
	asked = s.Post(paths.SignInStepUp, form).Want(t, http.StatusUnauthorized)
	form = asked.Hidden("form")
	form.Set("password", webtest.TestPassword)
	offer := s.Post(paths.SignInStepUp, form).Want(t, http.StatusOK)
	if !strings.Contains(offer.Text(), "ana@example.com") || s.Audited("administrator.create") != 1 {
		t.Fatalf("offered: %s", offer.Text())
	}
	form = offer.Hidden("main form")
	form.Set(offer.Doc.Find("main form [type=password]").AttrOr("name", ""), "quiet otters read maps")
	s.Post(offer.Doc.Find("main form").AttrOr("action", ""), form).Want(t, http.StatusSeeOther)
	s.Client = s.Browser()
	s.TryPassword("ana@example.com", "quiet otters read maps").Want(t, http.StatusSeeOther)
}

func TestEveryAdministratorNeedsAPasskey(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	demand := url.Values{"require_passkey": {"on"}, "console_role": {"viewer"}}
	s.Post(paths.AdministratorsRules, demand).Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", "passkey of your own first")
	owner, err := s.Store.AdministratorByEmail(context.Background(), "owner@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Store.AddPasskey(context.Background(), storetest.Actor, owner, model.Passkey{ID: []byte("k"), Name: "k", Credential: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	s.Post(paths.AdministratorsRules, demand).Want(t, http.StatusSeeOther)
	s.Get(paths.Overview).Want(t, http.StatusOK)

	s.Client = s.Browser()
	s.SignInAs(model.RoleAdmin)
	webtest.Drill(t, s, func(t *testing.T, rt kit.Route) {
		own := strings.HasPrefix(rt.Pattern, "/account") || strings.HasPrefix(rt.Pattern, "/help")
		if !model.RoleAdmin.Includes(rt.Role) || own {
			t.Skip("not for this drill")
		}
		if res := s.Ask(rt, nil); res.Status != http.StatusSeeOther || res.Header.Get("Location") != paths.Account {
			t.Errorf("answered %d to %q", res.Status, res.Header.Get("Location"))
		}
	})
	s.Get(paths.Account).Want(t, http.StatusOK)
	s.Get(paths.AccountPasskeyNew).Want(t, http.StatusOK)
}

// Members of the chosen group come in through AWS with the role that the owners
// gave it, and out as soon as they are no member, or not active, any more.
func TestRow19ConsoleThroughAWSFollowsTheGroup(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	ctx := context.Background()
	s.Follow(t, "/saml/aws/login", "user0") // they exist from now on
	s.Get(paths.SignInAWS).Want(t, http.StatusNotFound)
	person := s.Client
	s.Client = s.Browser()
	s.SignInAs(model.RoleOwner)
	owner := s.Client
	choose := url.Values{"console_group": {"jira-users"}, "console_role": {"owner"}}
	s.Post(paths.AdministratorsRules, choose).Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", "Nobody becomes owner")
	choose.Set("console_role", "admin")
	s.Post(paths.AdministratorsRules, choose).Want(t, http.StatusSeeOther)
	u := s.User("user0")
	if err := s.Store.AddMember(ctx, storetest.Actor, "hidden", u.Username); err != nil {
		t.Fatal(err)
	}

	s.Client = person
	for range 2 { // noted once
		s.Get(paths.SignInAWS).Want(t, http.StatusForbidden).Has(t, ".problems", u.Username+", who may not use the console")
	}
	if n := s.Audited("user.console_refused"); n != 1 {
		t.Errorf("%d entries about the refusal", n)
	}
	member := func(change func(context.Context, model.Actor, string, string) error) {
		t.Helper()
		if err := change(ctx, storetest.Actor, "jira-users", u.Username); err != nil {
			t.Fatal(err)
		}
	}
	member(s.Store.AddMember)
	s.Follow(t, paths.SignInAWS, "").Want(t, http.StatusOK)
	s.Get(paths.Users).Want(t, http.StatusOK)
	s.Post(paths.Users, url.Values{"username": {"new.one"}}).Want(t, http.StatusSeeOther)
	s.Post(paths.Settings, nil).Want(t, http.StatusForbidden)
	s.Post(paths.AdministratorsRules, choose).Want(t, http.StatusForbidden)
	// AWS lets people through unasked, so it is no step-up.
	s.Post("/apps/jira/secrets", nil).Want(t, http.StatusUnauthorized).Has(t, "main", "A passkey does")
	s.Post(paths.SignInStepUp, url.Values{"password": {webtest.TestPassword}}).Want(t, http.StatusUnauthorized)
	s.Get(paths.AccountPasskeyNew).Want(t, http.StatusOK)

	s.Client = owner
	s.Get(paths.Administrators).Has(t, "table", "through AWS")
	choose.Set("console_role", "viewer")
	s.Post(paths.AdministratorsRules, choose).Want(t, http.StatusSeeOther)
	s.Client = person
	s.Post(paths.Users, url.Values{"username": {"new.two"}}).Want(t, http.StatusForbidden)
	member(s.Store.RemoveMember)
	s.Get(paths.Users).Want(t, http.StatusSeeOther)
	s.Client = owner
	s.Get(paths.Administrators).Has(t, "table", "None now")
	s.Client = person
	member(s.Store.AddMember)
	s.Get(paths.Users).Want(t, http.StatusOK)
	if _, err := s.Store.UpdateUser(ctx, storetest.Actor, u.Username, func(u *model.User) error { u.Active = false; return nil }); err != nil {
		t.Fatal(err)
	}
	s.Get(paths.Users).Want(t, http.StatusSeeOther)

	// Neither a password nor the reset on the shell makes it another account.
	s.Client = s.Browser()
	s.TryPassword(u.Username, "").Want(t, http.StatusUnprocessableEntity)
	s.TryPassword("user\n"+u.ID, "").Want(t, http.StatusUnprocessableEntity)
	if _, err := s.Store.AdministratorByEmail(ctx, u.Username); err == nil {
		t.Error("an account of AWS is found by what one types as email")
	}
}
