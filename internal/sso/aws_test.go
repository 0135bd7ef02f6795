package sso_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crewjam/saml"

	"github.com/postern-sso/postern/internal/awssim"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/testall"
)

// The simulated AWS writes messages with a writer of its own, so it and the
// verification do not share mistakes.
const (
	acsURL   = "https://sso.example.com/saml/aws/acs"
	entityID = "https://sso.example.com/saml/aws/metadata"
)

var testKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// aws is one application in a simulated AWS, and what Postern knows of it.
type aws struct {
	t    testing.TB
	sim  *awssim.Simulator
	app  string
	idp  *sso.IdentityProvider
	now  time.Time
	sent *awssim.Message // the last message
}

func newAWS(t testing.TB, change func(*awssim.Application)) *aws {
	t.Helper()
	a := &aws{t: t, now: time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)}
	sim, err := awssim.New(awssim.Options{
		BaseURL: "https://aws.example", Now: func() time.Time { return a.now },
		NewKey: func(bits int) (*rsa.PrivateKey, error) {
			if bits == 2048 {
				return testKey()
			}
			return rsa.GenerateKey(rand.Reader, bits)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	app := awssim.StandardApplication("Postern", acsURL, entityID)
	if change != nil {
		change(&app)
	}
	made, err := sim.AddApplication(app)
	if err != nil {
		t.Fatal(err)
	}
	a.sim, a.app = sim, made.ID
	a.readMetadata()
	return a
}

func (a *aws) readMetadata() {
	a.t.Helper()
	idp, err := sso.ParseMetadata(a.sim.Metadata(a.app), sso.MetadataOptions{Now: a.now})
	if err != nil {
		a.t.Fatal(err)
	}
	a.idp = idp
}

// request makes an AuthnRequest of ours.
func (a *aws) request() sso.Request {
	a.t.Helper()
	r, err := sso.NewRequest(sso.ServiceProvider{EntityID: entityID, ACSURL: acsURL}, a.idp, sso.NewRequestID(), a.now)
	if err != nil {
		a.t.Fatal(err)
	}
	return r
}

// signIn lets AWS answer a request; an empty one means that AWS starts it.
func (a *aws) signIn(request string) []byte {
	a.t.Helper()
	m, err := a.sim.SignIn(a.app, "alice", request, "")
	if err != nil {
		a.t.Fatal(err)
	}
	a.sent = m
	return []byte(m.XML)
}

func (a *aws) trust() sso.Trust {
	return sso.Trust{Certificates: a.idp.Certificates, RequireSignatures: model.SignaturesBoth}
}

func (a *aws) expect(requestID string) sso.Expectations {
	e := sso.Expectations{EntityID: entityID, ACSURL: acsURL, IdPEntityID: a.idp.EntityID, Now: a.now, ClockSkew: 3 * time.Minute, AllowUnsolicited: true}
	if requestID != "" {
		e.Request = &sso.PendingRequest{ID: requestID}
	}
	return e
}

// judge runs the whole path and returns the code; empty when accepted.
func (a *aws) judge(xml []byte, e sso.Expectations) (model.Code, *sso.Identity, []model.Check) {
	a.t.Helper()
	m, checks, refusal := sso.Open(xml, a.trust())
	if refusal != nil {
		return refusal.Code, nil, checks
	}
	id, more, refusal := m.Judge(e)
	checks = append(checks, more...)
	if refusal != nil {
		return refusal.Code, nil, checks
	}
	cfg := model.DefaultConfig("aws")
	cfg.Attributes = model.WizardAttributes()
	_, more, refusal = sso.MapAttributes(cfg, id)
	checks = append(checks, more...)
	if refusal != nil {
		return refusal.Code, id, checks
	}
	return "", id, checks
}

func TestHonestMessagesAreAccepted(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*awssim.Application){
		"standard":    nil,
		"many groups": func(app *awssim.Application) { app.Attributes = append(app.Attributes[:0:0], app.Attributes...) },
		"subject is email": func(app *awssim.Application) {
			app.Subject.Source, app.Subject.Format = "${user:email}", "emailAddress"
		},
		"subject is a text": func(app *awssim.Application) { app.Subject.Source = "Username" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAWS(t, change)
			r := a.request()
			code, id, checks := a.judge(a.signIn(string(r.XML)), a.expect(r.ID))
			if code != "" {
				t.Fatalf("SP-initiated: refused with %s: %+v", code, checks[len(checks)-1])
			}
			if len(id.Attributes["groups"]) == 0 || id.Attributes["email"][0] != "alice@example.com" {
				t.Errorf("attributes: %v", id.Attributes)
			}
			for _, c := range checks {
				if c.Title == c.ID || c.Title == "" || c.State == model.CheckFailed {
					t.Errorf("check %+v", c)
				}
			}
			if code, _, _ := a.judge(a.signIn(""), a.expect("")); code != "" {
				t.Errorf("IdP-initiated: refused with %s", code)
			}
		})
	}
}

func TestEmptyAttributeStatement(t *testing.T) {
	t.Parallel()
	a := newAWS(t, func(app *awssim.Application) { app.Attributes = nil })
	r := a.request()
	xml := a.signIn(string(r.XML))
	if !strings.Contains(string(xml), "<saml2:AttributeStatement/>") && !strings.Contains(string(xml), "<saml2:AttributeStatement></saml2:AttributeStatement>") {
		t.Fatal("the simulation sends attributes")
	}
	m, _, refusal := sso.Open(xml, a.trust())
	if refusal != nil {
		t.Fatal(refusal)
	}
	id, _, refusal := m.Judge(a.expect(r.ID))
	if refusal != nil {
		t.Fatal(refusal)
	}
	p, _, refusal := sso.MapAttributes(model.DefaultConfig("aws"), id)
	if refusal != nil || p.Username != "alice" {
		t.Errorf("%+v %v", p, refusal)
	}
}

// Every fault of the simulated AWS is refused with the reason that it is named
// for; a variation that AWS may really send is accepted.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, f := range awssim.Faults() {
		t.Run(string(f.Fault), func(t *testing.T) {
			t.Parallel()
			a := newAWS(t, nil)
			first := a.request()
			if code, _, _ := a.judge(a.signIn(string(first.XML)), a.expect(first.ID)); code != "" {
				t.Fatalf("without the fault: %s", code)
			}
			seen := a.sent
			if err := a.sim.SetFault(a.app, f.Fault, awssim.Once); err != nil {
				t.Fatal(err)
			}
			r := a.request()
			m, err := a.sim.SignIn(a.app, "alice", string(r.XML), "")
			if err != nil {
				if f.Code != string(model.CodeNoAnswer) && f.Code != "" {
					t.Fatalf("AWS answers nothing: %v", err)
				}
				return
			}
			e := a.expect(r.ID)
			if f.Code == string(model.CodeUnsolicitedRefused) {
				e.AllowUnsolicited = false
			}
			if opened, _, _ := sso.Open([]byte(seen.XML), a.trust()); opened != nil {
				again, _, _ := sso.Open([]byte(m.XML), a.trust())
				e.Replayed = again != nil && again.AssertionID == opened.AssertionID
			}
			code, _, checks := a.judge([]byte(m.XML), e)
			if string(code) != f.Code {
				t.Errorf("judged %q, want %q", code, f.Code)
			}
			if code != "" && sso.Explain(code).Fix == "" {
				t.Errorf("%s has no remedy", code)
			}
			failed := 0
			for _, c := range checks {
				if c.State == model.CheckFailed {
					failed++
				}
			}
			if (code != "") != (failed > 0) {
				t.Errorf("refused with %q, and %d checks failed", code, failed)
			}
		})
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		after time.Duration
		code  model.Code
	}{
		{-9 * time.Minute, model.CodeNotYetValid}, {-2 * time.Minute, ""}, {0, ""}, {4 * time.Minute, ""}, {50 * time.Minute, ""},
		{59 * time.Minute, ""}, {62 * time.Minute, model.CodeExpired}, {64 * time.Minute, model.CodeExpired}, {48 * time.Hour, model.CodeExpired},
	} {
		t.Run(c.after.String(), func(t *testing.T) {
			t.Parallel()
			a := newAWS(t, nil)
			r := a.request()
			xml, e := a.signIn(string(r.XML)), a.expect(r.ID)
			e.Now = a.now.Add(c.after)
			if code, _, _ := a.judge(xml, e); code != c.code {
				t.Errorf("judged %q, want %q", code, c.code)
			}
		})
	}
}

func TestRequestBinding(t *testing.T) {
	t.Parallel()
	a := newAWS(t, nil)
	r := a.request()
	solicited, tile := a.signIn(string(r.XML)), a.signIn("")
	for name, c := range map[string]struct {
		xml    []byte
		change func(*sso.Expectations)
		code   model.Code
	}{
		"no request waits":      {solicited, func(e *sso.Expectations) { e.Request = nil }, model.CodeInResponseToUnknown},
		"another request":       {solicited, func(e *sso.Expectations) { e.Request.ID = "_other" }, model.CodeInResponseToUnknown},
		"other case":            {solicited, func(e *sso.Expectations) { e.Request.ID = strings.ToUpper(r.ID) }, model.CodeInResponseToUnknown},
		"another browser":       {solicited, func(e *sso.Expectations) { e.OtherBrowser = true }, model.CodeInResponseToOtherBrowser},
		"used before":           {solicited, func(e *sso.Expectations) { e.Replayed = true }, model.CodeReplayed},
		"used and gone":         {solicited, func(e *sso.Expectations) { e.Replayed, e.Request = true, nil }, model.CodeReplayed},
		"tile not allowed":      {tile, func(e *sso.Expectations) { e.AllowUnsolicited = false }, model.CodeUnsolicitedRefused},
		"tile with a request":   {tile, func(*sso.Expectations) {}, ""},
		"other audience":        {solicited, func(e *sso.Expectations) { e.EntityID += "/" }, model.CodeAudienceMismatch},
		"other ACS":             {solicited, func(e *sso.Expectations) { e.ACSURL = strings.ToUpper(e.ACSURL) }, model.CodeDestinationMismatch},
		"other identity issuer": {solicited, func(e *sso.Expectations) { e.IdPEntityID += "x" }, model.CodeIssuerMismatch},
	} {
		e := a.expect(r.ID)
		c.change(&e)
		if code, _, _ := a.judge(c.xml, e); code != c.code {
			t.Errorf("%s: judged %q, want %q", name, code, c.code)
		}
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	a := newAWS(t, nil)
	old := a.idp.Certificates[0]
	if err := a.sim.GenerateCertificate(a.app, awssim.SHA256, 2048, 60); err != nil {
		t.Fatal(err)
	}
	if err := a.sim.ActivateCertificate(a.app, 1); err != nil {
		t.Fatal(err)
	}
	r := a.request()
	xml := a.signIn(string(r.XML))
	if code, _, _ := a.judge(xml, a.expect(r.ID)); code != model.CodeCertificateUnknown {
		t.Errorf("with the old certificate only: %q, want certificate_unknown", code)
	}
	a.readMetadata()
	if a.idp.Certificates[0].Fingerprint == old.Fingerprint {
		t.Fatal("the metadata still has the old certificate")
	}
	a.idp.Certificates = append([]sso.Certificate{old}, a.idp.Certificates...)
	code, id, _ := a.judge(xml, a.expect(r.ID))
	if code != "" || id.SignedBy != a.idp.Certificates[1].Fingerprint {
		t.Errorf("with both: %q, signed by %v", code, id)
	}
}

// Flipping any one byte of a signed message never gets another identity in.
func TestNoByteCanBeChanged(t *testing.T) {
	t.Parallel()
	a := newAWS(t, nil)
	r := a.request()
	xml, e := a.signIn(string(r.XML)), a.expect(r.ID)
	_, honest, _ := a.judge(xml, e)
	sampled := 400
	if testing.Short() {
		sampled = 100
	}
	for part := range slices.Chunk(testall.Sample(t, sampled, len(xml)), 1000) {
		t.Run(fmt.Sprintf("from byte %d on", part[0]), func(t *testing.T) {
			t.Parallel()
			for _, i := range part {
				changed := bytes.Clone(xml)
				changed[i] ^= 0x01
				code, id, _ := a.judge(changed, e)
				if code == "" && (id.NameID != honest.NameID || id.Attributes["email"][0] != honest.Attributes["email"][0]) {
					t.Fatalf("byte %d changed: accepted as %+v", i, id)
				}
			}
		})
	}
}

// crewjam's own path is a second opinion on what is accepted here.
func TestSecondOpinion(t *testing.T) {
	t.Parallel()
	a := newAWS(t, nil)
	a.now = time.Now().UTC().Truncate(time.Millisecond) // crewjam asks the clock
	r := a.request()
	xml := a.signIn(string(r.XML))
	if code, _, _ := a.judge(xml, a.expect(r.ID)); code != "" {
		t.Fatal(code)
	}
	assertion, err := crewjamProvider(t, a).ParseXMLResponse(xml, []string{r.ID}, mustURL(t, acsURL))
	if err != nil {
		t.Fatal(err)
	}
	if assertion.Subject.NameID.Value != "alice" {
		t.Errorf("crewjam reads %q", assertion.Subject.NameID.Value)
	}
}

func crewjamProvider(t testing.TB, a *aws) *saml.ServiceProvider {
	t.Helper()
	var metadata saml.EntityDescriptor
	if err := unmarshal(a.sim.Metadata(a.app), &metadata); err != nil {
		t.Fatal(err)
	}
	return &saml.ServiceProvider{EntityID: entityID, AcsURL: mustURL(t, acsURL), MetadataURL: mustURL(t, entityID), IDPMetadata: &metadata}
}
