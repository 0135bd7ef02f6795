package sources_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/directory/runner"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/sources"
	"github.com/postern-sso/postern/web/webtest"
)

func site(t *testing.T) *webtest.Site {
	t.Helper()
	s := webtest.NewSiteOn(t, storetest.OpenPool(t))
	s.SignInAs(model.RoleOwner)
	return s
}

// ldapForm is the form of a new source as a browser sends it.
func ldapForm(t *testing.T, s *webtest.Site) url.Values {
	t.Helper()
	form := s.Get(paths.SourceNew("ldap")).Want(t, http.StatusOK).Form("form[action='/sources']")
	form.Set(sources.FieldName, "Corporate directory")
	form.Set(sources.FieldSlug, "corp")
	form.Set(sources.FieldURLs, "ldaps://dc1.example.com:636")
	form.Set(sources.FieldBindDN, "CN=postern,DC=example,DC=com")
	form.Set(sources.FieldSecret, "hunter2")
	return form
}

func TestASourceFromTheFormToItsPeople(t *testing.T) {
	t.Parallel()
	s := site(t)
	s.Get(paths.Sources).Has(t, ".empty-state", "No source is connected")
	s.Post(paths.Sources, ldapForm(t, s)).Want(t, http.StatusSeeOther)
	s.Directories.Have("corp", webtest.ReadingOf(12))
	page := s.Get(paths.Source("corp")).Want(t, http.StatusOK)
	page.Has(t, ".note", "It is a draft")
	if strings.Contains(page.Body, "hunter2") {
		t.Error("the page has the password")
	}
	s.Post(paths.SourceAction("corp", "test"), nil).Want(t, http.StatusOK).Has(t, "table", "p0003")
	if got := s.Directories.Secret("corp"); got != "hunter2" {
		t.Errorf("the directory was opened with %q", got)
	}
	s.Post(paths.SourceAction("corp", "run"), url.Values{"dry": {"on"}}).Want(t, http.StatusSeeOther)
	s.Directories.Runner.Wait()
	page = s.Get(paths.Source("corp"))
	page.Has(t, ".verdict", "12 new")
	page.Has(t, "table", "p0003")
	if _, err := s.Store.User(t.Context(), "p0003"); err == nil {
		t.Fatal("a dry run made somebody")
	}
	s.Post(page.Action("form[action$='/approve']"), nil).Want(t, http.StatusSeeOther)
	s.Directories.Runner.Wait()
	if u := s.User("p0003"); !u.Active || u.Email != "p0003@example.com" {
		t.Errorf("got %+v", u)
	}
	s.Get(paths.Source("corp")).Has(t, "main", "read every 30 minutes · home of 12 active users")
	s.Get(paths.Sources).Has(t, "table", "Corporate directory")
}

// TestAPageThatWaitsForARunIsLoadedAnew: when the run is over, everything on the page is
// another than while it was under way.
func TestAPageThatWaitsForARunIsLoadedAnew(t *testing.T) {
	t.Parallel()
	s := site(t)
	src := s.SourceOf("corp", 6)
	ask := func() *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+paths.Source("corp"), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("HX-Request", "true")
		res, err := s.Client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res
	}
	run, err := s.Store.StartRun(t.Context(), src.Slug, store.RunStart{Trigger: model.RunBySchedule, Worker: "w"})
	if err != nil {
		t.Fatal(err)
	}
	if res := ask(); res.StatusCode != http.StatusOK || res.Header.Get("HX-Refresh") != "" {
		t.Errorf("under way it answers %d, refresh %q", res.StatusCode, res.Header.Get("HX-Refresh"))
	}
	if err := s.Store.EndRun(t.Context(), run, "w", model.RunFailed, "unreachable", "Nobody answers.", ""); err != nil {
		t.Fatal(err)
	}
	if res := ask(); res.StatusCode != http.StatusNoContent || res.Header.Get("HX-Refresh") != "true" {
		t.Errorf("over, it answers %d, refresh %q", res.StatusCode, res.Header.Get("HX-Refresh"))
	}
}

func TestAHeldRunIsDecidedByAPerson(t *testing.T) {
	t.Parallel()
	s := site(t)
	s.SourceOf("corp", 20)
	s.Directories.Have("corp", webtest.ReadingOf(10))
	held := s.RunSource("corp", runner.Ask{Trigger: model.RunBySchedule})
	if held.Outcome != model.RunHeld {
		t.Fatalf("ten of twenty left, and the run ended %s", held.Outcome)
	}
	page := s.Get(paths.Source("corp"))
	page.Has(t, ".verdict", "it would deactivate 10 people")
	page.Has(t, ".versus", "all of them stood in OU=Staff")
	s.Post(paths.SourceRunAction("corp", held.ID, "reject"), nil).Want(t, http.StatusSeeOther)
	s.Get(paths.Source("corp")).Has(t, ".alert, .flash, main", "nothing of it was done")
	s.Post(paths.SourceRunAction("corp", held.ID, "approve"), nil).Want(t, http.StatusSeeOther)
	s.Get(paths.Source("corp")).Has(t, "main", "has decided already")
	held = s.RunSource("corp", runner.Ask{Trigger: model.RunBySchedule})
	s.Post(paths.SourceRunAction("corp", held.ID, "approve"), nil).Want(t, http.StatusSeeOther)
	s.Directories.Runner.Wait()
	if s.User("p0015").Active || !s.User("p0005").Active {
		t.Error("approved, the plan was not carried out")
	}
	runs, _, err := s.Store.SourceRuns(t.Context(), "corp", store.Page{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	s.Post(paths.SourceRunAction("corp", runs[0].ID, "undo"), nil).Want(t, http.StatusSeeOther)
	s.Directories.Runner.Wait()
	if !s.User("p0015").Active {
		t.Error("undone, and p0015 is not active")
	}
	s.Get(paths.SourceRun("corp", runs[0].ID)).Want(t, http.StatusOK).Has(t, "table", "taken back")
}

func TestAFailedRunSaysWhyAndWhatHelps(t *testing.T) {
	t.Parallel()
	s := site(t)
	s.SourceOf("corp", 6)
	s.Directories.Fail("corp", &directory.ReadError{Reason: "size_limit", Detail: "The answer was cut off.",
		Remedy: "Raise the limit of the reader.", Incomplete: true})
	run := s.RunSource("corp", runner.Ask{Trigger: model.RunBySchedule})
	page := s.Get(paths.SourceRun("corp", run.ID)).Want(t, http.StatusOK)
	page.Has(t, ".note", "The answer was cut off.")
	page.Has(t, ".note", "Raise the limit of the reader.")
	s.Get(paths.Sources).Has(t, "table", "cut off")
}

func TestTheFormLosesNothingAndSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := site(t)
	for field, test := range map[string]struct{ value, problem string }{
		sources.FieldURLs:     {"ldap://dc1.example.com", "is not encrypted"},
		sources.FieldInterval: {"often", "whole number"},
		sources.FieldSecret:   {"", "Type the account's password"},
		sources.FieldSlug:     {"Corp!", "lower-case"},
		// A filter is compiled when it is saved, and never joined as text.
		sources.FieldUsersFilter: {"(a=b))(|(c=*)", "is not a filter"},
		sources.FieldBase:        {"example.com", "is not a distinguished name"},
		sources.FieldUsersID:     {"uid)(cn", "is not the name of an attribute"},
	} {
		form := ldapForm(t, s)
		form.Set(field, test.value)
		page := s.Post(paths.Sources, form).Want(t, http.StatusUnprocessableEntity)
		page.Has(t, ".field-problem", test.problem)
		if got := page.Form("form[action='/sources']"); got.Get(sources.FieldBindDN) != "CN=postern,DC=example,DC=com" ||
			field != sources.FieldSecret && got.Get(field) != test.value {
			t.Errorf("%s: the form came back with %q", field, got.Get(field))
		}
		if strings.Contains(page.Body, "hunter2") {
			t.Errorf("%s: the password came back", field)
		}
	}
	s.Post(paths.Sources, ldapForm(t, s)).Want(t, http.StatusSeeOther)
	s.Post(paths.Sources, ldapForm(t, s)).Want(t, http.StatusUnprocessableEntity).Has(t, ".field-problem", "Another source has this short name")
}

// TestEveryFieldOfTheFormComesBack: what can be typed on the form of a kind is read, and
// shown again where something is wrong.
func TestEveryFieldOfTheFormComesBack(t *testing.T) {
	t.Parallel()
	s := site(t)
	const in = "form[action='/sources'] "
	for _, kind := range model.SourceKinds() {
		page := s.Get(paths.SourceNew(string(kind))).Want(t, http.StatusOK)
		form, typed := page.Form(in), url.Values{}
		page.Doc.Find(in + "input[type=text], " + in + "input:not([type]), " + in + "textarea").Each(func(_ int, field *goquery.Selection) {
			if name := field.AttrOr("name", ""); name != sources.FieldSecret { // never shown again
				typed.Set(name, "as typed: "+name)
			}
		})
		page.Doc.Find(in + "input[type=checkbox]").Each(func(_ int, box *goquery.Selection) { typed.Set(box.AttrOr("name", ""), box.AttrOr("value", "on")) })
		if len(typed) < 8 {
			t.Fatalf("%s: the form has only the fields %v", kind, typed)
		}
		maps.Copy(form, typed)
		got := s.Post(paths.Sources, form).Want(t, http.StatusUnprocessableEntity).Form(in)
		for name := range typed {
			if got.Get(name) != typed.Get(name) {
				t.Errorf("%s: %s came back as %q", kind, name, got.Get(name))
			}
		}
	}
}

// TestAChangedAddressAsksForThePassword: the password that is kept goes to no server
// that nobody typed it for.
func TestAChangedAddressAsksForThePassword(t *testing.T) {
	t.Parallel()
	s := site(t)
	s.Post(paths.Sources, ldapForm(t, s)).Want(t, http.StatusSeeOther)
	settings := paths.SourceAction("corp", "settings")
	edit := func(field, value string) *webtest.Page {
		form := s.Get(settings).Want(t, http.StatusOK).Form("form[action='" + settings + "']")
		form.Set(field, value)
		return s.Post(settings, form)
	}
	for field, value := range map[string]string{
		sources.FieldURLs: "ldaps://evil.example.com", sources.FieldTrust: sources.TrustFingerprint, sources.FieldEncryption: sources.EncryptionNone,
	} {
		form := s.Get(settings).Form("form[action='" + settings + "']")
		form.Set(field, value)
		form.Set(sources.FieldFingerprint, strings.Repeat("ab", 32))
		if field == sources.FieldEncryption {
			form.Set(sources.FieldURLs, "ldap://dc1.example.com")
		}
		s.Post(settings, form).Want(t, http.StatusUnprocessableEntity).Has(t, ".field-problem", "Type the account's password")
	}
	edit(sources.FieldBase, "DC=example,DC=org").Want(t, http.StatusSeeOther)
	s.Get(paths.Source("corp")).Has(t, "main", "the next run is a dry run")
	edit(sources.FieldBase, "DC=example,DC=org").Want(t, http.StatusSeeOther)
	s.Get(paths.Source("corp")).Has(t, "main", "Nothing was changed")
}

func TestOnlyAPausedSourceIsDeleted(t *testing.T) {
	t.Parallel()
	s := site(t)
	s.SourceOf("corp", 6)
	remove, confirm := paths.SourceAction("corp", "delete"), url.Values{"confirm": {"corp"}}
	s.Post(remove, confirm).Want(t, http.StatusUnprocessableEntity)
	s.Post(paths.SourceAction("corp", "status"), url.Values{"status": {"paused"}}).Want(t, http.StatusSeeOther)
	s.Get(paths.Source("corp")).Has(t, ".note", "It is paused")
	s.Post(remove, url.Values{"confirm": {"no"}}).Want(t, http.StatusUnprocessableEntity)
	s.Post(remove, confirm).Want(t, http.StatusSeeOther)
	if u := s.User("p0003"); !u.Active {
		t.Error("a user went with the source")
	}
	s.Get(paths.Source("corp")).Want(t, http.StatusNotFound)
}
