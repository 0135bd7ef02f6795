package awssim

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/beevik/etree"
)

// wireForm is the response that AWS sends when only Subject is mapped, byte for
// byte, with letters for what differs from message to message.
const wireForm = `<?xml version="1.0" encoding="UTF-8"?><saml2p:Response xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol" ` +
	`xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:enc="http://www.w3.org/2001/04/xmlenc#" xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" ` +
	`Destination="https://postern.example.com/saml/aws/acs" ID="_U" IssueInstant="2026-03-04T05:06:07.089Z" Version="2.0">` +
	`<saml2:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">https://portal.sso.us-east-1.amazonaws.com/saml/assertion/X</saml2:Issuer>` +
	wireSignature +
	`<saml2p:Status><saml2p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></saml2p:Status>` +
	`<saml2:Assertion ID="_U" IssueInstant="2026-03-04T05:06:07.089Z" Version="2.0">` +
	`<saml2:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">https://portal.sso.us-east-1.amazonaws.com/saml/assertion/X</saml2:Issuer>` +
	wireSignature +
	`<saml2:Subject><saml2:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified" ` +
	`SPNameQualifier="https://postern.example.com/saml/aws/metadata">alice</saml2:NameID>` +
	`<saml2:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml2:SubjectConfirmationData NotOnOrAfter="2026-03-04T06:06:07.089Z" ` +
	`Recipient="https://postern.example.com/saml/aws/acs"/></saml2:SubjectConfirmation></saml2:Subject>` +
	`<saml2:Conditions NotBefore="2026-03-04T05:01:07.089Z" NotOnOrAfter="2026-03-04T06:06:07.089Z"><saml2:AudienceRestriction>` +
	`<saml2:Audience>https://postern.example.com/saml/aws/metadata</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions>` +
	`<saml2:AuthnStatement AuthnInstant="2026-03-04T05:06:07.089Z" SessionIndex="_U" SessionNotOnOrAfter="2026-03-04T06:06:07.089Z"><saml2:AuthnContext>` +
	`<saml2:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml2:AuthnContextClassRef></saml2:AuthnContext>` +
	`</saml2:AuthnStatement>` +
	`<saml2:AttributeStatement/></saml2:Assertion></saml2p:Response>`

const wireSignature = `<ds:Signature>
<ds:SignedInfo>
<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>
<ds:Reference URI="#_U">
<ds:Transforms>
<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>
<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
</ds:Transforms>
<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>
<ds:DigestValue>D</ds:DigestValue>
</ds:Reference>
</ds:SignedInfo>
<ds:SignatureValue>
S
</ds:SignatureValue>
<ds:KeyInfo><ds:X509Data><ds:X509Certificate>C</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>`

func TestWireFormWithoutAttributes(t *testing.T) {
	t.Parallel()
	s, app := newSim(t)
	if err := s.UpdateApplication(app.ID, func(a *Application) { a.Attributes = nil }); err != nil {
		t.Fatal(err)
	}
	got := string(signIn(t, s, app, "").XML)
	for _, r := range []struct{ pattern, with string }{
		{`_[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`, "_U"},
		{`/assertion/[A-Za-z0-9]{44}<`, "/assertion/X<"},
		{`DigestValue>[A-Za-z0-9+/]{43}=<`, "DigestValue>D<"},
		{"SignatureValue>\n([A-Za-z0-9+/]{76}\n){4}[A-Za-z0-9+/]{38}==\n<", "SignatureValue>\nS\n<"},
		{`X509Certificate>[A-Za-z0-9+/=]+<`, "X509Certificate>C<"},
	} {
		got = regexp.MustCompile(r.pattern).ReplaceAllString(got, r.with)
	}
	if got != wireForm {
		t.Errorf("got\n%s\nwant\n%s", got, wireForm)
	}
}

func TestAttributesOnTheWire(t *testing.T) {
	t.Parallel()
	s, app := newSim(t)
	got := string(signIn(t, s, app, testRequest).XML)
	for _, want := range []string{
		`xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:xsd="http://www.w3.org/2001/XMLSchema" Destination=`,
		`InResponseTo="_request1" IssueInstant="`,
		`<saml2:SubjectConfirmationData InResponseTo="_request1" NotOnOrAfter="`,
		`<saml2:Attribute Name="groups" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified">` +
			`<saml2:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ` +
			`xsi:type="xsd:string">64d84438-b0c1-708c-f431-91ece2abb39a</saml2:AttributeValue>` +
			`<saml2:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ` +
			`xsi:type="xsd:string">14588468-9051-7063-d632-5c1f3ad7e2b0</saml2:AttributeValue></saml2:Attribute>`,
		`xsi:type="xsd:string">alice@example.com</saml2:AttributeValue>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the message lacks %s\n%s", want, got)
		}
	}
}

// TestShapeOfCapture compares elements, attributes, declarations and white
// space with a genuine message. The folder that holds it has response.xml and
// case.json (sp_entity_id, acs_url, expected.name_id).
func TestShapeOfCapture(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("POSTERN_AWS_CAPTURE")
	if folder == "" {
		t.Skip("POSTERN_AWS_CAPTURE names no folder with a captured message")
	}
	capture, err := os.ReadFile(filepath.Join(folder, "response.xml"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(folder, "case.json"))
	if err != nil {
		t.Fatal(err)
	}
	var about struct {
		Audience string `json:"sp_entity_id"`
		ACS      string `json:"acs_url"`
		Expected struct {
			NameID string `json:"name_id"`
		} `json:"expected"`
	}
	if err := json.Unmarshal(text, &about); err != nil {
		t.Fatal(err)
	}
	s, app := newSim(t)
	if err := s.UpdateApplication(app.ID, func(a *Application) {
		a.ACS, a.Audience, a.Attributes = about.ACS, about.Audience, nil
		a.Subject = Mapping{Source: about.Expected.NameID, Format: "transient"}
	}); err != nil {
		t.Fatal(err)
	}
	got, want := shape(parse(t, signIn(t, s, app, "").XML)), shape(parse(t, capture))
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// shape writes an element with its attributes in order, and of the values only
// what does not differ from message to message.
func shape(e *etree.Element) string {
	var b bytes.Buffer
	b.WriteString("<" + e.FullTag())
	for _, a := range e.Attr {
		value := a.Value
		switch a.Key {
		case "ID", "SessionIndex", "URI":
			value = regexp.MustCompile(`[0-9a-f]`).ReplaceAllString(value, "x")
		case "IssueInstant", "AuthnInstant", "NotBefore", "NotOnOrAfter", "SessionNotOnOrAfter":
			value = regexp.MustCompile(`[0-9]`).ReplaceAllString(value, "9")
		}
		b.WriteString(" " + a.FullKey() + "=" + value)
	}
	b.WriteString(">")
	for _, c := range e.Child {
		switch c := c.(type) {
		case *etree.Element:
			b.WriteString(shape(c))
		case *etree.CharData:
			switch e.Tag {
			case "Issuer", "DigestValue", "X509Certificate":
				b.WriteString("…")
			case "SignatureValue":
				b.WriteString(regexp.MustCompile(`[A-Za-z0-9+/]`).ReplaceAllString(c.Data, "x"))
			default:
				b.WriteString(c.Data)
			}
		}
	}
	return b.String() + "</" + e.FullTag() + ">"
}
