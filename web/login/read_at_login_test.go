package login_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/postern-sso/postern/internal/attack"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/webtest"
)

// A login reads its person from a source that wants it: who was disabled there a moment
// ago does not get in, and a source that fails keeps nobody out. The trace says both.
func TestALoginReadsItsPersonFirst(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, func(c *model.Config) {
		c.Attributes = model.AttributeMap{Username: model.AttributeSubject, Email: "mail"}
	})
	x.SourceOf("corp", 20)
	asks := func(s *model.Source) error { s.LDAP.ReadAtLogin = true; return nil }
	if _, err := x.Store.UpdateSource(t.Context(), webtest.Tester, "corp", 0, asks); err != nil {
		t.Fatal(err)
	}
	come := func() (model.Login, string) {
		t.Helper()
		e := x.Begin(false)
		e.Scene.Subject = "p0000"
		said := `<saml2:Attribute Name="mail"><saml2:AttributeValue>p0000@example.com</saml2:AttributeValue></saml2:Attribute>`
		l := x.Trace(x.Answer(e, attack.WithAttributes(&e.Scene, said)))
		at := slices.IndexFunc(l.Checks, func(c model.Check) bool { return c.ID == "read_at_login" })
		if at < 0 {
			t.Fatalf("the trace does not say what was read: %+v", l.Checks)
		}
		return l, fmt.Sprintf("%s %s %t", l.Checks[at].State, l.Checks[at].Received, l.Checks[at].Title != "")
	}
	if l, said := come(); l.Outcome != model.OutcomeSignedIn || said != "passed corp true" {
		t.Errorf("as before: %s %+v, %s", l.Outcome, l.Refusal, said)
	}
	x.Directories.Fail("corp", errors.New("it burns"))
	if l, said := come(); l.Outcome != model.OutcomeSignedIn || said != "skipped corp true" {
		t.Errorf("a source that fails: %s %+v, %s", l.Outcome, l.Refusal, said)
	}
	disabled := webtest.ReadingOf(20)
	disabled.People[0].Enabled = false
	x.Directories.Have("corp", disabled)
	if l, said := come(); l.Refusal == nil || l.Refusal.Code != model.CodeUserDeactivated || said != "passed corp true" {
		t.Errorf("disabled there: %s %+v, %s", l.Outcome, l.Refusal, said)
	}
}
