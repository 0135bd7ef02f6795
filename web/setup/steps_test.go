package setup_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/web/setup"
	"github.com/postern-sso/postern/web/webtest"
)

// cells joins what each match says.
func cells(p *webtest.Page, selector string) string {
	return strings.Join(p.Doc.Find(selector).Map(func(_ int, cell *goquery.Selection) string { return cell.Text() }), " ")
}

// A step is a row of the wizard's table: it is shown, filled in and left without
// anything of its own here.
func TestAStepIsOneRow(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepProvisioning)
	rows := s.Setup.Flow.Steps()
	further := wizard.Step{
		ID: "further", Title: "Further", Lead: "One more thing.",
		Fields: []wizard.Field{{Name: "thing", Label: "I have done it", Kind: wizard.FieldCheckbox}},
		Apply: func(d *wizard.Draft, _ wizard.Facts, a wizard.Answers) []model.Problem {
			d.Ticks["further"] = a.Ticked("thing")
			return nil
		},
		Done: func(fc wizard.Facts) bool { return fc.Draft.Ticks["further"] },
	}
	flow, err := wizard.NewFlow(slices.Insert(rows, 1, further)...)
	if err != nil {
		t.Fatal(err)
	}
	s.Setup.Flow = flow
	page := s.Get("/setup/aws/further").Want(t, http.StatusOK)
	if page.Find("h1") != "Further" || page.Doc.Find("form[action='/setup/aws/further'] [name=thing]").Length() != 1 {
		t.Errorf("the page is %s", page.Text())
	}
	webtest.Expect(t, s.Submit("further", url.Values{"thing": {"on"}}), http.StatusSeeOther, "/setup/aws/provisioning")
}

// A page belongs to a step, and what setup.Plain cannot ask for has one.
func TestPagesBelongToSteps(t *testing.T) {
	t.Parallel()
	flow, err := wizard.Setup()
	if err != nil {
		t.Fatal(err)
	}
	for id := range setup.StepPages {
		if _, ok := flow.Step(id); !ok {
			t.Errorf("%s has a page and is no step", id)
		}
	}
	for _, step := range flow.Steps() {
		upload := slices.ContainsFunc(step.Fields, func(f wizard.Field) bool { return f.Kind == wizard.FieldFile })
		if upload && setup.StepPages[step.ID] == nil {
			t.Errorf("%s asks for a file and has no page", step.ID)
		}
	}
}

func TestUsernamePreview(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepAttributes)
	form := url.Values{"version": {"1"}, "username": {"subject"}, "email": {"typed"}, "strip_domain": {"on"}, "lowercase": {"on"},
		"samples": {"Ana@example.com\r\nBo\r\n"}}
	res := s.Post("/setup/aws/attributes/preview", form)
	if got := cells(res, "#preview tbody code"); res.Status != http.StatusOK || got != "Ana@example.com ana Bo bo" {
		t.Errorf("answered %d with %q", res.Status, got)
	}
	if res.Value("email") != "typed" || !strings.Contains(res.Value("samples"), "Bo") {
		t.Error("what was typed is gone")
	}
	if v, _ := res.Doc.Find("form[novalidate] [name=version]").Attr("value"); v != "1" {
		t.Errorf("the form now says version %q", v)
	}
	res = s.Do(http.MethodPost, "/setup/aws/attributes/preview", strings.NewReader(form.Encode()), http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Hx-Request": {"true"}})
	if res.Doc.Find("h1").Length() != 0 || cells(res, "tbody code") != "Ana@example.com ana Bo bo" {
		t.Errorf("the part for scripts is %s", res.Body)
	}
	form.Set("pattern", "(")
	if res := s.Post("/setup/aws/attributes/preview", form); res.Find("#preview .field-problem") == "" {
		t.Errorf("a broken pattern goes unnoticed: %s", res.Find("#preview"))
	}
}

func TestSetupAddsUsers(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepUsers)
	s.EditDraft(func(rev *model.Revision) { rev.Config.Provisioning = model.ProvisioningManual })
	webtest.Expect(t, s.Post("/setup/aws/users/add", url.Values{"username": {"ana"}, "email": {"ana@example.com"}}), http.StatusSeeOther, "/setup/aws/users")
	res := s.Post("/setup/aws/users/add", url.Values{"username": {"ANA"}, "email": {"other@example.com"}})
	if res.Status != http.StatusUnprocessableEntity || res.Value("email") != "other@example.com" || res.Find("#known") != "1 user is known now." {
		t.Errorf("a taken name answered %d, keeping %q, counting %q", res.Status, res.Value("email"), res.Find("#known"))
	}
}

func TestSetupAddsGroupsAndRules(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepGroups)
	s.EditDraft(func(rev *model.Revision) { rev.Config.Apps = []string{"jira"} })
	res := s.Post("/setup/aws/groups/add", url.Values{"suggested": {"jira-administrators"}, "own": {"staff\r\na/b"}})
	if res.Status != http.StatusUnprocessableEntity || !strings.Contains(res.Value("own"), "a/b") {
		t.Errorf("a bad name answered %d and shows %q", res.Status, res.Value("own"))
	}
	if n := res.Doc.Find("[name=suggested][checked]").Length(); n != 1 {
		t.Errorf("%d suggestions are ticked after the mistake, want the one", n)
	}
	webtest.Expect(t, s.Post("/setup/aws/groups/add", url.Values{"suggested": {"jira-administrators", "no-suggestion"}, "own": {" staff \r\n\r\nSTAFF"}}),
		http.StatusSeeOther, "/setup/aws/groups")
	groups, _, err := s.Store.Groups(context.Background(), store.GroupQuery{})
	if err != nil || len(groups) != 2 {
		t.Fatalf("there are %v, %v", groups, err)
	}
	// The primary button does what the page shows: what is ticked is made.
	bad := s.Submit(wizard.StepGroups, url.Values{"reviewed": {"on"}, "suggested": {"jira-software-users"}, "own": {"a/b"}})
	if bad.Status != http.StatusUnprocessableEntity || !strings.Contains(bad.Value("own"), "a/b") {
		t.Errorf("a bad name answered %d and shows %q", bad.Status, bad.Value("own"))
	}
	webtest.Expect(t, s.Submit(wizard.StepGroups, url.Values{"reviewed": {"on"}, "suggested": {"jira-software-users"}}), http.StatusSeeOther, "/setup/aws/assign")
	s.Get("/setup/aws/assign").Has(t, ".alert-success", "1 group added.")
	if res := s.Get("/setup/aws/groups"); res.Doc.Find(`[name=suggested][value="jira-administrators"]`).Length() != 0 {
		t.Error("a group that is there is still suggested")
	}
	res = s.Post("/setup/aws/groups/rule", url.Values{"connection": {"aws"}, "name": {"staff"}, "kind": {"email_domain"}, "domain": {"@"}, "groups": {"staff"}})
	if _, open := res.Doc.Find("details:has([name=domain])").Attr("open"); res.Status != http.StatusUnprocessableEntity || !open {
		t.Errorf("a bad domain answered %d, the form open: %t", res.Status, open)
	}
	webtest.Expect(t, s.Post("/setup/aws/groups/rule", url.Values{"connection": {"aws"}, "name": {"staff"}, "kind": {"email_domain"},
		"domain": {"Example.com"}, "groups": {"staff"}}),
		http.StatusSeeOther, "/setup/aws/groups")
	if rule, err := s.Store.Rule(context.Background(), "staff"); err != nil || rule.Connection != "aws" || rule.Value != "example.com" {
		t.Errorf("the rule is %+v, %v", rule, err)
	}
}

func TestProvisioningIsSuggested(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepProvisioning)
	res := s.Get("/setup/aws/provisioning?directory=no&everyone=no&domain=no")
	if chosen := res.Doc.Find("input[name=provisioning][checked]").AttrOr("value", ""); chosen != wizard.ModelManual {
		t.Errorf("chosen: %q", chosen)
	}
	if got := res.Find(".suggestion"); !strings.Contains(got, "Only people I add") {
		t.Errorf("the suggestion is %q", got)
	}
	if s.Draft().Config.Provisioning != "" {
		t.Error("asking changed the draft")
	}
}

// The step that hands over shows what was seen of each app and the very values
// to type, and says what cannot be tried before going live.
func TestAppsStepShowsValuesAndEvidence(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepTest)
	s.EditDraft(func(r *model.Revision) { r.Config.Apps = []string{"jira", "confluence"} })
	draft := s.Draft()
	if err := s.Store.RecordTest(t.Context(), draft.ID, draft.Version, "login", time.Now()); err != nil {
		t.Fatal(err)
	}
	s.Post("/apps", url.Values{"product": {"jira"}, "road": {"both"}, "base_url": {"https://jira.example.com"}}).Want(t, http.StatusOK)
	page := s.Get("/setup/aws/apps").Want(t, http.StatusOK)
	for _, want := range []string{
		"Client IDjira", s.URL + "/crowd", "Last sign-in that workedNone yet", "can be tested when a connection is live",
		"has not asked yet", "https://jira.example.com/login.jsp?auth_fallback", "Connect Confluence in a new window",
	} {
		if !strings.Contains(page.Text(), want) {
			t.Errorf("the step does not say %q:\n%s", want, page.Text())
		}
	}
}
