package attack

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

const (
	protocolNS  = "urn:oasis:names:tc:SAML:2.0:protocol"
	assertionNS = "urn:oasis:names:tc:SAML:2.0:assertion"
	dsigNS      = "http://www.w3.org/2000/09/xmldsig#"
	success     = "urn:oasis:names:tc:SAML:2.0:status:Success"
	responder   = "urn:oasis:names:tc:SAML:2.0:status:Responder"
	bearer      = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
)

// message is a response in parts, each as XML or as the text of an attribute.
type message struct {
	prolog     string
	root       string // the element's name
	namespaces string

	responseID, destination, inResponseTo, responseInstant, responseVersion, responseIssuer, status string

	beforeAssertion, afterAssertion string

	assertionID, instant, version, issuer string
	nameID, confirmation                  string
	conditions, authn, attributes         string
	inAssertion                           string // after the Subject
}

func randomHex() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// attr is an attribute with its name, or nothing when it is empty.
func attr(name, value string) string {
	if value == "" {
		return ""
	}
	return fmt.Sprintf(" %s=%q", name, value)
}

// aws is a message as AWS makes it, about to be signed.
func (s *Scene) aws() message {
	subject := s.Subject
	if subject == "" {
		subject = "alice"
	}
	m := message{
		prolog: `<?xml version="1.0" encoding="UTF-8"?>`, root: "saml2p:Response",
		namespaces: ` xmlns:saml2p="` + protocolNS + `" xmlns:ds="` + dsigNS + `" xmlns:enc="http://www.w3.org/2001/04/xmlenc#" xmlns:saml2="` +
			assertionNS + `" xmlns:xsd="http://www.w3.org/2001/XMLSchema"`,
		responseID: s.newID(), destination: s.ACS, inResponseTo: s.Request, responseInstant: stamp(s.Now), responseVersion: "2.0",
		responseIssuer: issuer(s.Issuer), status: `<saml2p:Status><saml2p:StatusCode Value="` + success + `"/></saml2p:Status>`,
		assertionID: s.newID(), instant: stamp(s.Now), version: "2.0", issuer: issuer(s.Issuer),
		nameID:       `<saml2:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified">` + subject + `</saml2:NameID>`,
		confirmation: s.confirm(bearer, s.ACS, s.Request, s.Now.Add(time.Hour)),
		conditions:   s.conditions(s.Now.Add(-5*time.Minute), s.Now.Add(time.Hour), audience(s.Audience)),
		authn:        s.statement(s.Now, s.Now.Add(time.Hour)),
	}
	m.attributes = attribute("email", subject+"@example.com") + attribute("userId", "id-"+subject)
	return m
}

func issuer(id string) string {
	return `<saml2:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">` + id + `</saml2:Issuer>`
}

func audience(id string) string {
	return `<saml2:AudienceRestriction><saml2:Audience>` + id + `</saml2:Audience></saml2:AudienceRestriction>`
}

func (s *Scene) conditions(from, until time.Time, inner string) string {
	return fmt.Sprintf(`<saml2:Conditions NotBefore=%q NotOnOrAfter=%q>%s</saml2:Conditions>`, stamp(from), stamp(until), inner)
}

func (s *Scene) confirm(method, recipient, request string, until time.Time) string {
	return `<saml2:SubjectConfirmation Method="` + method + `"><saml2:SubjectConfirmationData` + attr("InResponseTo", request) +
		attr("NotOnOrAfter", stamp(until)) + attr("Recipient", recipient) + `/></saml2:SubjectConfirmation>`
}

func (s *Scene) statement(at, until time.Time) string {
	return fmt.Sprintf(`<saml2:AuthnStatement AuthnInstant=%q SessionIndex="_%s" SessionNotOnOrAfter=%q><saml2:AuthnContext><saml2:AuthnContextClassRef>`+
		`urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement>`,
		stamp(at), randomHex(), stamp(until))
}

func attribute(name string, values ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<saml2:Attribute Name=%q NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic">`, name)
	for _, v := range values {
		b.WriteString(`<saml2:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xsd:string">` + v + `</saml2:AttributeValue>`)
	}
	b.WriteString(`</saml2:Attribute>`)
	return b.String()
}

// assertion is the Assertion element, unsigned.
func (m message) assertion() string {
	return `<saml2:Assertion` + attr("ID", m.assertionID) + attr("IssueInstant", m.instant) + attr("Version", m.version) + `>` + m.issuer +
		`<saml2:Subject>` + m.nameID + m.confirmation + `</saml2:Subject>` + m.inAssertion + m.conditions + m.authn +
		`<saml2:AttributeStatement>` + m.attributes + `</saml2:AttributeStatement></saml2:Assertion>`
}

// text is the whole message, unsigned.
func (m message) text() string {
	return m.prolog + `<` + m.root + m.namespaces + attr("Destination", m.destination) + attr("ID", m.responseID) + attr("InResponseTo", m.inResponseTo) +
		attr("IssueInstant", m.responseInstant) + attr("Version", m.responseVersion) + `>` + m.responseIssuer + m.status +
		m.beforeAssertion + m.assertion() + m.afterAssertion + `</` + m.root + `>`
}
