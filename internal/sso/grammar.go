package sso

import (
	"encoding/xml"
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

// Namespaces and identifiers of SAML 2.0, XML Signature and exclusive
// canonicalisation.
const (
	nsXML       = "http://www.w3.org/XML/1998/namespace"
	nsXMLNS     = "http://www.w3.org/2000/xmlns/"
	nsProtocol  = "urn:oasis:names:tc:SAML:2.0:protocol"
	nsAssertion = "urn:oasis:names:tc:SAML:2.0:assertion"
	nsSignature = "http://www.w3.org/2000/09/xmldsig#"
	nsExclusive = "http://www.w3.org/2001/10/xml-exc-c14n#"

	statusSuccess = "urn:oasis:names:tc:SAML:2.0:status:Success"
	methodBearer  = "urn:oasis:names:tc:SAML:2.0:cm:bearer"

	algExclusive = "http://www.w3.org/2001/10/xml-exc-c14n#"
	algEnveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
)

// Algorithms that are accepted, with the short names people know them by.
var (
	signatureAlgorithms = map[string]string{
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256": "RSA-SHA256",
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha384": "RSA-SHA384",
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha512": "RSA-SHA512",
	}
	digestAlgorithms = map[string]string{
		"http://www.w3.org/2001/04/xmlenc#sha256":       "SHA-256",
		"http://www.w3.org/2001/04/xmldsig-more#sha384": "SHA-384",
		"http://www.w3.org/2001/04/xmlenc#sha512":       "SHA-512",
	}
)

type qname struct{ space, local string }

func protocol(local string) qname  { return qname{nsProtocol, local} }
func assertion(local string) qname { return qname{nsAssertion, local} }
func signature(local string) qname { return qname{nsSignature, local} }

// child is an element that may stand in another, and how often.
type child struct {
	name     qname
	min, max uint16
}

// many is "any number": the count of elements bounds it.
const many = 1 << 15

// element is what may stand in an element.
type element struct {
	children []child
	text     bool
}

const maxGrammarChildren = 6

// grammar is every element a response may have, and where. It is narrower than
// the SAML schema and wider than what AWS sends. Minimum counts are only those
// without which the element cannot be read; the rest is judged with reasons.
var grammar = map[qname]element{
	protocol("Response"): {children: []child{
		{assertion("Issuer"), 0, 1}, {signature("Signature"), 0, 1}, {protocol("Status"), 1, 1}, {assertion("Assertion"), 0, 1},
	}},
	assertion("Issuer"):       {text: true},
	protocol("Status"):        {children: []child{{protocol("StatusCode"), 1, 1}, {protocol("StatusMessage"), 0, 1}, {protocol("StatusDetail"), 0, 1}}},
	protocol("StatusCode"):    {children: []child{{protocol("StatusCode"), 0, 1}}},
	protocol("StatusMessage"): {text: true},
	protocol("StatusDetail"):  {text: true},
	assertion("Assertion"): {children: []child{
		{assertion("Issuer"), 1, 1}, {signature("Signature"), 0, 1}, {assertion("Subject"), 0, 1},
		{assertion("Conditions"), 0, 1}, {assertion("AuthnStatement"), 0, many}, {assertion("AttributeStatement"), 0, 1},
	}},
	assertion("Subject"):                 {children: []child{{assertion("NameID"), 0, 1}, {assertion("SubjectConfirmation"), 0, many}}},
	assertion("NameID"):                  {text: true},
	assertion("SubjectConfirmation"):     {children: []child{{assertion("SubjectConfirmationData"), 0, 1}}},
	assertion("SubjectConfirmationData"): {},
	assertion("Conditions"):              {children: []child{{assertion("AudienceRestriction"), 0, many}, {assertion("OneTimeUse"), 0, 1}}},
	assertion("AudienceRestriction"):     {children: []child{{assertion("Audience"), 1, many}}},
	assertion("Audience"):                {text: true},
	assertion("OneTimeUse"):              {},
	assertion("AuthnStatement"):          {children: []child{{assertion("SubjectLocality"), 0, 1}, {assertion("AuthnContext"), 0, 1}}},
	assertion("SubjectLocality"):         {},
	assertion("AuthnContext"):            {children: []child{{assertion("AuthnContextClassRef"), 0, 1}, {assertion("AuthenticatingAuthority"), 0, many}}},
	assertion("AuthnContextClassRef"):    {text: true},
	assertion("AuthenticatingAuthority"): {text: true},
	assertion("AttributeStatement"):      {children: []child{{assertion("Attribute"), 0, many}}},
	assertion("Attribute"):               {children: []child{{assertion("AttributeValue"), 0, many}}},
	assertion("AttributeValue"):          {text: true},
	signature("Signature"):               {children: []child{{signature("SignedInfo"), 1, 1}, {signature("SignatureValue"), 1, 1}, {signature("KeyInfo"), 0, 1}}},
	signature("SignedInfo"): {children: []child{{signature("CanonicalizationMethod"), 1, 1}, {signature("SignatureMethod"), 1, 1},
		{signature("Reference"), 1, 1}}},
	signature("CanonicalizationMethod"): {},
	signature("SignatureMethod"):        {},
	signature("Reference"): {children: []child{{signature("Transforms"), 1, 1}, {signature("DigestMethod"), 1, 1},
		{signature("DigestValue"), 1, 1}}},
	signature("Transforms"):              {children: []child{{signature("Transform"), 2, 2}}},
	signature("Transform"):               {children: []child{{qname{nsExclusive, "InclusiveNamespaces"}, 0, 1}}},
	{nsExclusive, "InclusiveNamespaces"}: {},
	signature("DigestMethod"):            {},
	signature("DigestValue"):             {text: true},
	signature("SignatureValue"):          {text: true},
	signature("KeyInfo"):                 {children: []child{{signature("X509Data"), 1, 1}}},
	signature("X509Data"):                {children: []child{{signature("X509Certificate"), 1, maxCertificates}}},
	signature("X509Certificate"):         {text: true},
}

// place checks that the grammar has the element where it stands.
func (p *precheck) place(f *frame) *model.Refusal {
	switch f.name {
	case assertion("EncryptedAssertion"), assertion("EncryptedID"), assertion("EncryptedAttribute"), protocol("NewEncryptedID"):
		return refuse(model.CauseEncrypted, "The message has the encrypted element %s.", f.name.local)
	case assertion("Assertion"):
		if p.shape.assertions++; p.shape.assertions > 1 {
			return refuse(model.CauseAssertions, "The message has more than one assertion.")
		}
	}
	if len(p.stack) == 0 {
		if f.name != protocol("Response") {
			return otherRoot(f.name)
		}
		return nil
	}
	parent := &p.stack[len(p.stack)-1]
	for i, c := range grammar[parent.name].children {
		if c.name != f.name {
			continue
		}
		if parent.counts[i]++; parent.counts[i] > c.max {
			return refuse(model.CauseOtherShape, "The element %s has %s too often.", parent.name.local, f.name.local)
		}
		return nil
	}
	return refuse(model.CauseOtherShape, "The element %s is where it does not belong.", short(f.name.local))
}

// note keeps what later stages need from a start tag, and refuses algorithms
// by name.
func (p *precheck) note(f *frame, attrs []xml.Attr) *model.Refusal {
	switch f.name {
	case protocol("StatusCode"):
		p.shape.statusCodes = append(p.shape.statusCodes, attribute(attrs, "Value"))
	case protocol("Response"):
		p.shape.answers = attribute(attrs, "InResponseTo") != ""
	case protocol("StatusMessage"), signature("X509Certificate"), assertion("Issuer"):
		f.text = &strings.Builder{}
	case signature("Signature"):
		p.current = &signatureShape{}
		if len(p.stack) == 1 {
			p.shape.responseSigned = p.current
		} else {
			p.shape.assertSigned = p.current
		}
	case signature("KeyInfo"):
		p.current.hasKeyInfo = true
	case signature("Reference"):
		// Signature, SignedInfo: the element that is signed is two above.
		if signed := p.stack[len(p.stack)-3]; signed.id == "" || attribute(attrs, "URI") != "#"+signed.id {
			return refuse(model.CauseSignsSomethingElse, "The signature does not refer to the element that it stands in.")
		}
	case signature("CanonicalizationMethod"), signature("SignatureMethod"), signature("DigestMethod"), signature("Transform"):
		return p.algorithm(f.name.local, attribute(attrs, "Algorithm"))
	}
	return nil
}

func (p *precheck) algorithm(element, algorithm string) *model.Refusal {
	ok, expected, cause := false, "exclusive canonicalisation", model.CauseOtherTransform
	switch element {
	case "CanonicalizationMethod":
		ok = algorithm == algExclusive
	case "SignatureMethod":
		_, ok = signatureAlgorithms[algorithm]
		expected, cause = "RSA with SHA-256 or better", algorithmCause(algorithm)
	case "DigestMethod":
		_, ok = digestAlgorithms[algorithm]
		expected, cause = "SHA-256 or better", algorithmCause(algorithm)
	case "Transform":
		want := [2]string{algEnveloped, algExclusive}
		ok = p.current.transforms < len(want) && algorithm == want[p.current.transforms]
		p.current.transforms++
		expected = "enveloped signature, then exclusive canonicalisation"
	}
	if ok {
		return nil
	}
	return Refuse(cause, expected, short(algorithm), "The signature uses the algorithm named here in its "+element+".")
}

// noteEnd keeps the text of an element that ends.
func (p *precheck) noteEnd(f *frame) {
	switch f.name {
	case protocol("StatusMessage"):
		p.shape.statusMessage = strings.TrimSpace(f.text.String())
	case assertion("Issuer"):
		if p.shape.issuer == "" {
			p.shape.issuer = f.text.String()
		}
	case signature("X509Certificate"):
		p.current.certificates = append(p.current.certificates, strings.Join(strings.Fields(f.text.String()), ""))
	}
}

func attribute(attrs []xml.Attr, name string) string {
	for _, a := range attrs {
		if a.Name.Space == "" && a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
