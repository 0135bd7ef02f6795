package setup_test

import (
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

const certificates = "/connections/aws/certificates"

func asPEM(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// certificateLink makes a link for the certificate alone, as an administrator
// does, and opens it in a browser of its own.
func certificateLink(t *testing.T, s *webtest.Site) (*webtest.Site, string) {
	t.Helper()
	made := s.Post(paths.CertificateLink("aws"), url.Values{"days": {"7"}}).Want(t, http.StatusOK)
	path, found := strings.CutPrefix(made.Doc.Find(".copybox-value").First().Text(), s.URL)
	if !found || !strings.Contains(made.Text(), "certificate with which AWS IAM Identity Center signs") {
		t.Fatalf("the page says:\n%s", made.Text())
	}
	h := s.Holder()
	h.Get(path).Has(t, "h1", "Change AWS's certificate")
	webtest.Expect(t, h.Post(path, nil), http.StatusSeeOther, path)
	return h, path
}

// What the AWS administrator brings waits; an administrator trusts it after they
// have confirmed who they are; both pages say where it stands.
func TestCertificateComesThroughASetupLink(t *testing.T) {
	t.Parallel()
	x := webtest.NewRotating(t)
	h, path := certificateLink(t, x.Site)
	fresh, print := asPEM(webtest.Keys().AttackerCert), webtest.FingerprintOfDER(webtest.Keys().AttackerCert)
	page := h.Get(path).Want(t, http.StatusOK)
	for _, other := range []string{"owner@example.com", "Connections", "sign-ins"} {
		if other != "owner@example.com" && strings.Contains(page.Text(), other) {
			t.Errorf("the page behind the link says %q", other)
		}
	}
	for what, form := range map[string]url.Values{
		"nothing":         nil,
		"a key":           {"metadata": {"-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----"}},
		"what is trusted": {"metadata": {asPEM(webtest.Keys().AwsCert)}},
		"another's": {"metadata": {strings.ReplaceAll(webtest.MetadataWith(webtest.Keys().AttackerCert), webtest.AttackIssuer,
			"https://idp.evil.example/x")}},
		"half of it":        {"metadata": {fresh[:len(fresh)/2]}},
		"a base64 sentence": {"metadata": {base64.StdEncoding.EncodeToString([]byte("hello, world"))}},
	} {
		res := h.Post(path+"/certificate", form).Want(t, http.StatusUnprocessableEntity)
		if typed := strings.TrimSpace(res.Doc.Find("textarea[name=metadata]").Text()); typed != strings.TrimSpace(form.Get("metadata")) {
			t.Errorf("%s: what was typed is now %q", what, typed)
		}
	}
	webtest.Expect(t, h.Post(path+"/certificate", url.Values{"metadata": {fresh}}), http.StatusSeeOther, path)
	page = h.Get(path)
	if text := page.Text(); !strings.Contains(text, print) || !strings.Contains(text, "Do not make it active yet") {
		t.Errorf("after it was handed over the page says:\n%s", text)
	}
	x.Login(t, "proposed, and not trusted", true, model.CodeCertificateUnknown)
	x.Get("/").Has(t, "section[aria-labelledby=needs]", "waits for you: compare it")

	shown := x.Get(certificates)
	trust := shown.Hidden("section[aria-labelledby^=proposal] form[action$=trust]")
	x.Now = x.Now.Add(time.Hour)
	x.Post(certificates+"/trust", trust).Want(t, http.StatusUnauthorized)
	x.Confirm()
	x.Post(certificates+"/trust", trust).Want(t, http.StatusSeeOther)
	h.Now = x.Now
	h.Get(path).Has(t, ".stage.now", "Set as active")
	x.Get(certificates).Has(t, ".stage.now", "Make it active in AWS")
	x.Login(t, "the old one while both are trusted", false, "")
	x.Get(certificates).Has(t, ".stage.now", "AWS still signs with the old one")
	x.Login(t, "the new one", true, "")
	h.Get(path).Has(t, ".stage.now", "you can go back to it")
	x.Get(certificates).Has(t, ".stage.now", "Stop trusting the old one")

	x.Now = x.Now.Add(8 * 24 * time.Hour)
	x.Client = x.Browser()
	x.TryPassword("owner@example.com", webtest.TestPassword)
	x.Login(t, "the new one, a week later", true, "")
	offered := x.Get(certificates)
	offered.Has(t, ".stage.now", "Nobody has signed in for 7 days")
	x.Confirm()
	x.Post(certificates+"/remove", offered.Hidden(".stage.now form[action$=remove]")).Want(t, http.StatusSeeOther)
	x.Login(t, "the old one after its removal", false, model.CodeCertificateUnknown)
	x.Login(t, "the new one alone", true, "")
	undo := x.Get(certificates).Hidden(".note form[action$=trust]")
	x.Post(certificates+"/trust", undo).Want(t, http.StatusSeeOther)
	x.Login(t, "the old one after the removal was undone", false, "")
	for action, want := range map[string]int{"setup_link.create": 1, "setup_link.open": 1, "certificate.propose": 1, "connection.trust": 3} {
		if entries, _, err := x.Store.Audit(t.Context(), store.AuditQuery{Action: action}); err != nil || len(entries) != want {
			t.Errorf("%s: %d entries in the audit, want %d, %v", action, len(entries), want, err)
		}
	}
}

// A refused proposal is told to whoever brought it, and a link ends with its
// revocation.
func TestProposedCertificateIsRefused(t *testing.T) {
	t.Parallel()
	x := webtest.NewRotating(t)
	h, path := certificateLink(t, x.Site)
	fresh := url.Values{"metadata": {asPEM(webtest.Keys().AttackerCert)}}
	h.Post(path+"/certificate", fresh).Want(t, http.StatusSeeOther)
	x.Post(certificates+"/refuse", x.Get(certificates).Hidden("section[aria-labelledby^=proposal] form[action$=refuse]")).Want(t, http.StatusSeeOther)
	if text := h.Get(path).Text(); !strings.Contains(text, "must not be made active") {
		t.Errorf("the page says:\n%s", text)
	}
	x.Post(certificates+"/refuse", url.Values{"proposal": {"1"}}).Want(t, http.StatusNotFound)
	x.Login(t, "refused", true, model.CodeCertificateUnknown)

	h.Post(path+"/metadata", fresh).Want(t, http.StatusNotFound) // another task
	other := x.Holder()
	other.Get(path).Want(t, http.StatusGone) // another browser
	revoke, _ := x.Get(certificates).Doc.Find("form[action*='/revoke']").Attr("action")
	webtest.Expect(t, x.Post(revoke, nil), http.StatusSeeOther, certificates)
	webtest.Expect(t, h.Post(path+"/certificate", fresh), http.StatusSeeOther, path)
	h.Get(path).Want(t, http.StatusGone)
	if open, err := x.Store.OpenProposals(t.Context(), "aws"); err != nil || len(open) != 0 {
		t.Errorf("through a link that was revoked: %+v, %v", open, err)
	}
}
