package logins_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/logins"
	"github.com/postern-sso/postern/web/webtest"
)

func TestTraceIsToldStepByStep(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	l := s.AddLogin(func(l *model.Login) {
		webtest.RefusedAs(model.CodeAudienceMismatch)(l)
		l.RequestID, l.StartedAt = "_1", s.Now.Add(-12*time.Second)
		l.Checks = []model.Check{
			{ID: "issuer", Title: "The issuer", State: model.CheckPassed},
			{ID: "audience", Title: "We are the audience", State: model.CheckFailed, Expected: "https://postern.example.com/saml",
				Received: "https://postern.example.org/saml", Alike: true},
		}
	})
	res := s.Get(paths.Login(l.ID)).Want(t, http.StatusOK)
	res.Has(t, ".story", "AWS answered after 12 s")
	res.Has(t, "#checks", "We are the audience? No")
	res.Has(t, "#checks .fold summary", "1 check passed")
	res.Has(t, "#changes", "changes no user and no group")
	if got := res.Find("#checks .check-failed code mark"); got != "comorg" {
		t.Errorf("marks %q", got)
	}
	// The marks must not change what is copied.
	if got := res.Doc.Find("#checks .check-failed code").First().Text(); got != "https://postern.example.com/saml" {
		t.Errorf("the expected value reads %q", got)
	}

	done := s.AddLogin(func(l *model.Login) {
		l.Changes = []model.Change{{What: "group_added", Name: "jira-users", Why: "Rule “everybody”"}}
	})
	s.Get(paths.Login(done.ID)).Has(t, "#changes", "Rule “everybody”")
}

func TestHandoutNamesNoInternals(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	if err := s.Store.SaveSettings(context.Background(), webtest.Tester, func(set *store.Settings) error {
		set.HelpContact = "it@example.com"
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	l := s.AddLogin(webtest.RefusedAs(model.CodeUserUnknown))
	res := s.Get(paths.Login(l.ID)).Want(t, http.StatusOK)
	text, _ := res.Doc.Find("section[aria-labelledby=handout] [data-copy]").Attr("data-copy")
	for _, want := range []string{l.ID, "it@example.com", "An administrator has to change something"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %q", want, text)
		}
	}
	for _, code := range model.Codes {
		text := logins.Handout(l, code, "it@example.com")
		for _, internal := range []string{string(code), l.Refusal.Expected, l.Refusal.Received, "SAML", "metadata", "NTP", "ana"} {
			if strings.Contains(text, internal) {
				t.Errorf("%s: the text for the person has %q", code, internal)
			}
		}
	}
	in := s.AddLogin(func(*model.Login) {})
	if s.Get(paths.Login(in.ID)).Find("#handout") != "" {
		t.Error("there is a text to hand out for a login that worked")
	}
}
