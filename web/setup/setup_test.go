package setup_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/setup"
	"github.com/postern-sso/postern/web/webtest"
)

func TestNewConnection(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	if got := s.Get("/setup").Value("slug"); got != "aws" {
		t.Errorf("the first connection is proposed as %q, want aws", got)
	}
	res := s.Post("/setup", url.Values{"name": {"Example & Söhne Ltd."}, "slug": {""}})
	webtest.Expect(t, res, http.StatusSeeOther, "/setup/example-s-hne-ltd/welcome")
	if got := s.Get("/setup").Value("slug"); got != "" {
		t.Errorf("a further connection is proposed as %q, want nothing", got)
	}
	for name, form := range map[string]url.Values{
		"taken":   {"name": {"Again"}, "slug": {"example-s-hne-ltd"}},
		"bad":     {"name": {"Again"}, "slug": {"-No good-"}},
		"no name": {"name": {"Again \x00"}, "slug": {"again"}},
	} {
		res := s.Post("/setup", form)
		if res.Status != http.StatusUnprocessableEntity || res.Value("slug") != form.Get("slug") || res.Value("name") == "" {
			t.Errorf("%s: answered %d with name %q and slug %q", name, res.Status, res.Value("name"), res.Value("slug"))
		}
	}
}

func TestSlugOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"AWS": "aws", " Example  Ltd. ": "example-ltd", "日本": "", "a": "a",
		strings.Repeat("ab ", 40): strings.TrimRight(strings.Repeat("ab-", 22)[:64], "-"),
	} {
		got := setup.SlugOf(name)
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
	s := webtest.NewSetup(t)
	webtest.Expect(t, s.Get("/setup/aws"), http.StatusSeeOther, "/setup/aws/welcome")
	webtest.Expect(t, s.Submit(wizard.StepWelcome, url.Values{"name": {"Example"}, "apps": {"jira"}}), http.StatusSeeOther, "/setup/aws/provisioning")
	webtest.Expect(t, s.Submit(wizard.StepProvisioning, url.Values{"provisioning": {"jit"}}), http.StatusSeeOther, "/setup/aws/aws-application")
	s.Client = s.Browser() // another day, another browser
	s.SignInAs(model.RoleOwner)
	webtest.Expect(t, s.Get("/setup/aws"), http.StatusSeeOther, "/setup/aws/aws-application")
}

// A step that is not open yet leads to the first one that is, and says why.
func TestSetupLockedSteps(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepAWSApplication)
	const first = "/setup/aws/aws-application"
	for _, step := range s.Setup.Flow.Steps() {
		id := step.ID
		res := s.Get("/setup/aws/" + string(id))
		if id == wizard.StepWelcome || id == wizard.StepProvisioning || id == wizard.StepAWSApplication {
			res.Want(t, http.StatusOK)
			continue
		}
		webtest.Expect(t, res, http.StatusSeeOther, first)
		if text := s.Get(first).Find(".alert-warning"); !strings.Contains(text, "“"+step.Title+"” is not open yet") {
			t.Errorf("%s: the page says %q", id, text)
		}
		if step.Apply != nil {
			webtest.Expect(t, s.Submit(id, url.Values{}), http.StatusSeeOther, first)
		}
	}
	for _, action := range []string{"attributes/preview", "users/add", "groups/add", "groups/rule", "go-live/confirm"} {
		webtest.Expect(t, s.Post("/setup/aws/"+action, url.Values{"version": {strconv.Itoa(s.Draft().Version)}, "unsafe": {"on"}}), http.StatusSeeOther, first)
	}
	webtest.Expect(t, s.Get("/setup/aws/test/start"), http.StatusSeeOther, first)
	s.Get("/setup/aws/nothing").Want(t, http.StatusNotFound)
	if users, err := s.Store.CountUsers(t.Context()); err != nil || users != 0 || s.Connection("aws").Live != nil {
		t.Errorf("something was done: %d users, %v", users, err)
	}
}

// Every step that is open has a page, with a rail that says where one is.
func TestSetupPages(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepTest)
	rev := s.Draft()
	if err := s.Store.RecordTest(t.Context(), rev.ID, rev.Version, "tested", s.Now); err != nil {
		t.Fatal(err)
	}
	steps := s.Setup.Flow.Progress(wizard.Facts{})
	for i, p := range steps {
		res := s.Get("/setup/aws/" + string(p.Step.ID))
		if res.Status != http.StatusOK {
			t.Errorf("%s answered %d", p.Step.ID, res.Status)
			continue
		}
		if got := res.Find("h1"); got != p.Step.Title {
			t.Errorf("%s: heading %q, want %q", p.Step.ID, got, p.Step.Title)
		}
		if got := res.Find(".rail-line summary"); !strings.Contains(got, " · "+p.Step.Title+" · step ") {
			t.Errorf("%s: the rail says %q", p.Step.ID, got)
		}
		if got := res.Find(`.rail-wide [aria-current="step"]`); !strings.HasPrefix(got, p.Step.Title) {
			t.Errorf("%s: the rail's current step is %q", p.Step.ID, got)
		}
		if got := res.Find(".rail-wide .now"); !strings.HasSuffix(got, phase(steps[:i+1])) {
			t.Errorf("%s: the rail's phase is %q, want %q", p.Step.ID, got, phase(steps[:i+1]))
		}
		if p.Step.ID != wizard.StepTest && !strings.Contains(res.Text(), "Last saved by other@example.com") {
			t.Errorf("%s does not say who saved last", p.Step.ID)
		}
	}
}

// phase is the one that the last of these steps belongs to.
func phase(steps []wizard.Progress) string {
	for _, p := range slices.Backward(steps) {
		if p.Step.Phase != "" {
			return p.Step.Phase
		}
	}
	return ""
}

func TestSetupKeepsTypedText(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepAttributes)
	typed := url.Values{"username": {"${user:email}"}, "email": {" mail "}, "pattern": {"^x"}, "replace": {"y"}, "strip_domain": {"on"}}
	res := s.Submit(wizard.StepAttributes, typed)
	if res.Status != http.StatusUnprocessableEntity {
		t.Fatalf("answered %d", res.Status)
	}
	for _, name := range []string{"username", "email", "pattern", "replace"} {
		if got := res.Value(name); got != typed.Get(name) {
			t.Errorf("%s shows %q, want %q", name, got, typed.Get(name))
		}
	}
	if _, on := res.Doc.Find("[name=strip_domain]").Attr("checked"); !on {
		t.Error("strip_domain is not ticked any more")
	}
	if _, on := res.Doc.Find("[name=lowercase]").Attr("checked"); on {
		t.Error("lowercase was not ticked and is now")
	}
	if link, _ := res.Doc.Find(".problems a").Attr("href"); link != "#f-username" {
		t.Errorf("the problem links to %q", link)
	}
	if s.Draft().Config.Attributes.Email == "mail" {
		t.Error("a form with problems was saved")
	}
}

func TestSetupConflict(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetup(t)
	version := strconv.Itoa(s.Draft().Version)
	s.EditDraft(func(rev *model.Revision) { rev.Config.Name = "Theirs" })
	res := s.Post("/setup/aws/welcome", url.Values{"version": {version}, "name": {"Mine"}, "apps": {"jira", "bamboo"}})
	if res.Status != http.StatusConflict {
		t.Fatalf("answered %d, want 409: %s", res.Status, res.Text())
	}
	for _, text := range []string{"other@example.com", "Mine", "Theirs", "Jira, Bamboo"} {
		if !strings.Contains(res.Text(), text) {
			t.Errorf("the page does not show %q: %s", text, res.Text())
		}
	}
	if got := s.Draft().Config.Name; got != "Theirs" {
		t.Fatalf("the draft is called %q after a conflict", got)
	}
	form := url.Values{} // as the button “Save what I typed instead” sends it
	res.Doc.Find("main form input[type=hidden]").Each(func(_ int, in *goquery.Selection) {
		name, _ := in.Attr("name")
		value, _ := in.Attr("value")
		form.Add(name, value)
	})
	webtest.Expect(t, s.Post("/setup/aws/welcome", form), http.StatusSeeOther, "/setup/aws/provisioning")
	if got := s.Draft().Config; got.Name != "Mine" || strings.Join(got.Apps, " ") != "jira bamboo" {
		t.Errorf("saved %q for %q", got.Name, got.Apps)
	}
}

// A stale form with mistakes is a conflict first: shown again as a 422 it
// would carry the new version and overwrite unseen.
func TestSetupConflictBeforeProblems(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetup(t)
	s.EditDraft(func(rev *model.Revision) { rev.Config.Name = "Theirs" })
	res := s.Post("/setup/aws/welcome", url.Values{"version": {"0"}, "name": {""}})
	if res.Status != http.StatusConflict {
		t.Errorf("answered %d, want 409", res.Status)
	}
}

func TestWelcomeWarnsOfAnotherAddress(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetup(t)
	if res := s.Get("/setup/aws/welcome"); strings.Contains(res.Text(), "You opened Postern as") {
		t.Error("a warning although the address is the public one")
	}
	s.Opts.PublicURL = "https://sso.example.com"
	res := s.Get("/setup/aws/welcome")
	if !strings.Contains(res.Text(), "You opened Postern as "+strings.TrimPrefix(s.URL, "http://")) {
		t.Errorf("no warning: %s", res.Text())
	}
}

// fromOrigin sends the first step as a browser does that uses an address.
func fromOrigin(s *webtest.Site, origin string, form url.Values) *webtest.Page {
	form.Set("version", strconv.Itoa(s.Draft().Version))
	return s.Do(http.MethodPost, "/setup/aws/welcome", strings.NewReader(form.Encode()), http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {origin}})
}

// The first setup, with nothing that could stop, sets the address at which the
// browser is. Any other is looked at first, on the page that says what stops.
func TestWelcomeSavesThePublicURL(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetup(t)
	s.Opts.PublicURLFixed = false
	here := s.URL
	s.Opts.PublicURL = "https://old.example.com"
	stored := func() string {
		set, err := s.Store.Settings(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return set.PublicURL
	}
	fromOrigin(s, here, url.Values{"name": {"Example"}, "public_url": {here}})
	if stored() != "" {
		t.Errorf("an admin has changed it to %q", stored())
	}
	s.Client = s.Browser()
	owner := s.SignInAs(model.RoleOwner)
	s.EditDraft(func(rev *model.Revision) { rev.Ticks[string(wizard.StepAWSApplication)] = true })
	res := s.Submit(wizard.StepWelcome, url.Values{"name": {"Example"}, "public_url": {"http://sso.example.com"}})
	if res.Status != http.StatusUnprocessableEntity || res.Value("public_url") != "http://sso.example.com" {
		t.Errorf("plain http answered %d and shows %q", res.Status, res.Value("public_url"))
	}

	// Another address than the browser's: looked at first. What else was typed is saved.
	guarded := "/settings/public-url?back=%2Fsetup%2Faws%2Fwelcome&to=https%3A%2F%2Fother.example.com"
	other := url.Values{"name": {"Another name"}, "public_url": {"https://OTHER.example.com/"}}
	webtest.Expect(t, fromOrigin(s, here, other), http.StatusSeeOther, guarded)
	if d := s.Draft(); stored() != "" || d.Config.Name != "Another name" || !d.Ticks[string(wizard.StepAWSApplication)] {
		t.Errorf("saved %q for %q, %v", stored(), d.Config.Name, d.Ticks)
	}
	page := s.Get(guarded).Want(t, http.StatusOK)
	page.Has(t, "main", "Nothing is changed yet")
	page.Has(t, "body", "Saved, but for the address")
	if back := page.Doc.Find("main form [name=back]").AttrOr("value", ""); back != "/setup/aws/welcome" {
		t.Errorf("the page leads back to %q", back)
	}
	webtest.Expect(t, fromOrigin(s, here, other), http.StatusSeeOther, guarded)
	s.Get(guarded).Has(t, "body", "The address is not changed yet")
	webtest.Expect(t, s.Post("/settings/public-url", url.Values{"from": {s.Opts.PublicURL}, "to": {"http://localhost:1"}, "back": {"/setup/aws/welcome"}}),
		http.StatusSeeOther, "/setup/aws/welcome")
	if d := s.Draft(); stored() != "http://localhost:1" || d.Ticks[string(wizard.StepAWSApplication)] {
		t.Errorf("saved %q; AWS is said to have the old values: %v", stored(), d.Ticks)
	}

	// The browser's own address, and nothing that could stop.
	followed := 0
	s.Opts.Refresh = func(context.Context) error { followed++; return nil }
	s.Opts.PublicURL = stored()
	s.EditDraft(func(rev *model.Revision) { rev.Ticks[string(wizard.StepAWSApplication)] = true })
	own := url.Values{"name": {"Example"}, "public_url": {here}}
	webtest.Expect(t, fromOrigin(s, here, own), http.StatusSeeOther, "/setup/aws/provisioning")
	if d := s.Draft(); stored() != here || followed != 1 || d.Ticks[string(wizard.StepAWSApplication)] {
		t.Errorf("saved %q, followed %d times, %v", stored(), followed, d.Ticks)
	}
	s.Opts.PublicURL = "https://old.example.com"
	s.Now = s.Now.Add(kit.StepUpFor)
	fromOrigin(s, here, own).Want(t, http.StatusUnauthorized)

	// Something that stops: a passkey, an app, another connection.
	for name, stops := range map[string]func(){
		"a passkey": func() { s.GivePasskey(owner) },
		"an app": func() {
			if err := s.Store.CreateApp(t.Context(), webtest.Tester, model.App{Slug: "wiki", Kind: model.AppCrowd, Name: "Wiki"}); err != nil {
				t.Fatal(err)
			}
		},
		"another connection": func() { s.AddConnection("second") },
	} {
		stops()
		if res := fromOrigin(s, here, own); res.Status != http.StatusSeeOther || !strings.HasPrefix(res.Header.Get("Location"), "/settings/public-url?") {
			t.Errorf("with %s: %d, to %s", name, res.Status, res.Header.Get("Location"))
		}
	}
}

// Groups are made with the step that asks for them, or not at all.
func TestGroupsAreMadeWithTheirStep(t *testing.T) {
	t.Parallel()
	database := storetest.Database(t)
	st, err := store.Open(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	s := webtest.NewSetupOn(t, st)
	s.EditDraft(func(rev *model.Revision) {
		rev.Config.Provisioning, rev.Config.IdPMetadata = model.ProvisioningJIT, webtest.AwsMetadata()
		for _, p := range s.Setup.Flow.Progress(wizard.Facts{}) {
			if p.Step.ID == wizard.StepGroups {
				return
			}
			rev.Ticks[string(p.Step.ID)] = true
		}
	})
	if _, err := st.Pool().Exec(t.Context(), `create function break_it() returns trigger language plpgsql as $$
		begin if new.name = 'breaks' then raise 'in the middle'; end if; return new; end $$;
		create trigger break_it before insert on groups for each row execute function break_it()`); err != nil {
		t.Fatal(err)
	}
	before := s.Draft()
	s.Submit(wizard.StepGroups, url.Values{"reviewed": {"on"}, "own": {"first\nbreaks\nlast"}}).Want(t, http.StatusInternalServerError)
	names, err := st.GroupNames(t.Context(), []string{"first", "breaks", "last"})
	if after := s.Draft(); err != nil || len(names) > 0 || after.Version != before.Version || after.Ticks[string(wizard.StepGroups)] {
		t.Errorf("half of it was done: groups %v, version %d after %d, %v, %v", names, after.Version, before.Version, after.Ticks, err)
	}
	s.Submit(wizard.StepGroups, url.Values{"reviewed": {"on"}, "own": {"first\nlast"}}).Want(t, http.StatusSeeOther)
	if !s.Draft().Ticks[string(wizard.StepGroups)] {
		t.Error("the step is not done")
	}
}

// A tab that was left open while its draft went live does not change the next.
func TestAFormOfAnEarlierDraft(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetup(t)
	s.Submit(wizard.StepWelcome, url.Values{"name": {"First"}}).Want(t, http.StatusSeeOther)
	first := s.Draft()
	if err := s.Store.GoLive(t.Context(), webtest.Tester, "aws", first.Version, true); err != nil {
		t.Fatal(err)
	}
	next, err := s.Store.StartDraft(t.Context(), webtest.Tester, "aws")
	if err != nil {
		t.Fatal(err)
	}
	for next.Version < first.Version {
		if next, err = s.Store.SaveDraft(t.Context(), webtest.Tester, "aws", next.Version, func(r *model.Revision) error {
			r.Config.Name += "!"
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	s.Post("/setup/aws/welcome", url.Values{"version": {strconv.Itoa(first.Version)}, "name": {"From the old tab"}}).Want(t, http.StatusConflict)
	if name := s.Draft().Config.Name; name != next.Config.Name {
		t.Errorf("it is called %q now", name)
	}
}
