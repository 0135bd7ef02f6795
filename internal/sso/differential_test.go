package sso_test

import (
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crewjam/saml"

	"github.com/postern-sso/postern/internal/attack"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/peertest"
	"github.com/postern-sso/postern/internal/sso"
)

const (
	sceneACS    = "https://sso.example.com/saml/aws/acs"
	sceneEntity = "https://sso.example.com/saml/aws/metadata"
	sceneIdP    = "https://portal.sso.eu-central-1.amazonaws.com/saml/assertion/MTIzNDU2"
)

type keyPair struct {
	key         *rsa.PrivateKey
	certificate []byte
}

// fixedPair is the same in every process: a message that a fuzzer kept verifies
// in the next one, too.
func fixedPair(seed uint64) keyPair {
	key, certificate := attack.FixedKey(seed)
	return keyPair{key, certificate}
}

var pairs = sync.OnceValue(func() [2]keyPair { return [2]keyPair{fixedPair(1), fixedPair(2)} }) //nolint:gochecknoglobals // making keys takes a while

func newScene(now time.Time) attack.Scene {
	p := pairs()
	return attack.Scene{ACS: sceneACS, Audience: sceneEntity, Issuer: sceneIdP, Request: "_request", Now: now,
		Key: p[0].key, Certificate: p[0].certificate, AttackerKey: p[1].key, AttackerCertificate: p[1].certificate}
}

func sceneMetadata() string {
	return fmt.Sprintf(`<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID=%[1]q><IDPSSODescriptor `+
		`protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#">`+
		`<X509Data><X509Certificate>%[2]s</X509Certificate></X509Data></KeyInfo></KeyDescriptor><SingleSignOnService `+
		`Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location=%[1]q/></IDPSSODescriptor></EntityDescriptor>`,
		sceneIdP, base64.StdEncoding.EncodeToString(pairs()[0].certificate))
}

// ours is the verdict of Postern: the code, and who signed in.
func ours(t testing.TB, message []byte, s attack.Scene, assertionOnly bool) (model.Code, string) {
	t.Helper()
	idp, err := sso.ParseMetadata([]byte(sceneMetadata()), sso.MetadataOptions{Now: s.Now})
	if err != nil {
		t.Fatal(err)
	}
	trust := sso.Trust{Certificates: idp.Certificates, RequireSignatures: model.SignaturesBoth}
	if assertionOnly {
		trust.RequireSignatures = model.SignaturesAssertion
	}
	m, _, refusal := sso.Open(message, trust)
	if refusal != nil {
		return refusal.Code, ""
	}
	e := sso.Expectations{EntityID: sceneEntity, ACSURL: sceneACS, IdPEntityID: sceneIdP, Now: s.Now, ClockSkew: 3 * time.Minute}
	if s.Request != "" {
		e.Request = &sso.PendingRequest{ID: s.Request}
	} else {
		e.AllowUnsolicited = true
	}
	id, _, refusal := m.Judge(e)
	if refusal != nil {
		return refusal.Code, ""
	}
	cfg := model.DefaultConfig("x")
	cfg.Attributes = model.WizardAttributes()
	if _, _, refusal := sso.MapAttributes(cfg, id); refusal != nil {
		return refusal.Code, id.NameID
	}
	return "", id.NameID
}

// theirs is the verdict of crewjam's own path.
func theirs(t testing.TB, message []byte, s attack.Scene) (name string, accepted bool) {
	t.Helper()
	var metadata saml.EntityDescriptor
	if err := unmarshal([]byte(sceneMetadata()), &metadata); err != nil {
		t.Fatal(err)
	}
	sp := &saml.ServiceProvider{EntityID: sceneEntity, AcsURL: mustURL(t, sceneACS), MetadataURL: mustURL(t, sceneEntity), IDPMetadata: &metadata,
		AllowIDPInitiated: s.Request == ""}
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("crewjam panics: %v", p)
		}
	}()
	assertion, err := sp.ParseXMLResponse(message, []string{s.Request}, mustURL(t, sceneACS))
	if err != nil {
		return "", false
	}
	if assertion.Subject != nil && assertion.Subject.NameID != nil {
		name = assertion.Subject.NameID.Value
	}
	return name, true
}

// Whatever Postern accepts, crewjam and xmlsec1 accept on the same bytes: every
// variant, and honest messages with bytes changed at random. What they accept
// and Postern refuses is explained in docs/verification.md, by reason.
func TestThreeVerifiersAgree(t *testing.T) {
	t.Parallel()
	xmlsec := peertest.NewVerifier(t, pairs()[0].certificate)
	reverse := map[string]bool{}
	judge := func(name string, message []byte, s attack.Scene, v attack.Variant) {
		code, who := ours(t, message, s, v.AssertionOnly)
		their, accepts := theirs(t, message, s)
		verifies := xmlsec.Verifies(t, message)
		if code == "" {
			if !verifies && !v.AssertionOnly { // it looks for both signatures
				t.Errorf("%s: Postern accepts what xmlsec1 refuses", name)
			}
			if !accepts && !strings.HasSuffix(name, "minutes old") { // crewjam gives a message 90 seconds
				t.Errorf("%s: Postern accepts what crewjam refuses", name)
			}
			if accepts && who != model.Canonical(their) {
				t.Errorf("%s: %q signs in, and crewjam reads %q", name, who, their)
			}
			return
		}
		for who, accepts := range map[string]bool{"crewjam": accepts, "xmlsec1": verifies} {
			if accepts {
				reverse[who+" "+string(code)] = true
			}
		}
	}
	for _, v := range attack.Variants() {
		s := newScene(time.Now().UTC().Truncate(time.Millisecond)) // crewjam asks the clock
		if v.Unsolicited {
			s.Request = ""
		}
		message := []byte(v.Mint(&s))
		judge(v.Name, message, s, v)
	}
	random := mathrand.New(mathrand.NewPCG(1, 2)) //nolint:gosec // the same changes every time
	for i := range 300 {
		s := newScene(time.Now().UTC().Truncate(time.Millisecond)) // crewjam gives it 90 seconds
		changed := []byte(attack.WithAttributes(&s, ""))
		changed[random.IntN(len(changed))] = byte(32 + random.IntN(95))
		judge(fmt.Sprintf("change %d", i), changed, s, attack.Variant{})
	}
	wantExplained(t, reverse)
}

// wantExplained compares the disagreements with the table.
func wantExplained(t *testing.T, seen map[string]bool) {
	t.Helper()
	text, err := os.ReadFile("../../docs/verification.md")
	if err != nil {
		t.Fatal(err)
	}
	explained := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\| ([a-z1, ]+) \\|").FindAllStringSubmatch(string(text), -1) {
		for who := range strings.SplitSeq(m[2], ", ") {
			explained[who+" "+m[1]] = true
		}
	}
	for what := range seen {
		if !explained[what] {
			t.Errorf("%s: accepted there, refused here, and docs/verification.md does not say why", what)
		}
	}
	for what := range explained {
		if !seen[what] {
			t.Errorf("%s: docs/verification.md explains it, and nothing of the kind was seen", what)
		}
	}
}
