package sources_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/directory/ldap"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/sources"
)

// A certificate that is not trusted is shown for comparison, and trusted only by a saved
// form with the password typed again.
func TestACertificateIsComparedAndTrusted(t *testing.T) {
	t.Parallel()
	s := site(t)
	s.Post(paths.Sources, ldapForm(t, s)).Want(t, http.StatusSeeOther)
	seen := strings.Repeat("ab01", 16)
	s.Directories.Fail("corp", &directory.ReadError{Reason: "tls_untrusted", Detail: "Not trusted.", Err: &ldap.Certificate{SHA256: seen,
		Subject: "CN=dc1", Issuer: "CN=Corp CA", Names: []string{"dc1.example.com"}, NotBefore: time.Now(), NotAfter: time.Now().AddDate(1, 0, 0)}})
	page := s.Post(paths.SourceAction("corp", "test"), nil).Want(t, http.StatusOK)
	for _, want := range []string{"AB:01:AB:01", "CN=Corp CA", "dc1.example.com", "Trust this certificate"} {
		page.Has(t, "main", want)
	}
	settings := paths.SourceAction("corp", "settings")
	form := s.Get(paths.WithQuery(settings, sources.FieldFingerprint, seen)).Want(t, http.StatusOK).Form("form[action='" + settings + "']")
	if form.Get(sources.FieldTrust) != sources.TrustFingerprint || form.Get(sources.FieldFingerprint) != seen {
		t.Errorf("the form has %q, %q", form.Get(sources.FieldTrust), form.Get(sources.FieldFingerprint))
	}
	trusted := func() string {
		src, err := s.Store.Source(t.Context(), "corp")
		if err != nil {
			t.Fatal(err)
		}
		return src.LDAP.Fingerprint
	}
	s.Post(settings, form).Want(t, http.StatusUnprocessableEntity)
	if got := trusted(); got != "" {
		t.Errorf("trusted without the password: %s", got)
	}
	form.Set(sources.FieldSecret, "hunter3")
	s.Post(settings, form).Want(t, http.StatusSeeOther)
	if got := trusted(); got != seen {
		t.Errorf("trusted is %q", got)
	}
}
