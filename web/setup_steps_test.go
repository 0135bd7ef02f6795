package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
)

// cells joins what each match says.
func cells(p *page, selector string) string {
	return strings.Join(p.doc.Find(selector).Map(func(_ int, cell *goquery.Selection) string { return cell.Text() }), " ")
}

func TestUsernamePreview(t *testing.T) {
	t.Parallel()
	s := newSetupAt(t, wizard.StepAttributes)
	form := url.Values{"version": {"1"}, "username": {"subject"}, "email": {"typed"}, "strip_domain": {"on"}, "lowercase": {"on"},
		"samples": {"Ana@example.com\r\nBo\r\n"}}
	res := s.post("/setup/aws/attributes/preview", form)
	if got := cells(res, "#preview tbody code"); res.status != http.StatusOK || got != "Ana@example.com ana Bo bo" {
		t.Errorf("answered %d with %q", res.status, got)
	}
	if res.value("email") != "typed" || !strings.Contains(res.value("samples"), "Bo") {
		t.Error("what was typed is gone")
	}
	if v, _ := res.doc.Find("form[novalidate] [name=version]").Attr("value"); v != "1" {
		t.Errorf("the form now says version %q", v)
	}
	res = s.do(http.MethodPost, "/setup/aws/attributes/preview", strings.NewReader(form.Encode()), http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Hx-Request": {"true"}})
	if res.doc.Find("h1").Length() != 0 || cells(res, "tbody code") != "Ana@example.com ana Bo bo" {
		t.Errorf("the part for scripts is %s", res.body)
	}
	form.Set("pattern", "(")
	if res := s.post("/setup/aws/attributes/preview", form); res.find("#preview .field-problem") == "" {
		t.Errorf("a broken pattern goes unnoticed: %s", res.find("#preview"))
	}
}

func TestSetupAddsUsers(t *testing.T) {
	t.Parallel()
	s := newSetupAt(t, wizard.StepUsers)
	s.editDraft(func(rev *model.Revision) { rev.Config.Provisioning = model.ProvisioningManual })
	expect(t, s.post("/setup/aws/users/add", url.Values{"username": {"ana"}, "email": {"ana@example.com"}}), http.StatusSeeOther, "/setup/aws/users")
	res := s.post("/setup/aws/users/add", url.Values{"username": {"ANA"}, "email": {"other@example.com"}})
	if res.status != http.StatusUnprocessableEntity || res.value("email") != "other@example.com" || res.find("#known") != "1 user is known now." {
		t.Errorf("a taken name answered %d, keeping %q, counting %q", res.status, res.value("email"), res.find("#known"))
	}
}

func TestSetupAddsGroupsAndRules(t *testing.T) {
	t.Parallel()
	s := newSetupAt(t, wizard.StepGroups)
	s.editDraft(func(rev *model.Revision) { rev.Config.Apps = []string{"jira"} })
	res := s.post("/setup/aws/groups/add", url.Values{"suggested": {"jira-administrators"}, "own": {"staff\r\na/b"}})
	if res.status != http.StatusUnprocessableEntity || !strings.Contains(res.value("own"), "a/b") {
		t.Errorf("a bad name answered %d and shows %q", res.status, res.value("own"))
	}
	if n := res.doc.Find("[name=suggested][checked]").Length(); n != 1 {
		t.Errorf("%d suggestions are ticked after the mistake, want the one", n)
	}
	expect(t, s.post("/setup/aws/groups/add", url.Values{"suggested": {"jira-administrators", "no-suggestion"}, "own": {" staff \r\n\r\nSTAFF"}}),
		http.StatusSeeOther, "/setup/aws/groups")
	groups, _, err := s.store.Groups(context.Background(), store.GroupQuery{})
	if err != nil || len(groups) != 2 {
		t.Fatalf("there are %v, %v", groups, err)
	}
	if res := s.get("/setup/aws/groups"); res.doc.Find(`[name=suggested][value="jira-administrators"]`).Length() != 0 {
		t.Error("a group that is there is still suggested")
	}
	res = s.post("/setup/aws/groups/rule", url.Values{"connection": {"aws"}, "name": {"staff"}, "kind": {"email_domain"}, "domain": {"@"}, "groups": {"staff"}})
	if _, open := res.doc.Find("details:has([name=domain])").Attr("open"); res.status != http.StatusUnprocessableEntity || !open {
		t.Errorf("a bad domain answered %d, the form open: %t", res.status, open)
	}
	expect(t, s.post("/setup/aws/groups/rule", url.Values{"connection": {"aws"}, "name": {"staff"}, "kind": {"email_domain"},
		"domain": {"Example.com"}, "groups": {"staff"}}),
		http.StatusSeeOther, "/setup/aws/groups")
	if rule, err := s.store.Rule(context.Background(), "staff"); err != nil || rule.Connection != "aws" || rule.Value != "example.com" {
		t.Errorf("the rule is %+v, %v", rule, err)
	}
}

func TestProvisioningIsSuggested(t *testing.T) {
	t.Parallel()
	s := newSetupAt(t, wizard.StepProvisioning)
	res := s.get("/setup/aws/provisioning?directory=no&everyone=no&domain=no")
	if chosen := res.doc.Find("input[name=provisioning][checked]").AttrOr("value", ""); chosen != wizard.ModelManual {
		t.Errorf("chosen: %q", chosen)
	}
	if got := res.find(".suggestion"); !strings.Contains(got, "By hand") {
		t.Errorf("the suggestion is %q", got)
	}
	if s.draft().Config.Provisioning != "" {
		t.Error("asking changed the draft")
	}
}

// The step that hands over shows what was seen of each app and the very values
// to type, and says what cannot be tried before going live.
func TestAppsStepShowsValuesAndEvidence(t *testing.T) {
	t.Parallel()
	s := newSetupAt(t, wizard.StepTest)
	s.editDraft(func(r *model.Revision) { r.Config.Apps = []string{"jira", "confluence"} })
	draft := s.draft()
	if err := s.store.RecordTest(t.Context(), draft.ID, draft.Version, "login", time.Now()); err != nil {
		t.Fatal(err)
	}
	s.post("/apps", url.Values{"product": {"jira"}, "road": {"both"}, "base_url": {"https://jira.example.com"}}).want(t, http.StatusOK)
	page := s.get("/setup/aws/apps").want(t, http.StatusOK)
	for _, want := range []string{
		"Client IDjira", s.url + "/crowd", "Last sign-in that workedNone yet", "can be tested when a connection is live",
		"The app has not asked yet", "https://jira.example.com/login.jsp?auth_fallback", "Connect Confluence in a new window",
	} {
		if !strings.Contains(page.text(), want) {
			t.Errorf("the step does not say %q:\n%s", want, page.text())
		}
	}
}
