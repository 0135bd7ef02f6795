package connections_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/trust"
	"github.com/postern-sso/postern/web/webtest"
)

func TestRow02RotationOfTheCertificate(t *testing.T) {
	t.Parallel()
	x := webtest.NewRotating(t)
	x.Login(t, "before", false, "")
	if check := x.Refresh(0); check.Offered != "" || check.Problem != "" {
		t.Errorf("the same metadata: %+v", check)
	}
	x.Serve(webtest.Keys().AwsCert, webtest.Keys().AttackerCert)
	if check := x.Refresh(time.Hour); check.Offered != "" {
		t.Error("it was fetched again within the hour")
	}
	if check := x.Refresh(24 * time.Hour); check.Offered == "" {
		t.Fatal("a day later the new certificate was not found")
	}
	x.Login(t, "the new one, not trusted yet", true, model.CodeCertificateUnknown)
	page := x.Get("/connections/aws/certificates")
	prints := page.Doc.Find("[name=fingerprints]").AttrOr("value", "")
	if !strings.Contains(page.Text(), "AWS offers a new certificate") || prints == "" {
		t.Fatalf("the page says:\n%s", page.Text())
	}
	if text := x.Get("/").Text(); !strings.Contains(text, "waits for you: compare it") {
		t.Errorf("the overview does not say so:\n%s", text)
	}
	x.Post("/connections/aws/certificates/trust", url.Values{"fingerprints": {prints}}).Want(t, http.StatusUnauthorized)
	x.Confirm()
	x.Post("/connections/aws/certificates/trust", url.Values{"fingerprints": {prints[2:]}}).Want(t, http.StatusUnprocessableEntity)
	x.Post("/connections/aws/certificates/trust", url.Values{"fingerprints": {prints}}).Want(t, http.StatusSeeOther)
	x.Login(t, "the old one while both are trusted", false, "")
	x.Login(t, "the new one while both are trusted", true, "")
	if check := x.Refresh(0); check.Offered != "" {
		t.Error("what is trusted is still offered")
	}

	old := webtest.FingerprintOfDER(webtest.Keys().AwsCert)
	x.Post("/connections/aws/certificates/remove", url.Values{"fingerprint": {old}}).Want(t, http.StatusSeeOther)
	x.Login(t, "the old one after it was removed", false, model.CodeCertificateUnknown)
	x.Login(t, "the new one alone", true, "")
	last := url.Values{"fingerprint": {webtest.FingerprintOfDER(webtest.Keys().AttackerCert)}}
	x.Post("/connections/aws/certificates/remove", last).Want(t, http.StatusUnprocessableEntity)
	x.Login(t, "after the last one was not removed", true, "")

	revisions, err := x.Store.Revisions(context.Background(), "aws")
	if err != nil || len(revisions) != 3 {
		t.Fatalf("%d revisions, %v", len(revisions), err)
	}
	if err := x.Store.Restore(context.Background(), webtest.Tester, "aws", revisions[1].Number); err != nil {
		t.Fatal(err)
	}
	x.Login(t, "the old one after the removal was undone", false, "")
}

func TestRow16RefreshNeverWidensTrustByItself(t *testing.T) {
	t.Parallel()
	x := webtest.NewRotating(t)
	x.Refresh(0)
	x.Serve(webtest.Keys().AttackerCert)
	x.Refresh(25 * time.Hour)
	x.Login(t, "a certificate that the metadata has now", true, model.CodeCertificateUnknown)
	x.Login(t, "one that it has no more", false, "")

	x.Confirm()
	x.Post("/connections/aws/certificates/policy", url.Values{"trust_new": {"on"}}).Want(t, http.StatusSeeOther)
	x.Refresh(25 * time.Hour)
	x.Login(t, "after the connection allowed it", true, "")
	x.Login(t, "and the old one", false, "")
	entries, _, err := x.Store.Audit(context.Background(), store.AuditQuery{Action: "connection.trust"})
	if err != nil || len(entries) != 1 || entries[0].Actor != trust.Refresher.Name {
		t.Errorf("the audit says %+v, %v", entries, err)
	}
}

// That new certificates are trusted without asking was said of one address. Who
// brings another, with a setup link for example, is not trusted with that.
func TestRow16TrustEndsWithTheAddress(t *testing.T) {
	t.Parallel()
	x := webtest.NewRotating(t)
	trustNew := url.Values{"trust_new": {"on"}}
	x.Post("/connections/aws/certificates/policy", trustNew).Want(t, http.StatusSeeOther)
	address := x.Connection("aws").Live.Config.IdPMetadataURL
	x.Refresh(0)
	x.GoLiveWith("aws", func(c *model.Config) { c.Name = "Another name" })
	if !x.Refresh(0).TrustNew {
		t.Error("a change of the name ended it")
	}
	x.GoLiveWith("aws", func(c *model.Config) { c.IdPMetadataURL = address + "?other" })
	x.Serve(webtest.Keys().AwsCert, webtest.Keys().AttackerCert)
	if check := x.Refresh(25 * time.Hour); check.TrustNew || check.Offered == "" {
		t.Errorf("with the new address: %+v", check)
	}
	x.Login(t, "what the new address offers", true, model.CodeCertificateUnknown)
	entries, _, err := x.Store.Audit(context.Background(), store.AuditQuery{Action: "connection.trust_new"})
	if err != nil || len(entries) != 2 || entries[0].Actor != webtest.Tester.Name || !strings.Contains(entries[0].Note, "another address") {
		t.Errorf("the audit says %+v, %v", entries, err)
	}
	if err := x.Store.Restore(context.Background(), webtest.Tester, "aws", 1); err != nil {
		t.Fatal(err)
	}
	if check, err := x.Store.MetadataCheck(context.Background(), x.Connection("aws").ID); err != nil || check.TrustNew || check.Offered != "" {
		t.Errorf("after the first one was brought back: %+v, %v", check, err)
	}
	x.Confirm()
	x.Post("/connections/aws/certificates/policy", trustNew).Want(t, http.StatusSeeOther)
	x.Refresh(0)
	x.Login(t, "after it was said of this address", true, "")
}

// Nor can it be said of an address that is yet to come.
func TestRow16TrustIsSaidOfALiveAddress(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	if _, err := s.Store.CreateConnection(context.Background(), webtest.Tester, "aws", model.DefaultConfig("AWS")); err != nil {
		t.Fatal(err)
	}
	s.Post("/connections/aws/certificates/policy", url.Values{"trust_new": {"on"}}).Want(t, http.StatusNotFound)
}

func TestRow16RefreshIsToldWhatIsWrong(t *testing.T) {
	t.Parallel()
	x := webtest.NewRotating(t)
	x.Refresh(0)
	other := strings.ReplaceAll(webtest.MetadataWith(webtest.Keys().AttackerCert), webtest.AttackIssuer, "https://idp.evil.example/saml/metadata")
	page := "<html><body>Sign in</body></html>"
	for what, text := range map[string]*string{"another application": &other, "a web page": &page, "nothing": nil} {
		x.Metadata.Store(text)
		check := x.Refresh(25 * time.Hour)
		if check.Problem == "" || check.Offered != "" {
			t.Errorf("%s: %+v", what, check)
		}
		if body := x.Get("/connections/aws/certificates").Text(); !strings.Contains(body, "The last try failed") {
			t.Errorf("%s: the page does not say so", what)
		}
	}
	x.Login(t, "with what was trusted before", false, "")
	if text := x.Get("/").Text(); !strings.Contains(text, "3 times in a row") {
		t.Errorf("after three failures the overview says:\n%s", text)
	}
}

// A login with an unknown certificate brings the next look forward, but not
// again and again.
func TestRow02UnknownKeyAsksForMetadata(t *testing.T) {
	t.Parallel()
	x := webtest.NewRotating(t)
	x.Refresh(0)
	x.Serve(webtest.Keys().AwsCert, webtest.Keys().AttackerCert)
	x.Now = x.Now.Add(time.Minute)
	x.Login(t, "a minute after the last look", true, model.CodeCertificateUnknown)
	if check := x.Refresh(0); check.Offered != "" {
		t.Error("looked again after a minute")
	}
	x.Now = x.Now.Add(10 * time.Minute)
	x.Login(t, "eleven minutes after the last look", true, model.CodeCertificateUnknown)
	if check := x.Refresh(0); check.Offered == "" {
		t.Error("an unknown certificate did not bring the look forward")
	}
}

// What somebody brings is shown first, and trusted once they have confirmed it.
func TestRow16CertificatesAreAddedByHand(t *testing.T) {
	t.Parallel()
	x := webtest.NewRotating(t)
	const page, trust = "/connections/aws/certificates", "/connections/aws/certificates/trust"
	same := x.Post(page, url.Values{"metadata": {webtest.MetadataWith(webtest.Keys().AwsCert)}}).Want(t, http.StatusUnprocessableEntity)
	if !strings.Contains(same.Text(), "no certificate that is not trusted already") {
		t.Errorf("the same metadata: %s", same.Text())
	}
	other := strings.ReplaceAll(webtest.MetadataWith(webtest.Keys().AttackerCert), webtest.AttackIssuer, "https://idp.evil.example/saml/metadata")
	print := webtest.FingerprintOfDER(webtest.Keys().AttackerCert)
	for what, text := range map[string]string{"another application": other, "no metadata": "hello"} {
		for _, path := range []string{page, trust} {
			res := x.Post(path, url.Values{"metadata": {text}, "fingerprints": {print}}).Want(t, http.StatusUnprocessableEntity)
			if typed := res.Doc.Find("textarea[name=metadata]").Text(); strings.TrimSpace(typed) != text {
				t.Errorf("%s: what was typed is now %q", what, typed)
			}
		}
	}
	both := webtest.MetadataWith(webtest.Keys().AwsCert, webtest.Keys().AttackerCert)
	shown := x.Post(page, url.Values{"metadata": {both}}).Want(t, http.StatusOK)
	if box := shown.Find("section[aria-labelledby=brought]"); !strings.Contains(box, print) ||
		strings.Contains(box, webtest.FingerprintOfDER(webtest.Keys().AwsCert)) ||
		!strings.Contains(box, "Nothing has changed yet") {
		t.Errorf("the page shows:\n%s", box)
	}
	x.Login(t, "shown, and not confirmed", true, model.CodeCertificateUnknown)

	form := shown.Hidden("section[aria-labelledby=brought] form")
	for what, prints := range map[string]string{"none": "", "another's": webtest.FingerprintOfDER(webtest.Keys().AwsCert)} {
		if res := x.Post(trust, url.Values{"metadata": form["metadata"], "fingerprints": {prints}}); res.Status != http.StatusUnprocessableEntity {
			t.Errorf("fingerprint %s: answered %d", what, res.Status)
		}
	}
	x.Now = x.Now.Add(kit.StepUpFor)
	x.Post(trust, form).Want(t, http.StatusUnauthorized)
	x.Login(t, "confirmed by nobody in particular", true, model.CodeCertificateUnknown)
	x.Confirm()
	x.Post(trust, form).Want(t, http.StatusSeeOther)
	x.Login(t, "the new one", true, "")
	x.Login(t, "the old one", false, "")
}

// What is wrong with a certificate is said before it is trusted.
func TestCertificatesAreShownWithWhatIsWrong(t *testing.T) {
	t.Parallel()
	x := webtest.NewRotating(t)
	x.Now = x.Now.AddDate(100, 0, 0)
	x.Client = x.Browser()
	x.TryPassword("owner@example.com", webtest.TestPassword)
	shown := x.Post("/connections/aws/certificates", url.Values{"metadata": {webtest.MetadataWith(webtest.Keys().AttackerCert)}}).Want(t, http.StatusOK)
	shown.Has(t, "section[aria-labelledby=brought]", "The certificate expired on")
}
