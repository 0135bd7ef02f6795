package login_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/awssim"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

// A post that carries no answer is told from an answer that was damaged.
func TestEveryCauseOfAForm(t *testing.T) {
	t.Parallel()
	s := webtest.NewSAMLSite(t, storetest.Open(t), nil)
	for _, c := range []struct {
		contentType, body string
		want              model.Cause
	}{
		{"text/plain", "x", model.CauseFormUnreadable},
		{webtest.FormType, "RelayState=x", model.CauseFormUnreadable},
		{webtest.FormType, "SAMLResponse=a&SAMLResponse=b", model.CauseFormUnreadable},
		{webtest.FormType, "SAMLResponse=%25", model.CauseNotBase64},
		{webtest.FormType, url.Values{"SAMLResponse": {"PHA6UmVzcG9uc2U="}}.Encode(), model.CauseDamaged},
	} {
		w := s.Send(webtest.Post("/saml/aws/acs", c.contentType, c.body))
		if r := s.Trace(w).Refusal; w.Code != http.StatusBadRequest || r.Code != model.CodeMalformedResponse || r.Cause != c.want {
			t.Errorf("%s: %d %+v, want %s", c.body, w.Code, r, c.want)
		}
	}
}

// What the person can do depends on the cause; what it is does not show.
func TestRefusedPageSaysWhetherTryingAgainHelps(t *testing.T) {
	t.Parallel()
	s := webtest.NewSAMLSite(t, storetest.Open(t), nil)
	page := func(body string) string {
		return s.Send(webtest.Post("/saml/aws/acs", webtest.FormType, body)).Body.String()
	}
	if damaged := page("SAMLResponse=%25"); !strings.Contains(damaged, "Start again") || strings.Contains(damaged, "does not help") {
		t.Errorf("an answer that was damaged on the way:\n%s", damaged)
	}
	if err := s.Store.SetStatus(context.Background(), storetest.Actor, "aws", model.StatusSuspended); err != nil {
		t.Fatal(err)
	}
	m, err := s.Sim.SignIn(s.App, "user0", "", "")
	if err != nil {
		t.Fatal(err)
	}
	if closed := page(samlForm(string(m.XML))); strings.Contains(closed, "Start again") || !strings.Contains(closed, "does not help") {
		t.Errorf("a suspended connection:\n%s", closed)
	}
}

// The advice for an attribute that is missing is about the person where others
// brought it, and about the row where nobody did.
func TestMissingAttributeIsJudgedByItsNeighbors(t *testing.T) {
	t.Parallel()
	s := webtest.NewSAMLSite(t, storetest.Open(t), nil)
	refused := func() model.Login {
		t.Helper()
		m, err := s.Sim.SignIn(s.App, "user2", "", "")
		if err != nil {
			t.Fatal(err)
		}
		return s.Trace(s.Send(webtest.Post("/saml/aws/acs", webtest.FormType, samlForm(string(m.XML)))))
	}
	err := s.Sim.UpdateSettings(func(set *awssim.Settings) {
		for i, p := range set.People {
			if p.Username == "user2" {
				set.People[i].Email = ""
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	first := refused()
	if first.Refusal == nil || first.Refusal.Code != model.CodeAttributeMissing || first.Refusal.Cause != model.CauseAttributeAbsent {
		t.Errorf("the first login ever: %+v", first.Refusal)
	}
	for _, name := range []string{"user0", "user1"} {
		if w := s.Send(s.AnswerFromAWS(t, s.Sim, s.App, name)); s.Trace(w).Refusal != nil {
			t.Fatalf("%s was refused: %+v", name, s.Trace(w).Refusal)
		}
	}
	second := refused()
	if r := second.Refusal; r == nil || r.Cause != model.CauseAttributeOfPerson || !strings.Contains(r.Detail, "2 of the last 2 logins of other people") {
		t.Errorf("others have it: %+v", r)
	}
	for _, c := range second.Checks {
		if c.Code == model.CodeAttributeMissing && c.Note != second.Refusal.Detail {
			t.Errorf("the check says %q, the refusal %q", c.Note, second.Refusal.Detail)
		}
	}
}

// Metadata that cannot be used is told from a fault of ours.
func TestUnusableMetadataIsItsOwnCause(t *testing.T) {
	t.Parallel()
	s := webtest.NewSAMLSite(t, storetest.Open(t), func(c *model.Config) { c.IdPMetadata = "<x/>" })
	w := s.Send(httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/saml/aws/login", nil))
	if r := s.Trace(w).Refusal; r == nil || r.Code != model.CodeInternal || r.Cause != model.CauseMetadataUnusable {
		t.Errorf("%d %+v", w.Code, r)
	}
}
