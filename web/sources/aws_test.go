package sources_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/sources"
)

// A source of AWS shows what it needs there; the external id that a role is assumed
// with is made once, and stays when the settings are saved again.
func TestASourceOfAWSShowsWhatItNeedsThere(t *testing.T) {
	t.Parallel()
	s := site(t)
	form := s.Get(paths.SourceNew("aws")).Want(t, http.StatusOK).Form("form[action='/sources']")
	form.Set(sources.FieldName, "AWS people")
	form.Set(sources.FieldSlug, "people")
	form.Set(sources.FieldRegion, "eu-central-1")
	form.Set(sources.FieldStore, "d-1234567890")
	form.Set(sources.FieldCredentials, sources.CredentialsSurroundings)
	form.Set(sources.FieldRole, "arn:aws:iam::123456789012:role/postern")
	s.Post(paths.Sources, form).Want(t, http.StatusSeeOther)
	src, err := s.Store.Source(t.Context(), "people")
	if err != nil || !strings.HasPrefix(src.AWS.ExternalID, "postern-") {
		t.Fatalf("the external id is %q, %v", src.AWS.ExternalID, err)
	}
	page := s.Get(paths.Source("people")).Want(t, http.StatusOK)
	page.Has(t, "pre", "identitystore:ListUsers")
	if text := page.Doc.Find("pre").Text(); !strings.Contains(text, src.AWS.ExternalID) {
		t.Errorf("the trust policy is without the external id: %s", text)
	}
	again := s.Get(paths.SourceAction("people", "settings")).Form("form[action$='/settings']")
	s.Post(paths.SourceAction("people", "settings"), again).Want(t, http.StatusSeeOther)
	if after, err := s.Store.Source(t.Context(), "people"); err != nil || after.AWS.ExternalID != src.AWS.ExternalID {
		t.Errorf("saved again, the external id is %q, %v", after.AWS.ExternalID, err)
	}
}
