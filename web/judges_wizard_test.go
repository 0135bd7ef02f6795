package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/web/webtest"
)

// The wizard, and the page behind the claim link, judge as every other road does.
func TestTheWizardHasTheSameJudge(t *testing.T) {
	t.Parallel()
	jit := url.Values{"create": {"on"}, "existing_username": {string(model.ExistingRefuse)}}
	for _, f := range []struct {
		judged
		step wizard.StepID
		at   string // below the step: a form of its own
		more url.Values
	}{
		{judged: judged{field: wizard.FieldName, judge: model.CheckTitle, most: model.MaxTitle}, step: wizard.StepWelcome,
			more: url.Values{"public_url": {"https://sso.example.com"}}},
		{judged: judged{field: wizard.FieldAllowedDomains, judge: model.CheckAllowedDomain, most: 200, put: "%s.example.com", canon: model.CanonicalDomain,
			words: true}, step: wizard.StepUsers, more: jit},
		{judged: judged{field: "own", judge: model.CheckGroupName, most: model.MaxGroupName}, step: wizard.StepGroups, at: "/add"},
		{judged: judged{field: "name", judge: model.CheckGroupName, most: model.MaxGroupName}, step: wizard.StepGroups, at: "/rule",
			more: url.Values{"connection": {"aws"}, "groups": {"staff"}, "kind": {"always"}}},
		{judged: judged{field: "domain", judge: model.CheckEmailDomain, most: 200, put: "%s.example.com", canon: model.CanonicalDomain},
			step: wizard.StepGroups, at: "/rule",
			more: url.Values{"connection": {"aws"}, "groups": {"staff"}, "kind": {"email_domain"}}},
	} {
		t.Run(string(f.step)+" "+f.field, func(t *testing.T) {
			t.Parallel()
			s := webtest.NewSetupAt(t, f.step)
			if _, err := s.Store.CreateGroup(t.Context(), webtest.Tester, model.Group{Name: "staff"}); err != nil {
				t.Fatal(err)
			}
			for i, v := range tried(f.judged) {
				form := url.Values{"name": {fmt.Sprintf("rule-%d", i)}}
				for key, values := range f.more {
					form[key] = values
				}
				form.Set(f.field, v)
				page := s.Submit(wizard.StepID(string(f.step)+f.at), form)
				want := f.verdict(v)
				if refused := page.Status == http.StatusUnprocessableEntity; refused != (want != nil) {
					t.Errorf("%s %.30q: answered %d, its judge %v: %s", f.field, v, page.Status, want, page.Doc.Find(".problems").Text())
				} else if refused && !strings.Contains(page.Doc.Find(".problems").Text(), want.Error()) && (!f.words || len(strings.Fields(v)) < 2) {
					t.Errorf("%s %.30q: it says %q, its judge %v", f.field, v, page.Doc.Find(".problems").Text(), want)
				}
			}
		})
	}
}
