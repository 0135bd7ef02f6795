package people_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

// A rule that nobody fits is saved, and named with what AWS brought: when it is
// saved, on its page and in the list; no more once somebody fits it.
func TestARuleThatFitsNobodyIsToldWhatCame(t *testing.T) {
	t.Parallel()
	s := webtest.NewSAMLSite(t, storetest.Open(t), nil)
	storetest.Group(t, s.Store, "staff")
	s.SignInAs(model.RoleAdmin)
	form := url.Values{"name": {"ops"}, "connection": {"aws"}, "groups": {"staff"}, "kind": {"attribute"}, "attribute": {"department"}, "value": {"Ops"}}
	s.Post("/rules", form).Want(t, http.StatusSeeOther)
	if list := s.Get("/rules"); list.Doc.Find("main .note").Length() != 0 {
		t.Errorf("before anybody came: %s", list.Find("main"))
	}
	s.Trace(s.Send(s.AnswerFromAWS(t, s.Sim, s.App, "user0")))
	const says = "The person whom AWS described last brought no attribute “department”. What came: "
	s.Get("/rules").Has(t, "main .rows .note", says)
	s.Get("/rules/ops").Has(t, "main .note", says)
	s.Post("/rules/ops", form).Want(t, http.StatusSeeOther)
	s.Get("/rules").Has(t, ".alert-warning", says)
	form.Set("kind", "email_domain")
	form.Set("domain", "example.com")
	s.Post("/rules/ops", form).Want(t, http.StatusSeeOther)
	list := s.Get("/rules")
	list.Has(t, ".alert-success", "Rule ops: attribute, condition and value.")
	if text := list.Find("main"); strings.Contains(text, "described last") {
		t.Errorf("somebody fits it: %s", text)
	}
}
