package sso_test

import (
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crewjam/saml"

	"github.com/postern-sso/postern/internal/attack"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/peertest"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/testall"
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

// sceneProvider is what Postern knows of the identity provider of a scene.
var sceneProvider = sync.OnceValue(func() *sso.IdentityProvider {
	idp, err := sso.ParseMetadata([]byte(sceneMetadata()), sso.MetadataOptions{Now: fuzzedAt})
	if err != nil {
		panic(err) // the metadata is a constant, but for the key
	}
	return idp
}) //nolint:gochecknoglobals // made of the keys

// verdict is all that Postern says of a message. It lets somebody in when it has
// no refusal.
type verdict struct {
	refusal  *model.Refusal
	checks   []model.Check
	identity *sso.Identity
	person   model.Person
}

func (v verdict) code() model.Code { return codeOf(v.refusal) }

// judged takes a message the whole way.
func judged(t testing.TB, message []byte, s attack.Scene, assertionOnly bool) (v verdict) {
	t.Helper()
	trust := sso.Trust{Certificates: sceneProvider().Certificates, RequireSignatures: model.SignaturesBoth}
	if assertionOnly {
		trust.RequireSignatures = model.SignaturesAssertion
	}
	m, checks, refusal := sso.Open(message, trust)
	if refusal != nil {
		if m != nil {
			t.Errorf("refused, and yet it is a message: %+v", m)
		}
		return verdict{refusal: refusal, checks: checks}
	}
	id, more, refusal := m.Judge(expectations(s))
	checks = append(checks, more...)
	if refusal != nil {
		return verdict{refusal: refusal, checks: checks, identity: id}
	}
	cfg := model.DefaultConfig("x")
	cfg.Attributes = model.WizardAttributes()
	person, more, refusal := sso.MapAttributes(cfg, id)
	checks = append(checks, more...)
	if refusal != nil {
		return verdict{refusal: refusal, checks: checks, person: person}
	}
	return verdict{checks: checks, identity: id, person: person}
}

// expectations are those of the connection that a scene is about.
func expectations(s attack.Scene) sso.Expectations {
	e := sso.Expectations{EntityID: sceneEntity, ACSURL: sceneACS, IdPEntityID: sceneIdP, Now: s.Now, ClockSkew: 3 * time.Minute}
	if s.Request != "" {
		e.Request = &sso.PendingRequest{ID: s.Request}
	} else {
		e.AllowUnsolicited = true
	}
	return e
}

// ours is the verdict of Postern: the code, and who signed in.
func ours(t testing.TB, message []byte, s attack.Scene, assertionOnly bool) (model.Code, string) {
	t.Helper()
	v := judged(t, message, s, assertionOnly)
	if v.identity == nil {
		return v.code(), ""
	}
	return v.code(), v.identity.NameID
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
// and Postern refuses is explained in docs/verification.md, by reason. xmlsec1 is
// a process for each signature, so it sees every honest form, and of the others a
// sample.
func TestThreeVerifiersAgree(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it starts xmlsec1 hundreds of times")
	}
	d := &disagreements{xmlsec: peertest.NewVerifier(t, pairs()[0].certificate), seen: map[string]bool{}}
	variants := attack.Variants()
	sampled := testall.Sample(t, 40, len(variants))
	t.Run("messages", func(t *testing.T) {
		for i, v := range variants {
			t.Run(v.Name, func(t *testing.T) {
				t.Parallel()
				d.sendVariant(t, v, v.Want == "" || slices.Contains(sampled, i))
			})
		}
		for _, i := range testall.Sample(t, 30, 300) {
			t.Run(fmt.Sprintf("change %d", i), func(t *testing.T) {
				t.Parallel()
				d.sendChanged(t, uint64(i)) //nolint:gosec // not negative
			})
		}
	})
	d.wantExplained(t)
}

// disagreements are what another verifier accepts and Postern refuses, as
// "verifier code".
type disagreements struct {
	xmlsec *peertest.Verifier
	mu     sync.Mutex
	seen   map[string]bool
}

func (d *disagreements) sendVariant(t *testing.T, v attack.Variant, xmlsec bool) {
	t.Helper()
	s := newScene(time.Now().UTC().Truncate(time.Millisecond)) // crewjam asks the clock
	if v.Unsolicited {
		s.Request = ""
	}
	message := []byte(v.Mint(&s))
	d.judge(t, message, s, v, xmlsec)
}

// sendChanged sends an honest message with one byte changed: the same change for
// the same number.
func (d *disagreements) sendChanged(t *testing.T, i uint64) {
	t.Helper()
	random := mathrand.New(mathrand.NewPCG(1, i))              //nolint:gosec // to be repeated, not to be secret
	s := newScene(time.Now().UTC().Truncate(time.Millisecond)) // crewjam gives it 90 seconds
	changed := []byte(attack.WithAttributes(&s, ""))
	changed[random.IntN(len(changed))] = byte(32 + random.IntN(95))
	d.judge(t, changed, s, attack.Variant{}, true)
}

func (d *disagreements) judge(t *testing.T, message []byte, s attack.Scene, v attack.Variant, askXMLSec bool) {
	t.Helper()
	code, who := ours(t, message, s, v.AssertionOnly)
	their, accepts := theirs(t, message, s)
	verifies := askXMLSec && d.xmlsec.Verifies(t, message)
	if code == "" {
		if !verifies && !v.AssertionOnly { // it looks for both signatures
			t.Error("Postern accepts what xmlsec1 refuses")
		}
		if !accepts && !strings.HasSuffix(v.Name, "minutes old") { // crewjam gives a message 90 seconds
			t.Error("Postern accepts what crewjam refuses")
		}
		if accepts && who != model.Canonical(their) {
			t.Errorf("%q signs in, and crewjam reads %q", who, their)
		}
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for who, accepts := range map[string]bool{"crewjam": accepts, "xmlsec1": verifies} {
		if accepts {
			d.seen[who+" "+string(code)] = true
		}
	}
}

// wantExplained compares the disagreements with the table. Of xmlsec1's, which
// sees a sample, some may not have been seen.
func (d *disagreements) wantExplained(t *testing.T) {
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
	for what := range d.seen {
		if !explained[what] {
			t.Errorf("%s: accepted there, refused here, and docs/verification.md does not say why", what)
		}
	}
	for what := range explained {
		if !d.seen[what] && (testall.Everything() || strings.HasPrefix(what, "crewjam ")) {
			t.Errorf("%s: docs/verification.md explains it, and nothing of the kind was seen", what)
		}
	}
}
