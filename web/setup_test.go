package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/postern-sso/postern/internal/awssim"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/wizard"
)

// newSetup starts a site with an administrator and a connection “aws” whose
// setup has just begun.
func newSetup(t *testing.T) *testSite {
	t.Helper()
	s := newSiteAs(t, model.RoleAdmin)
	if res := s.post("/setup", url.Values{"name": {"Example Ltd."}, "slug": {"aws"}}); res.status != http.StatusSeeOther {
		t.Fatalf("starting the setup answered %d: %s", res.status, res.text())
	}
	return s
}

// awsMetadata is what the simulated AWS publishes about an application.
var awsMetadata = sync.OnceValue(func() string {
	sim, err := awssim.New(awssim.Options{BaseURL: "https://portal.sso.us-east-1.amazonaws.com"})
	if err != nil {
		panic(err)
	}
	app, err := sim.AddApplication(awssim.StandardApplication("Example", "https://sso.example.com/saml/aws/acs", "https://sso.example.com/saml/aws/metadata"))
	if err != nil {
		panic(err)
	}
	return string(sim.Metadata(app.ID))
})

// newSetupAt starts a setup of which everything before a step is done.
func newSetupAt(t *testing.T, before wizard.StepID) *testSite {
	t.Helper()
	s := newSetup(t)
	s.editDraft(func(rev *model.Revision) {
		for _, p := range s.setup.flow.Progress(wizard.Facts{}) {
			if p.Step.ID == before {
				return
			}
			rev.Ticks[string(p.Step.ID)] = true
			switch p.Step.ID { //nolint:exhaustive // the others are done by a tick
			case wizard.StepProvisioning:
				rev.Config.Provisioning = model.ProvisioningJIT
			case wizard.StepMetadata:
				rev.Config.IdPMetadata = awsMetadata()
			}
		}
	})
	if at := s.setup.flow.Resume(s.setup.setupFacts(setupCase{connection: s.connection("aws"), draft: s.draft()}, 0)); at != before {
		t.Fatalf("the setup is at %q, want %q", at, before)
	}
	return s
}

func (s *testSite) draft() model.Revision {
	s.t.Helper()
	c := s.connection("aws")
	if c.Draft == nil {
		s.t.Fatal("there is no draft")
	}
	return *c.Draft
}

// editDraft changes the draft as somebody else would.
func (s *testSite) editDraft(change func(*model.Revision)) {
	s.t.Helper()
	_, err := s.store.SaveDraft(context.Background(), model.Actor{Name: "other@example.com"}, "aws", s.draft().Version,
		func(rev *model.Revision) error { change(rev); return nil })
	if err != nil {
		s.t.Fatal(err)
	}
}

// submit sends a step's form, made from the draft as it is now.
func (s *testSite) submit(step wizard.StepID, form url.Values) *page {
	s.t.Helper()
	form.Set("version", strconv.Itoa(s.draft().Version))
	return s.post("/setup/aws/"+string(step), form)
}

func expect(t testing.TB, res *page, status int, location string) {
	t.Helper()
	if res.status != status || res.header.Get("Location") != location {
		t.Fatalf("answered %d to %q, want %d to %q: %s", res.status, res.header.Get("Location"), status, location, res.text())
	}
}

// value is what a field shows.
func (p *page) value(name string) string {
	field := p.doc.Find("[name=" + name + "]").Not("[type=hidden]").First()
	if field.Is("textarea") {
		return field.Text()
	}
	v, _ := field.Attr("value")
	return v
}

func TestNewConnection(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	if got := s.get("/setup").value("slug"); got != "aws" {
		t.Errorf("the first connection is proposed as %q, want aws", got)
	}
	res := s.post("/setup", url.Values{"name": {"Example & Söhne Ltd."}, "slug": {""}})
	expect(t, res, http.StatusSeeOther, "/setup/example-s-hne-ltd/welcome")
	if got := s.get("/setup").value("slug"); got != "" {
		t.Errorf("a further connection is proposed as %q, want nothing", got)
	}
	for name, form := range map[string]url.Values{
		"taken":   {"name": {"Again"}, "slug": {"example-s-hne-ltd"}},
		"bad":     {"name": {"Again"}, "slug": {"-No good-"}},
		"no name": {"name": {"Again \x00"}, "slug": {"again"}},
	} {
		res := s.post("/setup", form)
		if res.status != http.StatusUnprocessableEntity || res.value("slug") != form.Get("slug") || res.value("name") == "" {
			t.Errorf("%s: answered %d with name %q and slug %q", name, res.status, res.value("name"), res.value("slug"))
		}
	}
}

func TestSlugOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"AWS": "aws", " Example  Ltd. ": "example-ltd", "日本": "", "a": "a",
		strings.Repeat("ab ", 40): strings.TrimRight(strings.Repeat("ab-", 22)[:64], "-"),
	} {
		got := slugOf(name)
		if got != want {
			t.Errorf("slugOf(%q) = %q, want %q", name, got, want)
		}
		if got != "" && model.CheckSlug(got) != nil {
			t.Errorf("slugOf(%q) = %q, which is no slug", name, got)
		}
	}
}

func TestSetupResumes(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	expect(t, s.get("/setup/aws"), http.StatusSeeOther, "/setup/aws/welcome")
	expect(t, s.submit(wizard.StepWelcome, url.Values{"name": {"Example"}, "apps": {"jira"}}), http.StatusSeeOther, "/setup/aws/provisioning")
	expect(t, s.submit(wizard.StepProvisioning, url.Values{"provisioning": {"jit"}}), http.StatusSeeOther, "/setup/aws/aws-application")
	s.client = s.browser() // another day, another browser
	s.signInAs(model.RoleOwner)
	expect(t, s.get("/setup/aws"), http.StatusSeeOther, "/setup/aws/aws-application")
}

func TestSetupLockedSteps(t *testing.T) {
	t.Parallel()
	s := newSetupAt(t, wizard.StepAWSApplication)
	for _, p := range s.setup.flow.Progress(wizard.Facts{}) {
		id := p.Step.ID
		want := http.StatusNotFound
		if id == wizard.StepWelcome || id == wizard.StepProvisioning || id == wizard.StepAWSApplication {
			want = http.StatusOK
		}
		if res := s.get("/setup/aws/" + string(id)); res.status != want {
			t.Errorf("GET %s answered %d, want %d", id, res.status, want)
		}
		if want == http.StatusNotFound {
			if res := s.submit(id, url.Values{}); res.status != http.StatusNotFound {
				t.Errorf("POST %s answered %d, want 404", id, res.status)
			}
		}
	}
	for _, action := range []string{"attributes/preview", "users/add", "groups/add", "groups/rule", "go-live/confirm"} {
		if res := s.post("/setup/aws/"+action, url.Values{"version": {strconv.Itoa(s.draft().Version)}, "unsafe": {"on"}}); res.status != http.StatusNotFound {
			t.Errorf("POST %s answered %d, want 404", action, res.status)
		}
	}
	if res := s.get("/setup/aws/test/start"); res.status != http.StatusNotFound {
		t.Errorf("starting a test answered %d, want 404", res.status)
	}
}

// Every step that is open has a page, with a rail that says where one is.
func TestSetupPages(t *testing.T) {
	t.Parallel()
	s := newSetupAt(t, wizard.StepTest)
	rev := s.draft()
	if err := s.store.RecordTest(t.Context(), rev.ID, rev.Version, "tested", s.now); err != nil {
		t.Fatal(err)
	}
	for i, p := range s.setup.flow.Progress(wizard.Facts{}) {
		res := s.get("/setup/aws/" + string(p.Step.ID))
		if res.status != http.StatusOK {
			t.Errorf("%s answered %d", p.Step.ID, res.status)
			continue
		}
		if got := res.find("h1"); got != p.Step.Title {
			t.Errorf("%s: heading %q, want %q", p.Step.ID, got, p.Step.Title)
		}
		if got, want := res.find(".rail-narrow summary"), "Step "+strconv.Itoa(i+1)+" of 11: "+p.Step.Title; got != want {
			t.Errorf("%s: the rail says %q, want %q", p.Step.ID, got, want)
		}
		if got := res.doc.Find(`.rail-wide [aria-current="step"]`).Text(); got != p.Step.Title {
			t.Errorf("%s: the rail's current step is %q", p.Step.ID, got)
		}
		if p.Step.ID != wizard.StepTest && !strings.Contains(res.text(), "Last saved by other@example.com") {
			t.Errorf("%s does not say who saved last", p.Step.ID)
		}
	}
}

func TestSetupKeepsTypedText(t *testing.T) {
	t.Parallel()
	s := newSetupAt(t, wizard.StepAttributes)
	typed := url.Values{"username": {"${user:email}"}, "email": {" mail "}, "pattern": {"^x"}, "replace": {"y"}, "strip_domain": {"on"}}
	res := s.submit(wizard.StepAttributes, typed)
	if res.status != http.StatusUnprocessableEntity {
		t.Fatalf("answered %d", res.status)
	}
	for _, name := range []string{"username", "email", "pattern", "replace"} {
		if got := res.value(name); got != typed.Get(name) {
			t.Errorf("%s shows %q, want %q", name, got, typed.Get(name))
		}
	}
	if _, on := res.doc.Find("[name=strip_domain]").Attr("checked"); !on {
		t.Error("strip_domain is not ticked any more")
	}
	if _, on := res.doc.Find("[name=lowercase]").Attr("checked"); on {
		t.Error("lowercase was not ticked and is now")
	}
	if link, _ := res.doc.Find(".problems a").Attr("href"); link != "#f-username" {
		t.Errorf("the problem links to %q", link)
	}
	if s.draft().Config.Attributes.Email == "mail" {
		t.Error("a form with problems was saved")
	}
}

func TestSetupConflict(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	version := strconv.Itoa(s.draft().Version)
	s.editDraft(func(rev *model.Revision) { rev.Config.Name = "Theirs" })
	res := s.post("/setup/aws/welcome", url.Values{"version": {version}, "name": {"Mine"}, "apps": {"jira", "bamboo"}})
	if res.status != http.StatusConflict {
		t.Fatalf("answered %d, want 409: %s", res.status, res.text())
	}
	for _, text := range []string{"other@example.com", "Mine", "Theirs", "Jira, Bamboo"} {
		if !strings.Contains(res.text(), text) {
			t.Errorf("the page does not show %q: %s", text, res.text())
		}
	}
	if got := s.draft().Config.Name; got != "Theirs" {
		t.Fatalf("the draft is called %q after a conflict", got)
	}
	form := url.Values{} // as the button “Save what I typed instead” sends it
	res.doc.Find("main form input[type=hidden]").Each(func(_ int, in *goquery.Selection) {
		name, _ := in.Attr("name")
		value, _ := in.Attr("value")
		form.Add(name, value)
	})
	expect(t, s.post("/setup/aws/welcome", form), http.StatusSeeOther, "/setup/aws/provisioning")
	if got := s.draft().Config; got.Name != "Mine" || strings.Join(got.Apps, " ") != "jira bamboo" {
		t.Errorf("saved %q for %q", got.Name, got.Apps)
	}
}

// A stale form with mistakes is a conflict first: shown again as a 422 it
// would carry the new version and overwrite unseen.
func TestSetupConflictBeforeProblems(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	s.editDraft(func(rev *model.Revision) { rev.Config.Name = "Theirs" })
	res := s.post("/setup/aws/welcome", url.Values{"version": {"0"}, "name": {""}})
	if res.status != http.StatusConflict {
		t.Errorf("answered %d, want 409", res.status)
	}
}

func TestWelcomeWarnsOfAnotherAddress(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	if res := s.get("/setup/aws/welcome"); strings.Contains(res.text(), "You opened Postern as") {
		t.Error("a warning although the address is the public one")
	}
	s.opts.PublicURL = "https://sso.example.com"
	res := s.get("/setup/aws/welcome")
	if !strings.Contains(res.text(), "You opened Postern as "+strings.TrimPrefix(s.url, "http://")) {
		t.Errorf("no warning: %s", res.text())
	}
}

func TestWelcomeSavesThePublicURL(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	s.opts.PublicURLFixed = false
	s.submit(wizard.StepWelcome, url.Values{"name": {"Example"}, "public_url": {"https://evil.example.com"}})
	if set, err := s.store.Settings(context.Background()); err != nil || set.PublicURL != "" {
		t.Errorf("an admin has changed it to %q, %v", set.PublicURL, err)
	}
	s.client = s.browser()
	s.signInAs(model.RoleOwner)
	followed := 0
	s.opts.Refresh = func(context.Context) error { followed++; return nil }
	res := s.submit(wizard.StepWelcome, url.Values{"name": {"Example"}, "public_url": {"http://sso.example.com"}})
	if res.status != http.StatusUnprocessableEntity || res.value("public_url") != "http://sso.example.com" {
		t.Errorf("plain http answered %d and shows %q", res.status, res.value("public_url"))
	}
	expect(t, s.submit(wizard.StepWelcome, url.Values{"name": {"Example"}, "public_url": {"https://SSO.example.com/"}}),
		http.StatusSeeOther, "/setup/aws/provisioning")
	set, err := s.store.Settings(context.Background())
	if err != nil || set.PublicURL != "https://sso.example.com" || followed != 1 {
		t.Errorf("saved %q, followed %d times, %v", set.PublicURL, followed, err)
	}
	s.now = s.now.Add(stepUpFor)
	s.submit(wizard.StepWelcome, url.Values{"name": {"Example"}, "public_url": {"https://other.example.com"}}).want(t, http.StatusUnauthorized)
}

// A tab that was left open while its draft went live does not change the next.
func TestAFormOfAnEarlierDraft(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	s.submit(wizard.StepWelcome, url.Values{"name": {"First"}}).want(t, http.StatusSeeOther)
	first := s.draft()
	if err := s.store.GoLive(t.Context(), tester, "aws", first.Version, true); err != nil {
		t.Fatal(err)
	}
	next, err := s.store.StartDraft(t.Context(), tester, "aws")
	if err != nil {
		t.Fatal(err)
	}
	for next.Version < first.Version {
		if next, err = s.store.SaveDraft(t.Context(), tester, "aws", next.Version, func(r *model.Revision) error { r.Config.Name += "!"; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	s.post("/setup/aws/welcome", url.Values{"version": {strconv.Itoa(first.Version)}, "name": {"From the old tab"}}).want(t, http.StatusConflict)
	if name := s.draft().Config.Name; name != next.Config.Name {
		t.Errorf("it is called %q now", name)
	}
}
