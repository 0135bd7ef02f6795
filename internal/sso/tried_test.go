package sso_test

import (
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
