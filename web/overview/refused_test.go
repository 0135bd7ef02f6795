package overview_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

// refusedFor is a login of somebody whom AWS vouched for, refused for a cause.
func refusedFor(s *webtest.Site, username string, r model.Refusal) model.Login {
	s.Now = s.Now.Add(time.Second)
	return s.AddLogin(func(l *model.Login) {
		l.Outcome, l.Refusal, l.Username, l.NameID = model.OutcomeRefused, &r, username, username
		l.Person = &model.Person{Username: username, NameID: username, ExternalID: username + "-1", Email: username + "@partner.example.org"}
	})
}

// Whoever was refused has, in each list that they stand in, the button of their
// trace; it leads to a page that says first what it does.
func TestRefusedPeopleHaveTheButtonOfTheirTrace(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.OpenConnection("aws")
	s.AddConnection("domains")
	s.GoLiveWith("domains", func(c *model.Config) {
		c.Provisioning, c.JIT.AllowedEmailDomains = model.ProvisioningJIT, []string{"example.com"}
	})
	s.Now = time.Now().UTC().Truncate(time.Second)
	s.AddUser("otto")
	s.AddUser("dora")
	if _, err := s.Store.UpdateUser(t.Context(), webtest.Tester, "dora", func(u *model.User) error { u.Active = false; return nil }); err != nil {
		t.Fatal(err)
	}
	domain := func() model.Login {
		s.Now = s.Now.Add(time.Second)
		return s.AddLogin(func(l *model.Login) {
			l.Connection, l.Username, l.NameID, l.Outcome = "domains", "kai", "kai", model.OutcomeRefused
			l.Refusal = &model.Refusal{Code: model.CodeEmailDomainRefused, Cause: model.CauseDomain, Received: "partner.example.org"}
			l.Person = &model.Person{Username: "kai", NameID: "kai", Email: "kai@partner.example.org"}
		})
	}()
	unsure := func(r model.Refusal) model.Login { return refusedFor(s, "", r) }
	for _, c := range []struct {
		login  model.Login
		label  string
		person bool // among the people, too
	}{
		{refusedFor(s, "otto", model.Refusal{Code: model.CodeUsernameTaken, Cause: model.CauseLinkedElsewhere}), "Link this person to otto…", true},
		{refusedFor(s, "mia", model.Refusal{Code: model.CodeUserUnknown, Cause: model.CauseUserUnknown}), "Add this person…", true},
		{refusedFor(s, "dora", model.Refusal{Code: model.CodeUserDeactivated, Cause: model.CauseUserDeactivated, Received: "dora"}), "Activate dora…", true},
		{domain, "Allow partner.example.org…", true},
		{unsure(model.Refusal{Code: model.CodeCertificateUnknown, Cause: model.CauseCertificateReplaced, Received: "AA"}), "Bring AWS's certificate…", false},
		{unsure(model.Refusal{Code: model.CodeAttributeMissing, Cause: model.CauseAttributeAbsent, Expected: "email"}), "Open this step of the setup…", false},
	} {
		trace := s.Get(paths.Login(c.login.ID)).Want(t, http.StatusOK).Doc.Find("#reason").Parent().Find("a.btn")
		href := trace.AttrOr("href", "")
		if trace.Text() != c.label || href == "" {
			t.Errorf("the trace offers %q, want %q", trace.Text(), c.label)
		}
		find := func(where, in string) {
			t.Helper()
			if got := s.Get(where).Doc.Find(in + ` a.btn[href="` + href + `"]`); got.Length() != 1 || got.Text() != c.label {
				t.Errorf("%s: %q is there %d times in %s", c.label, href, got.Length(), where)
			}
		}
		find(paths.WithQuery(paths.Logins, "outcome", "refused"), "tbody")
		if c.person {
			find(paths.Overview, "section[aria-labelledby=tried]")
		} else {
			find(paths.Overview, "section[aria-labelledby=reasons]")
		}
		s.Get(href).Want(t, http.StatusOK)
	}
	s.SignInAs(model.RoleViewer)
	for _, where := range []string{paths.Overview, paths.WithQuery(paths.Logins, "outcome", "refused")} {
		if n := s.Get(where).Doc.Find("section[aria-labelledby=tried] .btn, section[aria-labelledby=reasons] .btn, tbody .btn").Length(); n != 0 {
			t.Errorf("a viewer is offered %d buttons in %s", n, where)
		}
	}
}

// Whoever signed in since, or whose reason is gone, is not listed as refused any
// more; another person of AWS with the same username is.
func TestWhoSignedInSinceIsNotListedAsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		after  func(s *webtest.Site)
		listed bool
		said   string // in the list of logins
	}{
		"nothing":                {func(*webtest.Site) {}, true, "Link this person to otto…"},
		"signed in":              {func(s *webtest.Site) { signIn(s, "otto", "otto", "otto-1", false) }, false, "Signed in since."},
		"the mapping has no ids": {func(s *webtest.Site) { signIn(s, "otto", "otto", "", false) }, false, "Signed in since."},
		"another with the name":  {func(s *webtest.Site) { signIn(s, "otto", "otto", "otto-2", false) }, true, "Link this person to otto…"},
		"somebody else":          {func(s *webtest.Site) { signIn(s, "mia", "mia", "mia-1", false) }, true, "Link this person to otto…"},
		"a test":                 {func(s *webtest.Site) { signIn(s, "otto", "otto", "otto-1", true) }, true, "Link this person to otto…"},
		"signed in, refused again": {func(s *webtest.Site) {
			signIn(s, "otto", "otto", "otto-1", false)
			refusedFor(s, "otto", model.Refusal{Code: model.CodeUsernameTaken, Cause: model.CauseLinkedElsewhere})
		}, true, "Link this person to otto…"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := webtest.NewSiteAs(t, model.RoleAdmin)
			s.OpenConnection("aws")
			s.Now = time.Now().UTC().Truncate(time.Second)
			s.AddUser("otto")
			refusedFor(s, "otto", model.Refusal{Code: model.CodeUsernameTaken, Cause: model.CauseLinkedElsewhere})
			c.after(s)
			if listed := s.Get(paths.Overview).Doc.Find("section[aria-labelledby=tried]").Length() == 1; listed != c.listed {
				t.Errorf("listed among the refused: %v", listed)
			}
			s.Get(paths.WithQuery(paths.Logins, "outcome", "refused")).Has(t, "tbody", c.said)
		})
	}
}

func signIn(s *webtest.Site, username, nameID, externalID string, test bool) {
	s.Now = s.Now.Add(time.Second)
	s.AddLogin(func(l *model.Login) {
		l.Username, l.NameID, l.Test = username, nameID, test
		l.Person = &model.Person{Username: username, NameID: nameID, ExternalID: externalID}
	})
}

// Refusals are told apart by cause: each has its words, its number and the list of
// exactly these; traces from before causes count with the usual cause of their code.
func TestRefusalsAreCountedByCause(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleViewer)
	s.OpenConnection("aws")
	s.Now = time.Now().UTC().Truncate(time.Second)
	for i, cause := range []model.Cause{model.CauseLinkedElsewhere, model.CauseLinkedElsewhere, model.CauseAdministers, model.CauseLinkedElsewhere, ""} {
		refusedFor(s, fmt.Sprintf("person%d", i), model.Refusal{Code: model.CodeUsernameTaken, Cause: cause})
	}
	refusedFor(s, "", model.Refusal{Code: model.CodeAudienceMismatch, Cause: model.CauseAudienceIsACS})
	rows := s.Get(paths.Overview).Doc.Find("section[aria-labelledby=reasons] li")
	want := []string{"3 people", "1", "1", "1"}
	if rows.Length() != len(want) {
		t.Fatalf("%d causes: %s", rows.Length(), rows.Text())
	}
	for i, row := range rows.EachIter() {
		href := row.Find("a").First().AttrOr("href", "")
		if n := s.Get(href).Want(t, http.StatusOK).Doc.Find("tbody tr").Length(); fmt.Sprint(n) != row.Find(".num").Text() {
			t.Errorf("%s leads to %d logins: %s", row.Text(), n, href)
		}
		if !strings.Contains(row.Text(), want[i]) || !strings.Contains(href, "cause=") || !strings.Contains(href, "when=7d") {
			t.Errorf("row %d says %q and leads to %s", i, row.Text(), href)
		}
	}
}
