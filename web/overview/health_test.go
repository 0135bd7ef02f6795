package overview_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	page "github.com/postern-sso/postern/templates/overview"
	"github.com/postern-sso/postern/templates/parts"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/overview"
	"github.com/postern-sso/postern/web/webtest"
)

// refuse adds so many refusals, of different people, a minute apart.
func refuse(s *webtest.Site, code model.Code, n int) {
	for i := range n {
		s.Now = s.Now.Add(time.Minute)
		s.AddLogin(func(l *model.Login) {
			webtest.RefusedAs(code)(l)
			l.Username = "person" + string(rune('a'+i%26))
		})
	}
}

func succeed(s *webtest.Site, n int) {
	for range n {
		s.Now = s.Now.Add(time.Second)
		s.AddLogin(func(*model.Login) {})
	}
}

// come are sign-ins of people of these names, all as one user.
func come(s *webtest.Site, names ...string) {
	s.T.Helper()
	u, err := s.Store.CreateUser(s.T.Context(), webtest.Tester, model.User{Username: "everybody", Active: true}, nil)
	if err != nil {
		s.T.Fatal(err)
	}
	for _, name := range names {
		s.Now = s.Now.Add(time.Minute)
		s.AddLogin(func(l *model.Login) {
			l.UserID, l.Username = u.ID, "everybody"
			l.Person = &model.Person{NameID: "everybody", Username: "everybody", Email: name + "@example.com", FirstName: name, LastName: name + "son"}
		})
	}
}

// The overview says what happened: it is green after a success, tells of refusals,
// and has an alarm only when people cannot sign in now.
func TestOverviewTellsWhatHappened(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		happened func(s *webtest.Site)
		state    string // in the head
		alarm    string // a part of it; empty: there is none
		needs    string // a part of them
	}{
		"nothing":   {func(*webtest.Site) {}, "none", "", "Nothing needs you."},
		"a success": {func(s *webtest.Site) { succeed(s, 1) }, "good", "", "Nothing needs you. Last success"},
		"all refused for one reason": {func(s *webtest.Site) { succeed(s, 1); refuse(s, model.CodeAudienceMismatch, 5) }, "bad",
			"the answer is for somebody else", "Nothing needs you."},
		"a success after all were refused": {func(s *webtest.Site) {
			refuse(s, model.CodeAudienceMismatch, 5)
			succeed(s, 200)
		}, "good", "", "Nothing needs you."},
		"2 of 5 refused": {func(s *webtest.Site) {
			refuse(s, model.CodeExpired, 2)
			succeed(s, 3)
		}, "warn", "", "2 of 5 sign-ins through"},
		"1 of 500 refused": {func(s *webtest.Site) {
			succeed(s, 250)
			refuse(s, model.CodeExpired, 1)
			succeed(s, 249)
		}, "good", "", "Nothing needs you."},
		"only answers that nothing vouches for": {func(s *webtest.Site) { refuse(s, model.CodeSignatureInvalid, 30) }, "none", "",
			"anybody can post such an answer"},
		"such answers while people sign in": {func(s *webtest.Site) { refuse(s, model.CodeSignatureInvalid, 30); succeed(s, 1) }, "good", "", "Nothing needs you."},
		"several people as one user": {func(s *webtest.Site) { come(s, "Ana", "Ben", "Ana") }, "warn", "",
			"and look through its groups.See the sign-in"},
		"somebody who may have been renamed": {func(s *webtest.Site) { come(s, "Ana", "Ben") }, "good", "", "AWS describes the user everybody as somebody else"},
		"a mapping's own text": {func(s *webtest.Site) {
			for range 3 {
				s.Now = s.Now.Add(time.Minute)
				s.AddLogin(func(l *model.Login) {
					l.Outcome, l.Refusal = model.OutcomeRefused, &model.Refusal{Code: model.CodeUsernameInvalid, Cause: model.CauseUsernameLiteral}
				})
			}
		}, "bad", "AWS sends a mapping's own text", "Nothing needs you."},
		"AWS never answers": {func(s *webtest.Site) {
			succeed(s, 1)
			for range 4 {
				s.Now = s.Now.Add(time.Minute)
				s.AddLogin(func(l *model.Login) { l.Outcome, l.FinishedAt = model.OutcomePending, time.Time{} })
			}
			s.Now = s.Now.Add(2 * time.Minute)
		}, "warn", "", "AWS sent nobody back"},
		"suspended": {func(s *webtest.Site) {
			succeed(s, 1)
			s.Post(paths.ConnectionAction("aws", "suspend"), nil).Want(s.T, http.StatusSeeOther)
		}, "none", "", "is suspended"},
		"deactivated people": {func(s *webtest.Site) { refuse(s, model.CodeUserDeactivated, 9); succeed(s, 1) }, "good", "", "Nothing needs you."},
		"one person who may not": {func(s *webtest.Site) { succeed(s, 40); refuse(s, model.CodeEmailDomainRefused, 1) }, "warn", "",
			"The last sign-in through"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := webtest.NewSiteAs(t, model.RoleAdmin)
			s.OpenConnection("aws")
			s.Now = time.Now().UTC().Truncate(time.Second) // the audit and AWS's certificate are of now
			addApp(t, s)
			test.happened(s)
			res := s.Get(paths.Overview).Want(t, http.StatusOK)
			if state := res.Doc.Find(".page-top [data-health]").AttrOr("data-health", ""); state != test.state {
				t.Errorf("the head says %q, want %q", state, test.state)
			}
			if alarm := res.Find(".alarm"); (alarm == "") != (test.alarm == "") || !strings.Contains(alarm, test.alarm) {
				t.Errorf("the alarm says %q, want %q", alarm, test.alarm)
			}
			if needs := res.Find("section[aria-labelledby=needs]"); !strings.Contains(needs, test.needs) {
				t.Errorf("the needs say %q, want %q", needs, test.needs)
			}
		})
	}
}

// addApp is one that works, so that nothing waits for somebody because of it.
func addApp(t *testing.T, s *webtest.Site) {
	t.Helper()
	if err := s.Store.CreateApp(t.Context(), webtest.Tester, model.App{Slug: "jira", Kind: model.AppOIDC, Name: "Jira of the house", Product: "jira",
		AllGroups: true, Public: true, RedirectURIs: []string{"https://jira.example.com/callback"}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Store.AppSignInWorked(t.Context(), "jira", "ana", s.Now); err != nil {
		t.Fatal(err)
	}
}

// AWS signs with another certificate: the alarm has what AWS's own metadata says
// beside what the refused answers carry, and goes away with the first success.
func TestOverviewAlarmOfAnotherCertificate(t *testing.T) {
	t.Parallel()
	x := webtest.NewRotating(t)
	x.Login(t, "before", false, "")
	x.Refresh(0)
	x.Serve(webtest.Keys().AttackerCert)
	x.Now = x.Now.Add(time.Minute)
	for range 3 {
		x.Login(t, "with a certificate that is not trusted", true, model.CodeCertificateUnknown)
	}
	before := x.Get(paths.Overview)
	if before.Find(".alarm") != "" {
		t.Errorf("nothing vouches for these answers, and there is an alarm: %s", before.Find(".alarm"))
	}
	before.Has(t, "section[aria-labelledby=needs]", "3 answers that nothing vouches for were refused")
	if check := x.Refresh(25 * time.Hour); check.Offered == "" {
		t.Fatal("the new certificate was not found")
	}
	x.Login(t, "after AWS's metadata was read", true, model.CodeCertificateUnknown)
	res := x.Get(paths.Overview)
	print := webtest.FingerprintOfDER(webtest.Keys().AttackerCert)
	alarm := res.Find(".alarm")
	if !strings.Contains(alarm, "AWS signs with a certificate that is not trusted here") || strings.Count(alarm, print[:8]+" … ") != 2 {
		t.Errorf("the alarm says %q", alarm)
	}
	if to := res.Doc.Find(".alarm a.btn-primary").AttrOr("href", ""); to != paths.Certificates("aws") {
		t.Errorf("the alarm leads to %q", to)
	}
	prints := x.Get(paths.Certificates("aws")).Doc.Find("[name=fingerprints]").AttrOr("value", "")
	x.Confirm()
	x.Post(paths.Certificates("aws")+"/trust", url.Values{"fingerprints": {prints}}).Want(t, http.StatusSeeOther)
	trusted := x.Get(paths.Overview)
	if trusted.Find(".alarm") != "" || !strings.Contains(trusted.Find("section[aria-labelledby=needs]"), "Nobody has signed in through") {
		t.Errorf("trusted, and nobody has signed in: %s", trusted.Text())
	}
	x.Login(t, "trusted", true, "")
	after := x.Get(paths.Overview)
	if after.Find(".alarm") != "" || strings.Contains(after.Find("section[aria-labelledby=needs]"), "signed in since") {
		t.Errorf("after the first success: %s", after.Text())
	}
}

// What apps need stands on the overview; the flow has the offer where none is.
func TestOverviewTellsOfApps(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.OpenConnection("aws")
	s.Now = time.Now().UTC().Truncate(time.Second)
	succeed(s, 1)
	if to := s.Get(paths.Overview).Doc.Find("section[aria-labelledby=flow] a.offer").AttrOr("href", ""); to != paths.AppsNew {
		t.Errorf("without an app the flow offers %q", to)
	}
	s.AddUser("ana", "jira-users")
	if err := s.Store.CreateApp(t.Context(), webtest.Tester, model.App{Slug: "directory", Kind: model.AppCrowd, Name: "Jira of the house", Product: "jira",
		Groups: []string{"jira-users"}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Store.AddAppSecret(t.Context(), webtest.Tester, "directory", "hash", "hint"); err != nil {
		t.Fatal(err)
	}
	needs := func() string { return s.Get(paths.Overview).Find("section[aria-labelledby=needs]") }
	node := func() string {
		return s.Get(paths.Overview).Doc.Find("section[aria-labelledby=flow] a[href='/apps/directory']").AttrOr("class", "")
	}
	if text := needs(); !strings.Contains(text, "Jira of the house has not asked yet") || !strings.Contains(node(), "none") {
		t.Errorf("an app that was never seen: %s, %s", text, node())
	}
	ask := func(kind string, first bool) {
		if err := s.Store.NoteCrowdRequest(t.Context(), model.CrowdRequest{App: "directory", At: s.Now, Kind: kind, First: first, Status: 200}); err != nil {
			t.Fatal(err)
		}
	}
	for range 4 {
		s.Now = s.Now.Add(time.Hour)
		ask(model.CrowdEvents, true)
	}
	if text := needs(); !strings.Contains(text, "Nothing needs you.") || !strings.Contains(node(), "good") {
		t.Errorf("a directory that comes: %s, %s", text, node())
	}
	s.Now = s.Now.Add(5 * time.Hour)
	if text := needs(); !strings.Contains(text, "has not synchronized for 5 hours") || !strings.Contains(node(), "warn") {
		t.Errorf("a directory that does not come: %s, %s", text, node())
	}
	if err := s.Store.DeleteGroup(t.Context(), webtest.Tester, "jira-users"); err != nil {
		t.Fatal(err)
	}
	if text := needs(); !strings.Contains(text, "Jira of the house sees no group") || !strings.Contains(node(), "bad") {
		t.Errorf("its only group was deleted: %s, %s", text, node())
	}
	s.AddGroup("jira-users")
	if text := needs(); !strings.Contains(text, "Jira of the house sees no group") {
		t.Errorf("a group of the same name was made: %s", text)
	}
	s.Get(paths.App("directory")).Has(t, "section[aria-labelledby=seen]", "Jira of the house sees no group")
}

// Warnings that do not arrive are a need.
func TestOverviewTellsOfWarningsThatDoNotArrive(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.OpenConnection("aws")
	s.Now = time.Now().UTC().Truncate(time.Second)
	if err := s.Store.SaveWarnings(t.Context(), webtest.Tester, "warnings.mail", func(w *model.Warnings) error {
		w.SMTPHost = "mail.example.com"
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Store.ClaimNotice(t.Context(), "certificate_expires/aws/AA/30", model.ChannelMail, s.Now); err != nil {
		t.Fatal(err)
	}
	if err := s.Store.FinishNotice(t.Context(), "certificate_expires/aws/AA/30", model.ChannelMail, s.Now,
		"mail.example.com did not answer in time."); err != nil {
		t.Fatal(err)
	}
	s.Get(paths.Overview).Has(t, "section[aria-labelledby=needs]", "Warnings do not arrive by mail")
	s.Get(paths.Overview).Has(t, "section[aria-labelledby=needs]", "mail.example.com did not answer in time.")
	if err := s.Store.FinishNotice(t.Context(), "certificate_expires/aws/AA/30", model.ChannelMail, s.Now, ""); err != nil {
		t.Fatal(err)
	}
	if text := s.Get(paths.Overview).Find("section[aria-labelledby=needs]"); strings.Contains(text, "do not arrive") {
		t.Errorf("it arrived: %s", text)
	}
}

// An act is one line, by the names that people know.
func TestOverviewTellsActs(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.OpenConnection("aws")
	addApp(t, s)
	s.AddUser("ana", "staff")
	l := s.AddLogin(webtest.RefusedAs(model.CodeExpired))
	if err := s.Store.RecordAudit(t.Context(), webtest.Tester, "login.xml_shown", l.ID, ""); err != nil {
		t.Fatal(err)
	}
	res := s.Get(paths.Overview)
	res.Has(t, "section[aria-labelledby=changed]", "App created Jira of the house")
	if text := res.Find("section[aria-labelledby=changed]"); strings.Contains(text, l.ID) {
		t.Errorf("a random reference is news: %s", text)
	}
}

// Clocks that differ are a need, the more the worse.
func TestOverviewTellsOfClocks(t *testing.T) {
	t.Parallel()
	for ahead, want := range map[time.Duration]ui.Tone{5 * time.Second: "", time.Minute: ui.Info, 2 * time.Minute: ui.Warn} {
		got := overview.NeedsOf(page.OverviewPage{Connections: []page.OverviewConnection{
			{Clock: parts.Clock{Measured: true, Ahead: ahead, Limit: 3 * time.Minute}}}})
		if (want == "") != (len(got) == 0) || len(got) == 1 && (got[0].Tone != want || !strings.Contains(got[0].Text, " s behind")) {
			t.Errorf("%s ahead: %+v", ahead, got)
		}
	}
}
