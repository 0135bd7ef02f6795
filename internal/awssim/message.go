package awssim

import (
	"encoding/base64"
	"slices"
	"strings"
	"time"
)

const (
	protocolNS  = "urn:oasis:names:tc:SAML:2.0:protocol"
	assertionNS = "urn:oasis:names:tc:SAML:2.0:assertion"
	encNS       = "http://www.w3.org/2001/04/xmlenc#"
	xsdNS       = "http://www.w3.org/2001/XMLSchema"
	xsiNS       = "http://www.w3.org/2001/XMLSchema-instance"
	statusURN   = "urn:oasis:names:tc:SAML:2.0:status:"
)

// The time rules of AWS: an assertion is valid from five minutes before its
// issue to one hour after it.
const (
	backdate = 5 * time.Minute
	validity = time.Hour
)

// maxMessage is AWS's quota "SAML assertion limit", in characters.
const maxMessage = 50_000

// tooLarge is the size that FaultTooLarge pads to: beyond 512 KiB of XML, and
// still less than 1 MiB as a form.
const tooLarge = 600_000

// intruder is the name that forged parts of a message bear.
const intruder = "mallory"

// Message is a SAML response on its way to an application.
type Message struct {
	ACS        string // where the browser posts it
	RelayState string
	XML        []byte

	assertionID string
}

// SAMLResponse is the form field's value.
func (m *Message) SAMLResponse() string { return base64.StdEncoding.EncodeToString(m.XML) }

// issue is what one message is made of.
type issue struct {
	settings   *Settings
	app        *Application
	person     *Person
	inResponse string // ID of the request; empty when IdP-initiated
	relayState string
	now        time.Time
	faults     map[Fault]bool
	previous   *Message // of the application, if any
	signer     *signer  // nil signs nothing
	padding    int      // groups to add
}

// message mints the message with its faults.
func (i *issue) message() (*Message, error) {
	if i.faults[FaultReplayed] && i.previous != nil {
		return &Message{ACS: i.app.ACS, RelayState: i.relayState, XML: i.previous.XML, assertionID: i.previous.assertionID}, nil
	}
	switch {
	case i.faults[FaultNotYetValid]:
		i.now = i.now.Add(20 * time.Minute)
	case i.faults[FaultExpired]:
		i.now = i.now.Add(-2 * time.Hour)
	}
	switch {
	case i.faults[FaultUnsolicited]:
		i.inResponse = ""
	case i.faults[FaultInResponseTo]:
		i.inResponse = "_" + newUUID()
	}
	if i.faults[VariationInclusiveNamespaces] {
		i.signer.inclusive = []string{"xsd"}
	}
	m, err := i.write()
	if err != nil {
		return nil, err
	}
	if target := i.paddedSize(); target > 0 {
		i.padding = 1
		if m, err = i.write(); err != nil {
			return nil, err
		}
		i.padding += max(0, target-len(m.XML)) / paddingSize()
		if m, err = i.write(); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (i *issue) paddedSize() int {
	switch {
	case i.faults[FaultTooLarge]:
		return tooLarge
	case i.faults[VariationManyGroups]:
		return maxMessage - 10
	}
	return 0
}

// paddingSize is the size of one group on the wire.
func paddingSize() int {
	var b strings.Builder
	attributeValue(newUUID()).wire(&b)
	return b.Len()
}

// write builds, signs and serializes the response.
func (i *issue) write() (*Message, error) {
	m := &Message{ACS: i.app.ACS, RelayState: i.relayState}
	response := i.response()
	assertion, err := i.addAssertion(response, m)
	if err != nil {
		return nil, err
	}
	if i.signer != nil && !i.faults[FaultUnsignedResponse] {
		if err := i.signer.sign(response, nil); err != nil {
			return nil, err
		}
	}
	if i.faults[FaultSignatureInvalid] {
		tamper(assertion, response)
	}
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>`)
	if i.faults[FaultDTD] {
		b.WriteString(`<!DOCTYPE saml2p:Response [<!ENTITY who "` + intruder + `">]>`)
	}
	response.wire(&b)
	m.XML = []byte(b.String())
	if i.faults[FaultMalformed] {
		m.XML = m.XML[:len(m.XML)*2/3]
	}
	return m, nil
}

// tamper changes who signed in, or, without an assertion, the status.
func tamper(assertion, response *element) {
	if assertion == nil {
		response.find("saml2p:StatusCode").set("Value", statusURN+"Responder")
		return
	}
	if name := assertion.find("saml2:NameID"); name != nil {
		name.children = []node{text(intruder)}
		return
	}
	assertion.find("saml2:AuthnStatement").set("SessionIndex", "_"+newUUID())
}

// response is the response without signature and assertion.
func (i *issue) response() *element {
	destination := i.app.ACS
	if i.faults[FaultDestination] {
		destination = "https://elsewhere.example.com/saml/acs"
	}
	r := el("saml2p:Response", "Destination", destination, "ID", "_"+newUUID(), "IssueInstant", instant(i.now), "Version", "2.0")
	r.declare("saml2p", protocolNS).declare("ds", dsigNS)
	if !i.faults[VariationNoEncNamespace] {
		r.declare("enc", encNS)
	}
	r.declare("saml2", assertionNS)
	if len(i.attributes()) > 0 {
		r.declare("xsd", xsdNS)
	}
	if i.inResponse != "" {
		r.set("InResponseTo", i.inResponse)
	}
	return r.add(i.issuer(), i.status())
}

func (i *issue) status() *element {
	if !i.faults[FaultStatus] {
		return el("saml2p:Status").add(el("saml2p:StatusCode", "Value", statusURN+"Success"))
	}
	return el("saml2p:Status").add(
		el("saml2p:StatusCode", "Value", statusURN+"Responder").add(el("saml2p:StatusCode", "Value", statusURN+"AuthnFailed")),
		el("saml2p:StatusMessage").add(text("The simulated AWS was told to fail")))
}

func (i *issue) issuer() *element {
	id := i.settings.entityID(i.app.ID)
	if i.faults[FaultIssuer] {
		id = i.settings.entityID("ins-0000000000000000")
	}
	return el("saml2:Issuer", "Format", "urn:oasis:names:tc:SAML:2.0:nameid-format:entity").add(text(id))
}

// addAssertion adds the signed assertion, or what a fault puts in its place.
// It returns the assertion, nil when there is none.
func (i *issue) addAssertion(response *element, m *Message) (*element, error) {
	switch {
	case i.faults[FaultStatus], i.faults[FaultNoAssertion]:
		return nil, nil
	case i.faults[FaultEncrypted]:
		response.add(encryptedAssertion())
		return nil, nil
	}
	assertion := i.assertion()
	m.assertionID = "_" + newUUID()
	if i.faults[FaultAssertionReused] && i.previous != nil && i.previous.assertionID != "" {
		m.assertionID = i.previous.assertionID
	}
	assertion.set("ID", m.assertionID)
	if i.faults[FaultMultipleAssertions] {
		forged := i.assertion()
		forged.set("ID", "_"+newUUID())
		tamper(forged, response)
		response.add(forged)
	}
	response.add(assertion)
	if i.signer == nil || i.faults[FaultUnsignedAssertion] {
		return assertion, nil
	}
	return assertion, i.signer.sign(assertion, response.spaces)
}

// assertion is the assertion without ID and signature.
func (i *issue) assertion() *element {
	audience := i.app.Audience
	if i.faults[FaultAudience] {
		audience = "https://elsewhere.example.com/saml/metadata"
	}
	until, session := i.now.Add(validity), i.now.Add(i.app.SessionDuration)
	if i.faults[VariationLegacyDurations] {
		until = session
	}
	return el("saml2:Assertion", "IssueInstant", instant(i.now), "Version", "2.0").add(
		i.issuer(),
		i.subject(until),
		el("saml2:Conditions", "NotBefore", instant(i.now.Add(-backdate)), "NotOnOrAfter", instant(until)).add(
			el("saml2:AudienceRestriction").add(el("saml2:Audience").add(text(audience)))),
		el("saml2:AuthnStatement", "AuthnInstant", instant(i.now), "SessionIndex", "_"+newUUID(), "SessionNotOnOrAfter", instant(session)).add(
			el("saml2:AuthnContext").add(el("saml2:AuthnContextClassRef").add(
				text("urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport")))),
		el("saml2:AttributeStatement").add(i.attributes()...),
	)
}

func (i *issue) subject(until time.Time) *element {
	method, recipient := "bearer", i.app.ACS
	if i.faults[FaultConfirmation] {
		method = "holder-of-key"
	}
	if i.faults[FaultRecipient] {
		recipient = "https://elsewhere.example.com/saml/acs"
	}
	data := el("saml2:SubjectConfirmationData", "NotOnOrAfter", instant(until), "Recipient", recipient)
	if i.inResponse != "" {
		data.set("InResponseTo", i.inResponse)
	}
	subject := el("saml2:Subject")
	if !i.faults[FaultSubjectMissing] {
		subject.add(el("saml2:NameID", "Format", nameIDFormat(i.app.Subject.Format), "SPNameQualifier", i.app.Audience).
			add(text(i.spoil(i.subjectValue()))))
	}
	return subject.add(el("saml2:SubjectConfirmation", "Method", "urn:oasis:names:tc:SAML:2.0:cm:"+method).add(data))
}

func (i *issue) subjectValue() string {
	values := i.values(i.app.Subject.Source)
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// spoil puts an invisible character into the name of the person, wherever the
// name is sent.
func (i *issue) spoil(value string) string {
	if !i.faults[FaultUsernameInvalid] || len(value) < 2 || (value != i.subjectValue() && value != i.person.Username) {
		return value
	}
	return value[:1] + "\u200B" + value[1:]
}

// attributes are the Attribute elements, one per mapped row with a value.
func (i *issue) attributes() []node {
	if i.faults[FaultAttributeMissing] {
		return nil
	}
	var nodes []node
	padded := i.padding == 0
	rows := slices.Clone(i.app.Attributes)
	if !padded && !slices.ContainsFunc(rows, isGroups) {
		rows = append(rows, Mapping{Name: "groups", Source: groupsVariable, Format: "unspecified"})
	}
	for _, row := range rows {
		values := i.values(row.Source)
		if isGroups(row) && !padded {
			padded = true
			for range i.padding {
				values = append(values, newUUID())
			}
		}
		if len(values) == 0 && i.app.EmptyAttributes {
			values = []string{""}
		}
		if len(values) == 0 {
			continue
		}
		a := el("saml2:Attribute", "Name", row.Name, "NameFormat", "urn:oasis:names:tc:SAML:2.0:attrname-format:"+row.Format)
		for _, v := range values {
			a.add(attributeValue(i.spoil(v)))
		}
		nodes = append(nodes, a)
	}
	return nodes
}

func attributeValue(value string) *element {
	e := el("saml2:AttributeValue", "xsi:type", "xsd:string").declare("xsi", xsiNS)
	if value != "" {
		e.add(text(value))
	}
	return e
}

// encryptedAssertion has the shape of an encrypted assertion and random content.
func encryptedAssertion() *element {
	random := func() text {
		return text(base64.StdEncoding.EncodeToString([]byte(strings.Repeat(newUUID(), 8))))
	}
	cipher := func() *element {
		return el("xenc:CipherData").add(el("xenc:CipherValue").add(random()))
	}
	key := el("xenc:EncryptedKey").add(el("xenc:EncryptionMethod", "Algorithm", encNS+"rsa-oaep-mgf1p"), cipher())
	data := el("xenc:EncryptedData", "Type", encNS+"Element").declare("xenc", encNS).add(
		el("xenc:EncryptionMethod", "Algorithm", encNS+"aes256-cbc"), el("ds:KeyInfo").add(key), cipher())
	return el("saml2:EncryptedAssertion").add(data)
}

// instant writes a time as AWS does: UTC, always with milliseconds.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
