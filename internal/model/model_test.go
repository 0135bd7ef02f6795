package model_test

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

func TestKeyMakesSpellingsOfOneNameEqual(t *testing.T) {
	t.Parallel()
	for _, names := range [][]string{
		{"ana", "ANA", " Ana\n", "ａｎａ"},              // case, blanks, full width
		{"straße", "STRASSE", "Strasse"},             // folding, not lower-casing
		{"andr\u00e9", "andre\u0301"},                // composed and decomposed
		{"\u212bngstr\u00f6m", "\u00e5ngstr\u00f6m"}, // the Ångström sign
	} {
		for _, n := range names {
			if model.Key(n) != model.Key(names[0]) {
				t.Errorf("%q and %q have the keys %q and %q", n, names[0], model.Key(n), model.Key(names[0]))
			}
		}
	}
	if model.Key("ana") == model.Key("аnа") { // Cyrillic а
		t.Error("a Cyrillic letter is taken for a Latin one")
	}
}

func TestCheckUsername(t *testing.T) {
	t.Parallel()
	for name, good := range map[string]bool{
		"ana": true, "ana.lee@example.com": true, "José": true, "日本": true, "EXAMPLE\\ana": true, strings.Repeat("a", 255): true,
		"": false, " ana": false, "ana lee": false, "an\u00a0a": false, "an\u200ba": false, "ana\u202e": false, "a\x00": false, "a\nb": false,
		"ａna": false, "ﬁn": false, "Jose\u0301": false, ".": false, "..": false, "\xff": false, strings.Repeat("a", 256): false,
	} {
		if err := model.CheckUsername(name); (err == nil) != good {
			t.Errorf("%.40q: %v", name, err)
		}
	}
}

func TestCheckGroupNameEmailSlug(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		check func(string) error
		text  string
		good  bool
	}{
		{model.CheckGroupName, "jira-software-users", true}, {model.CheckGroupName, "Site Admins", true},
		{model.CheckGroupName, "a/b", false}, {model.CheckGroupName, "a\tb", false}, {model.CheckGroupName, " a", false},
		{model.CheckEmail, "ana@example.com", true}, {model.CheckEmail, "ana", false}, {model.CheckEmail, "@example.com", false},
		{model.CheckEmail, "ana@", false}, {model.CheckEmail, "a@b@c", false}, {model.CheckEmail, "a b@c", false},
		{model.CheckSlug, "aws", true}, {model.CheckSlug, "a", true}, {model.CheckSlug, "aws-2", true}, {model.CheckSlug, "AWS", false},
		{model.CheckSlug, "-a", false}, {model.CheckSlug, "a-", false}, {model.CheckSlug, "", false}, {model.CheckSlug, "a/b", false},
		{model.CheckSlug, strings.Repeat("a", 64), true}, {model.CheckSlug, strings.Repeat("a", 65), false},
	} {
		if err := c.check(c.text); (err == nil) != c.good {
			t.Errorf("%.40q: %v", c.text, err)
		}
	}
	if d := model.EmailDomain("Ana@EXAMPLE.com"); d != "example.com" {
		t.Errorf("domain %q", d)
	}
}

func TestStatusTransitions(t *testing.T) {
	t.Parallel()
	all := []model.Status{model.StatusDraft, model.StatusReady, model.StatusLive, model.StatusSuspended}
	allowed := map[[2]model.Status]bool{
		{model.StatusDraft, model.StatusReady}: true, {model.StatusDraft, model.StatusLive}: true,
		{model.StatusReady, model.StatusDraft}: true, {model.StatusReady, model.StatusLive}: true,
		{model.StatusLive, model.StatusSuspended}: true, {model.StatusSuspended, model.StatusLive}: true,
	}
	for _, from := range all {
		for _, to := range all {
			if from.CanBecome(to) != allowed[[2]model.Status{from, to}] {
				t.Errorf("%s to %s: %v", from, to, from.CanBecome(to))
			}
		}
	}
	if model.Status("").CanBecome(model.StatusLive) {
		t.Error("the zero status may go live")
	}
}

func TestRolesFailClosed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		have, need model.Role
		may        bool
	}{
		{model.RoleOwner, model.RoleOwner, true}, {model.RoleOwner, model.RoleViewer, true}, {model.RoleAdmin, model.RoleViewer, true},
		{model.RoleAdmin, model.RoleOwner, false}, {model.RoleViewer, model.RoleAdmin, false},
		{"", model.RoleViewer, false}, {"root", model.RoleViewer, false}, {model.RoleOwner, "", false},
	} {
		if c.have.Includes(c.need) != c.may {
			t.Errorf("%q includes %q: %v", c.have, c.need, !c.may)
		}
	}
}

func TestNoAnswer(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)
	l := model.Login{Outcome: model.OutcomePending, StartedAt: start}
	if c := l.Code(start.Add(model.NoAnswerAfter)); c != "" {
		t.Errorf("after a minute: %q", c)
	}
	if c := l.Code(start.Add(model.NoAnswerAfter + time.Second)); c != model.CodeNoAnswer {
		t.Errorf("after more than a minute: %q", c)
	}
	l.Outcome = model.OutcomeSignedIn
	if c := l.Code(start.Add(time.Hour)); c != "" {
		t.Errorf("signed in: %q", c)
	}
	l.Refusal = &model.Refusal{Code: model.CodeExpired}
	if c := l.Code(start); c != model.CodeExpired {
		t.Errorf("refused: %q", c)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	c := model.DefaultConfig("x")
	if got := c.EntityIDFor("https://sso.example.com/", "aws"); got != "https://sso.example.com/saml/aws/metadata" {
		t.Error(got)
	}
	c.EntityID = "urn:postern"
	if got := c.EntityIDFor("https://sso.example.com", "aws"); got != "urn:postern" {
		t.Error(got)
	}
	if got := model.ACSURL("https://sso.example.com/", "aws"); got != "https://sso.example.com/saml/aws/acs" {
		t.Error(got)
	}
}
