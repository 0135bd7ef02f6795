package web

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
)

func TestTraceIsToldStepByStep(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	l := s.addLogin(func(l *model.Login) {
		refusedAs(model.CodeAudienceMismatch)(l)
		l.RequestID, l.StartedAt = "_1", s.now.Add(-12*time.Second)
		l.Checks = []model.Check{
			{ID: "issuer", Title: "The issuer", State: model.CheckPassed},
			{ID: "audience", Title: "We are the audience", State: model.CheckFailed, Expected: "https://postern.example.com/saml",
				Received: "https://postern.example.org/saml"},
		}
	})
	res := s.get(paths.Login(l.ID)).want(t, http.StatusOK)
	res.has(t, "#timeline + ol", "AWS answered after 12 s")
	res.has(t, "#checks h3", "1 failed, 1 passed")
	res.has(t, "#changes", "changes no user and no group")
	if got := res.find("#checks .check-failed code mark"); got != "comorg" {
		t.Errorf("marks %q", got)
	}
	// The marks must not change what is copied.
	if got := res.doc.Find("#checks .check-failed code").First().Text(); got != "https://postern.example.com/saml" {
		t.Errorf("the expected value reads %q", got)
	}

	done := s.addLogin(func(l *model.Login) {
		l.Changes = []model.Change{{What: "group_added", Name: "jira-users", Why: "Rule “everybody”"}}
	})
	s.get(paths.Login(done.ID)).has(t, "#changes", "Rule “everybody”")
}

func TestHandoutNamesNoInternals(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	if err := s.store.SaveSettings(context.Background(), tester, func(set *store.Settings) error { set.HelpContact = "it@example.com"; return nil }); err != nil {
		t.Fatal(err)
	}
	l := s.addLogin(refusedAs(model.CodeUserUnknown))
	res := s.get(paths.Login(l.ID)).want(t, http.StatusOK)
	text, _ := res.doc.Find("section[aria-labelledby=handout] [data-copy]").Attr("data-copy")
	for _, want := range []string{l.ID, "it@example.com", "An administrator has to change something"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %q", want, text)
		}
	}
	for _, code := range model.Codes {
		text := handout(l, code, "it@example.com")
		for _, internal := range []string{string(code), l.Refusal.Expected, l.Refusal.Received, "SAML", "metadata", "NTP", "ana"} {
			if strings.Contains(text, internal) {
				t.Errorf("%s: the text for the person has %q", code, internal)
			}
		}
	}
	in := s.addLogin(func(*model.Login) {})
	if s.get(paths.Login(in.ID)).find("#handout") != "" {
		t.Error("there is a text to hand out for a login that worked")
	}
}
