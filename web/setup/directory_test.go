package setup_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/postern-sso/postern/internal/directory/runner"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

// The step offers to connect a source, shows what each would do, and takes one whose
// first run has told of people. The source's page leads back.
func TestTheDirectoryStepTakesASource(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepDirectory)
	step := paths.SetupStep("aws", wizard.StepDirectory)
	page := s.Get(step).Want(t, http.StatusOK)
	page.Has(t, "main", "No source is connected yet")
	page.Has(t, ".choices", "The apps read the directory themselves")
	if page.Doc.Find("a[href='/sources/new?setup=aws']").Length() != 1 {
		t.Error("no source is offered")
	}
	s.Submit(wizard.StepDirectory, url.Values{"directory": {"source:corp"}}).Want(t, http.StatusUnprocessableEntity)

	src := model.NewSource(model.SourceLDAP)
	src.Slug, src.Name, src.LDAP.URLs = "corp", "Corporate directory", []string{"ldaps://dc1.example.com"}
	if _, err := s.Store.CreateSource(t.Context(), webtest.Tester, src); err != nil {
		t.Fatal(err)
	}
	s.Get(step).Has(t, "main", "It was never read")
	s.Submit(wizard.StepDirectory, url.Values{"directory": {"source:corp"}}).Want(t, http.StatusUnprocessableEntity).
		Has(t, ".field-problem", "has told of nobody yet")
	s.Directories.Have("corp", webtest.ReadingOf(7))
	s.RunSource("corp", runner.Ask{Trigger: model.RunByHand, Actor: webtest.Tester, Dry: true})
	s.Get(step).Has(t, ".choices", "It would: 7 new")
	s.Get(paths.Source("corp")).Has(t, ".note", "Go on with the setup")
	webtest.Expect(t, s.Submit(wizard.StepDirectory, url.Values{"directory": {"source:corp"}}), http.StatusSeeOther, "/setup/aws/users")
	s.Get("/setup/aws/users").Has(t, "main", "the source Corporate directory makes the users")
	if got := s.Draft().Config; got.DirectorySource != "corp" || got.DirectoryInApps {
		t.Errorf("the draft says %q, %v", got.DirectorySource, got.DirectoryInApps)
	}
	s.Submit(wizard.StepDirectory, url.Values{"directory": {"apps"}}).Want(t, http.StatusSeeOther)
	if got := s.Draft().Config; got.DirectorySource != "" || !got.DirectoryInApps {
		t.Errorf("the draft says %q, %v", got.DirectorySource, got.DirectoryInApps)
	}
}
