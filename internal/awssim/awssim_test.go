package awssim

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// testKey is the key of all applications in tests: making one takes long.
var testKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// testTime is when everything happens in tests.
var testTime = time.Date(2026, 3, 4, 5, 6, 7, 89e6, time.UTC)

const (
	testACS      = "https://postern.example.com/saml/aws/acs"
	testAudience = "https://postern.example.com/saml/aws/metadata"
	testRequest  = `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_request1" Version="2.0" IssueInstant="2026-03-04T05:06:00Z" ` +
		`AssertionConsumerServiceURL="` + testACS +
		`"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">` + testAudience + `</saml:Issuer></samlp:AuthnRequest>`
)

// newSim starts a simulator with one application, set up as usual.
func newSim(t *testing.T) (*Simulator, *Application) {
	t.Helper()
	s := newSimWith(t, Options{})
	app, err := s.AddApplication(StandardApplication("Postern", testACS, testAudience))
	if err != nil {
		t.Fatal(err)
	}
	return s, app
}

func newSimWith(t *testing.T, o Options) *Simulator {
	t.Helper()
	o.BaseURL = "http://localhost:8081"
	if o.Now == nil {
		o.Now = func() time.Time { return testTime }
	}
	o.NewKey = func(bits int) (*rsa.PrivateKey, error) {
		if bits != 2048 {
			return rsa.GenerateKey(rand.Reader, bits)
		}
		return testKey()
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// signIn signs alice in and returns the message.
func signIn(t *testing.T, s *Simulator, app *Application, request string) *Message {
	t.Helper()
	m, err := s.SignIn(app.ID, "alice", request, "opaque handle")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func parse(t *testing.T, data []byte) *etree.Element {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(data); err != nil {
		t.Fatalf("%v in\n%s", err, data)
	}
	return doc.Root()
}

// verify checks the signatures of Response and Assertion by a library that the
// simulator does not use, with the certificate of the application.
func verify(t *testing.T, s *Simulator, app *Application, data []byte) (response, assertion error) {
	t.Helper()
	active, err := s.Application(app.ID).active()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := active.parse()
	if err != nil {
		t.Fatal(err)
	}
	context := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{cert}})
	context.Clock = dsig.NewFakeClockAt(testTime)
	root := parse(t, data)
	_, response = context.Validate(root)
	inner := root.FindElement("./Assertion")
	if inner == nil {
		return response, errors.New("no assertion")
	}
	// As relying parties do: detach the assertion with the namespaces around it.
	for _, a := range root.Attr {
		if a.Space == "xmlns" {
			inner.CreateAttr("xmlns:"+a.Key, a.Value)
		}
	}
	_, assertion = context.Validate(inner)
	return response, assertion
}
