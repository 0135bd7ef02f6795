package onepass

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"
	"github.com/jonboulle/clockwork"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/postern-sso/postern/internal/attack"
	"github.com/postern-sso/postern/internal/peertest"
)

// TestRow31EveryVerifierAcceptsWhatThisDoes: messages are changed, get signatures that fit
// what this package hashes, and go to goxmldsig, to crewjam and to xmlsec1. A
// difference in one canonical byte would be a signature that does not hold.
func TestRow31EveryVerifierAcceptsWhatThisDoes(t *testing.T) {
	t.Parallel()
	key, certificate := trusted()
	xmlsec := peertest.NewVerifier(t, certificate)
	s := scene()
	s.Now = time.Now().UTC().Truncate(time.Millisecond) // crewjam asks the clock,
	saml.MaxIssueDelay = time.Hour                      // and gives a message 90 seconds
	honest := attack.WithAttributes(&s, "")
	want, seeds := valuesOf(t, honest, key), seedsOf(honest)
	crewjam := 0
	var batch [][]byte
	n := signedExecutions(t, 600)
	for i, fit := uint64(0), 0; fit < n; i++ {
		text, ok := sealedAnew(t, mutated(seeds, i))
		if !ok || !namesTrusted(text, certificate) {
			continue
		}
		fit++
		message := []byte(text)
		e, ok := bothVerify(message, &key.PublicKey)
		if !ok {
			t.Fatalf("signed anew, and refused: %s", text)
		}
		if err := goxmldsigVerifies(message, certificate); err != nil {
			t.Errorf("goxmldsig refuses what is accepted here: %v\n%s", err, text)
		}
		if values(e) == want { // what crewjam judges is as it was
			crewjam++
			if err := crewjamAccepts(t, &s, message); err != nil {
				t.Errorf("crewjam refuses what is accepted here: %v\n%s", err, text)
			}
		}
		if batch = append(batch, message); len(batch) == 100 || fit == n {
			for _, refused := range xmlsec.Refused(t, batch) {
				t.Errorf("xmlsec1 refuses what is accepted here: %s", batch[refused])
			}
			batch = batch[:0]
		}
		if t.Failed() {
			break
		}
	}
	t.Logf("%d messages, %d of them to crewjam", n, crewjam)
	if crewjam == 0 {
		t.Error("none went to crewjam")
	}
}

// bothVerify is the verified Response of a message whose signatures both hold.
func bothVerify(message []byte, key *rsa.PublicKey) (Element, bool) {
	d, err := Read(message)
	if err != nil {
		return Element{}, false
	}
	e, response := d.Verify(WholeResponse, key)
	_, assertion := d.Verify(TheAssertion, key)
	return e, response && assertion
}

// signedExecutions is how many messages are signed anew: a sample, or
// POSTERN_FUZZ_SIGNED of them.
func signedExecutions(t *testing.T, sample int) int {
	t.Helper()
	text := os.Getenv("POSTERN_FUZZ_SIGNED")
	if text == "" {
		return sample
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// namesTrusted tells whether both signatures name the trusted certificate, or none:
// another one is refused before anything is verified.
func namesTrusted(text string, certificate []byte) bool {
	d, err := Read([]byte(text))
	if err != nil {
		return false
	}
	for p := range parts {
		named, _ := d.Certificates(p)
		for _, c := range named {
			if c != base64.StdEncoding.EncodeToString(certificate) {
				return false
			}
		}
	}
	return true
}

func goxmldsigVerifies(message, certificate []byte) error {
	parsed, err := x509.ParseCertificate(certificate)
	if err != nil {
		return err
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(message); err != nil {
		return err
	}
	ctx := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{parsed}})
	ctx.IdAttribute = "ID"
	ctx.Clock = dsig.NewFakeClock(clockwork.NewFakeClockAt(parsed.NotAfter))
	response, err := ctx.Validate(doc.Root())
	if err != nil {
		return fmt.Errorf("the Response: %w", err)
	}
	forms, err := detachedAssertion(response)
	if err != nil {
		return err
	}
	if _, err := ctx.Validate(forms); err != nil {
		return fmt.Errorf("the Assertion: %w", err)
	}
	return nil
}

func crewjamAccepts(t testing.TB, s *attack.Scene, message []byte) error {
	t.Helper()
	var metadata saml.EntityDescriptor
	text := fmt.Sprintf(`<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID=%[1]q><IDPSSODescriptor `+
		`protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#">`+
		`<X509Data><X509Certificate>%[2]s</X509Certificate></X509Data></KeyInfo></KeyDescriptor><SingleSignOnService `+
		`Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location=%[1]q/></IDPSSODescriptor></EntityDescriptor>`,
		s.Issuer, base64.StdEncoding.EncodeToString(s.Certificate))
	if err := xml.Unmarshal([]byte(text), &metadata); err != nil {
		t.Fatal(err)
	}
	acs, err := url.Parse(s.ACS)
	if err != nil {
		t.Fatal(err)
	}
	sp := &saml.ServiceProvider{EntityID: s.Audience, AcsURL: *acs, IDPMetadata: &metadata}
	_, err = sp.ParseXMLResponse(message, []string{s.Request}, *acs)
	var refused *saml.InvalidResponseError
	if errors.As(err, &refused) {
		return refused.PrivateErr
	}
	return err
}
