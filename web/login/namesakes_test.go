package login_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/attack"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/webtest"
)

// A subject that was typed as plain text is the same for everybody: the second
// person is refused in the test, with the row to mend. A login is not refused for
// it, since somebody may have been renamed.
func TestTheSecondPersonOfANameFailsTheTest(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, func(c *model.Config) {
		c.Attributes = model.AttributeMap{Username: model.AttributeSubject, Email: "mail", FirstName: "firstName", LastName: "lastName"}
	})
	come := func(test bool, subject, email, first, last string) *httptest.ResponseRecorder {
		t.Helper()
		e := x.Begin(false)
		e.Scene.Subject = subject
		if test {
			if _, err := x.Store.Pool().Exec(t.Context(), "update requests set test = true"); err != nil {
				t.Fatal(err)
			}
		}
		said := ""
		for _, a := range [][2]string{{"mail", email}, {"firstName", first}, {"lastName", last}} {
			said += fmt.Sprintf(`<saml2:Attribute Name=%q><saml2:AttributeValue>%s</saml2:AttributeValue></saml2:Attribute>`, a[0], a[1])
		}
		return x.Answer(e, attack.WithAttributes(&e.Scene, said))
	}
	wants := func(what string, w *httptest.ResponseRecorder, cause model.Cause) {
		t.Helper()
		l := x.Trace(w)
		if (l.Refusal == nil) != (cause == "") || l.Refusal != nil && l.Refusal.Cause != cause || cause == "" && w.Code != http.StatusSeeOther {
			t.Errorf("%s: %d %+v, want %q", what, w.Code, l.Refusal, cause)
		}
	}
	wants("the first", come(true, "everybody", "ana@example.com", "Ana", "Lima"), "")
	wants("the first again", come(true, "everybody", "ana@example.com", "Ana", "Lima"), "")
	second := come(true, "everybody", "ben@example.com", "Ben", "Ito")
	wants("the second", second, model.CauseSubjectShared)
	if l := x.Trace(second); !strings.Contains(l.Refusal.Detail, "Ben Ito (ben@example.com) now, and came before for Ana Lima") ||
		l.Refusal.Received != "everybody" || l.Checks[len(l.Checks)-1].ID != "one_person" {
		t.Errorf("the trace says %+v, %+v", l.Refusal, l.Checks[len(l.Checks)-1])
	}
	wants("the second insists", come(true, "everybody", "ben@example.com", "Ben", "Ito"), model.CauseSubjectShared)
	wants("another name", come(true, "ben", "ben@example.com", "Ben", "Ito"), "")
	wants("a login", come(false, "carla", "carla@example.com", "Carla", "Soto"), "")
	wants("who married", come(true, "carla", "carla.kim@example.com", "Carla", "Kim"), "")
	wants("a test under the name of a user", come(true, "carla", "dan@example.com", "Dan", "Kim"), model.CauseSubjectShared)
	wants("a login of somebody else", come(false, "carla", "dan@example.com", "Dan", "Kim"), "")
}
