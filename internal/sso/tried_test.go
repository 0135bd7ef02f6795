package sso_test

import (
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

// A word of AWS's form in place of its variable would make one user of everybody;
// the test sign-in stops at it.
func TestTestStopsAtAWordOfTheForm(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]model.Cause{
		"Username": model.CauseUsernameLiteral, "subject": model.CauseUsernameLiteral, " User name ": model.CauseUsernameLiteral,
		"Email": model.CauseUsernameLiteral, "ana": "", "subject.matter": "", "emaily": "",
	} {
		var got model.Cause
		if r := sso.JudgeTried(model.Person{NameID: name, Username: name}); r != nil {
			got = r.Cause
		}
		if got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// The text of a mapping is nobody's stable id: everybody would be one person.
func TestMappingTextIsNoStableID(t *testing.T) {
	t.Parallel()
	cfg := model.Config{Attributes: model.AttributeMap{Username: model.AttributeSubject, ExternalID: "userId"}}
	for _, text := range []string{"${user:AD_GUID}", "user:AD_GUID", "$(user:AD_GUID)"} {
		_, _, r := sso.MapAttributes(cfg, &sso.Identity{Issuer: "https://idp.example/", NameID: "ana", Attributes: map[string][]string{"userId": {text}}})
		if r == nil || r.Cause != model.CauseAttributeLiteral {
			t.Errorf("%s: %+v", text, r)
		}
	}
}

// namesakes is the refusal of a test by ana, after ben came, with what they bring;
// the source is the row that is blamed.
func namesakes(source string, ana, ben model.Person) *model.Refusal {
	cfg := model.Config{Attributes: model.AttributeMap{Username: model.AttributeSubject, Email: "email", ExternalID: "userId"}}
	ana.Email, ana.FirstName = "ana@example.com", "Ana"
	ben.Email, ben.FirstName = "ben@example.com", "Ben"
	c, r := sso.JudgeNamesakes(cfg, ana, []model.Person{ana, ben})
	if r != nil && (c.State != model.CheckFailed || c.Title == "" || !strings.Contains(strings.ToLower(r.Detail), strings.ToLower(source)) ||
		!strings.Contains(r.Detail, "Ana (ana@example.com) now, and came before for Ben (ben@example.com)")) {
		return nil
	}
	return r
}

// The test stops at a second person under one name, by whatever row that comes,
// and not at somebody who was renamed.
func TestTestStopsAtTheSecondPersonOfAName(t *testing.T) {
	t.Parallel()
	row := func(v string) map[string][]string { return map[string][]string{"login": {v}} }
	by := func(source string, ana, ben model.Person) *model.Refusal {
		cfg := model.Config{Attributes: model.AttributeMap{Username: source, Email: "email"}}
		_, r := sso.JudgeNamesakes(cfg, ana, []model.Person{ben})
		return r
	}
	ana := model.Person{NameID: "everybody", Username: "everybody", Email: "ana@example.com", FirstName: "Ana", LastName: "Lima"}
	ben := model.Person{NameID: "everybody", Username: "everybody", Email: "ben@example.com", FirstName: "Ben", LastName: "Ito"}
	if r := by(model.AttributeSubject, ana, ben); r == nil || r.Cause != model.CauseSubjectShared || r.Received != "everybody" {
		t.Errorf("the subject: %+v", r)
	}
	a, b := ana, ben
	a.NameID, a.Attributes, b.NameID, b.Attributes = "ana", row("login"), "ben", row("login")
	if r := by("login", a, b); r == nil || r.Cause != model.CauseAttributeShared || !strings.Contains(r.Detail, `The attribute "login"`) {
		t.Errorf("another attribute: %+v", r)
	}
	a.NameID, b.NameID = "lima@one.example", "lima@two.example" // what the transformation makes alike is no mapping's fault
	if r := by(model.AttributeSubject, a, b); r != nil {
		t.Errorf("the transformation: %+v", r)
	}
	married := ana
	married.Email, married.LastName = "ana.roth@example.com", "Roth"
	for name, before := range map[string][]model.Person{"nobody": nil, "herself": {ana}, "before she married": {married}} {
		if c, r := sso.JudgeNamesakes(model.Config{Attributes: model.AttributeMap{Username: model.AttributeSubject}}, ana, before); r != nil ||
			c.State != model.CheckPassed {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// The test stops at any attribute that has a mapping's text, and at a stable id
// that is a word of AWS's form; a value that only looks like it passes.
func TestTestStopsAtAMappingsTextAnywhere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		person model.Person
		want   model.Cause
	}{
		"first name":    {model.Person{NameID: "ana", Attributes: map[string][]string{"firstName": {"${user:givenName}"}}}, model.CauseAttributeLiteral},
		"of a rule":     {model.Person{NameID: "ana", Attributes: map[string][]string{"cost": {"${User:costCenter}"}}}, model.CauseAttributeLiteral},
		"stable id":     {model.Person{NameID: "ana", ExternalID: "userId"}, model.CauseAttributeLiteral},
		"honest values": {model.Person{NameID: "ana", ExternalID: "94-1", Attributes: map[string][]string{"role": {"user:admin", "$5 user"}}}, ""},
	} {
		var got model.Cause
		if r := sso.JudgeTried(c.person); r != nil {
			got = r.Cause
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
