package onepass

// Kind is an element that a message may have.
type Kind uint8

// The elements of SAML 2.0 core, XML Signature and exclusive canonicalization that a
// message may have.
const (
	none Kind = iota
	Response
	Status
	StatusCode
	StatusMessage
	StatusDetail
	Assertion
	Issuer
	Subject
	NameID
	SubjectConfirmation
	SubjectConfirmationData
	Conditions
	AudienceRestriction
	Audience
	OneTimeUse
	AuthnStatement
	SubjectLocality
	AuthnContext
	AuthnContextClassRef
	AuthenticatingAuthority
	AttributeStatement
	Attribute
	AttributeValue
	signature
	signedInfo
	canonicalizationMethod
	signatureMethod
	reference
	transforms
	transform
	inclusiveNamespaces
	digestMethod
	digestValue
	signatureValue
	keyInfo
	x509Data
	x509Certificate
	kinds
)

// Namespaces.
const (
	nsProtocol  = "urn:oasis:names:tc:SAML:2.0:protocol"
	nsAssertion = "urn:oasis:names:tc:SAML:2.0:assertion"
	nsSignature = "http://www.w3.org/2000/09/xmldsig#"
	nsExclusive = "http://www.w3.org/2001/10/xml-exc-c14n#"
	nsXML       = "http://www.w3.org/XML/1998/namespace"
	nsXMLNS     = "http://www.w3.org/2000/xmlns/"
)

// child is an element that may stand in another, and how often.
type child struct {
	kind     Kind
	min, max uint16
}

const (
	many            = 1 << 15 // any number: the count of elements bounds it
	maxCertificates = 4       // in one KeyInfo
	maxChildren     = 6       // kinds of children that an element has at most
)

// rule is what an element is called, and what may stand in it.
type rule struct {
	space, local string
	text         bool
	children     []child
}

// grammar is narrower than the SAML schema and wider than what AWS sends. The order of
// children is free where no meaning hangs on it; the parts of a signature have this one.
var grammar = [kinds]rule{
	Response: {space: nsProtocol, local: "Response", children: []child{
		{Issuer, 0, 1}, {signature, 0, 1}, {Status, 1, 1}, {Assertion, 1, 1},
	}},
	Status:        {space: nsProtocol, local: "Status", children: []child{{StatusCode, 1, 1}, {StatusMessage, 0, 1}, {StatusDetail, 0, 1}}},
	StatusCode:    {space: nsProtocol, local: "StatusCode"},
	StatusMessage: {space: nsProtocol, local: "StatusMessage", text: true},
	StatusDetail:  {space: nsProtocol, local: "StatusDetail", text: true},
	Assertion: {space: nsAssertion, local: "Assertion", children: []child{
		{Issuer, 1, 1}, {signature, 0, 1}, {Subject, 0, 1}, {Conditions, 0, 1}, {AuthnStatement, 0, many}, {AttributeStatement, 0, 1},
	}},
	Issuer:                  {space: nsAssertion, local: "Issuer", text: true},
	Subject:                 {space: nsAssertion, local: "Subject", children: []child{{NameID, 0, 1}, {SubjectConfirmation, 0, many}}},
	NameID:                  {space: nsAssertion, local: "NameID", text: true},
	SubjectConfirmation:     {space: nsAssertion, local: "SubjectConfirmation", children: []child{{SubjectConfirmationData, 0, 1}}},
	SubjectConfirmationData: {space: nsAssertion, local: "SubjectConfirmationData"},
	Conditions:              {space: nsAssertion, local: "Conditions", children: []child{{AudienceRestriction, 0, many}, {OneTimeUse, 0, 1}}},
	AudienceRestriction:     {space: nsAssertion, local: "AudienceRestriction", children: []child{{Audience, 1, many}}},
	Audience:                {space: nsAssertion, local: "Audience", text: true},
	OneTimeUse:              {space: nsAssertion, local: "OneTimeUse"},
	AuthnStatement:          {space: nsAssertion, local: "AuthnStatement", children: []child{{SubjectLocality, 0, 1}, {AuthnContext, 0, 1}}},
	SubjectLocality:         {space: nsAssertion, local: "SubjectLocality"},
	AuthnContext:            {space: nsAssertion, local: "AuthnContext", children: []child{{AuthnContextClassRef, 0, 1}, {AuthenticatingAuthority, 0, many}}},
	AuthnContextClassRef:    {space: nsAssertion, local: "AuthnContextClassRef", text: true},
	AuthenticatingAuthority: {space: nsAssertion, local: "AuthenticatingAuthority", text: true},
	AttributeStatement:      {space: nsAssertion, local: "AttributeStatement", children: []child{{Attribute, 0, many}}},
	Attribute:               {space: nsAssertion, local: "Attribute", children: []child{{AttributeValue, 0, many}}},
	AttributeValue:          {space: nsAssertion, local: "AttributeValue", text: true},
	signature:               {space: nsSignature, local: "Signature", children: []child{{signedInfo, 1, 1}, {signatureValue, 1, 1}, {keyInfo, 0, 1}}},
	signedInfo: {space: nsSignature, local: "SignedInfo", children: []child{
		{canonicalizationMethod, 1, 1}, {signatureMethod, 1, 1}, {reference, 1, 1},
	}},
	canonicalizationMethod: {space: nsSignature, local: "CanonicalizationMethod"},
	signatureMethod:        {space: nsSignature, local: "SignatureMethod"},
	reference:              {space: nsSignature, local: "Reference", children: []child{{transforms, 1, 1}, {digestMethod, 1, 1}, {digestValue, 1, 1}}},
	transforms:             {space: nsSignature, local: "Transforms", children: []child{{transform, 2, 2}}},
	transform:              {space: nsSignature, local: "Transform", children: []child{{inclusiveNamespaces, 0, 1}}},
	inclusiveNamespaces:    {space: nsExclusive, local: "InclusiveNamespaces"},
	digestMethod:           {space: nsSignature, local: "DigestMethod"},
	digestValue:            {space: nsSignature, local: "DigestValue", text: true},
	signatureValue:         {space: nsSignature, local: "SignatureValue", text: true},
	keyInfo:                {space: nsSignature, local: "KeyInfo", children: []child{{x509Data, 1, 1}}},
	x509Data:               {space: nsSignature, local: "X509Data", children: []child{{x509Certificate, 1, maxCertificates}}},
	x509Certificate:        {space: nsSignature, local: "X509Certificate", text: true},
}

// place finds an element among those that may stand in its parent: its kind, and which
// of the parent's children it is.
func place(parent Kind, space, local []byte) (k Kind, at int) {
	for i, c := range grammar[parent].children {
		if r := &grammar[c.kind]; r.local == string(local) && r.space == string(space) {
			return c.kind, i
		}
	}
	return none, 0
}
