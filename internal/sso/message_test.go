package sso

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/attack"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso/onepass"
)

// documentOf is a message with the attributes of its Response, what stands in it, and
// what stands in its Assertion; elements are written without their prefix.
func documentOf(t *testing.T, attributes, inResponse, assertionTag, inAssertion string) *onepass.Document {
	t.Helper()
	prefixed := func(text string) string { return regexp.MustCompile(`<(/?)(\w)`).ReplaceAllString(text, "<${1}a:$2") }
	d, err := onepass.Read([]byte(`<p:Response xmlns:p="` + nsProtocol + `" xmlns:a="` + nsAssertion + `"` + attributes + `><p:Status><p:StatusCode Value="` +
		statusSuccess + `"/></p:Status>` + prefixed(inResponse+"<Assertion"+assertionTag+"><Issuer>idp</Issuer>"+inAssertion+"</Assertion>") + `</p:Response>`))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestReadAssertion: every value comes from its own place.
func TestReadAssertion(t *testing.T) {
	t.Parallel()
	got := readAssertion(documentOf(t, "", "", ` ID="_a" Version="2.0" IssueInstant="i"`, `<Subject><NameID Format="f">alice</NameID>
			<SubjectConfirmation Method="m1"/>
			<SubjectConfirmation Method="m2"><SubjectConfirmationData Recipient="r" InResponseTo="q" NotBefore="b" NotOnOrAfter="e"/></SubjectConfirmation>
			<SubjectConfirmation Method="m3"><SubjectConfirmationData InResponseTo=""/></SubjectConfirmation></Subject>
		<Conditions NotBefore="cb" NotOnOrAfter="ce"><AudienceRestriction><Audience>a1</Audience><Audience>a2</Audience></AudienceRestriction>
			<AudienceRestriction><Audience>a3</Audience></AudienceRestriction><OneTimeUse/></Conditions>
		<AuthnStatement AuthnInstant="ai" SessionIndex="si" SessionNotOnOrAfter="se">
			<AuthnContext><AuthnContextClassRef> c </AuthnContextClassRef></AuthnContext></AuthnStatement>
		<AuthnStatement><AuthnContext/></AuthnStatement><AuthnStatement/>
		<AttributeStatement><Attribute Name="x"><AttributeValue>1</AttributeValue><AttributeValue>2</AttributeValue></Attribute><Attribute Name="none"/>
			<Attribute Name="x"><AttributeValue>3</AttributeValue></Attribute>
			<Attribute Name="X"><AttributeValue> 4 </AttributeValue></Attribute></AttributeStatement>`).Claimed(onepass.TheAssertion))
	want := assertionData{
		id: "_a", version: "2.0", issueInstant: "i", issuer: "idp", subjects: 1, nameID: "alice", nameIDFormat: "f", hasNameID: true,
		confirmations: []confirmation{{method: "m1"}, {method: "m2", hasData: true, recipient: "r", inResponseTo: "q", hasInResponseTo: true,
			notBefore: "b", notOnOr: "e"},
			{method: "m3", hasData: true, hasInResponseTo: true}},
		conditions: &conditions{notBefore: "cb", notOnOrAfter: "ce", audiences: [][]string{{"a1", "a2"}, {"a3"}}},
		authn:      []authnStatement{{instant: "ai", sessionIndex: "si", notOnOrAfter: "se", context: "c"}, {}, {}},
		attributes: map[string][]string{"x": {"1", "2", "3"}, "none": {}, "X": {" 4 "}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	if got := readAssertion(documentOf(t, "", "", "", "<Subject/>").Claimed(onepass.TheAssertion)); got.subjects != 1 || got.hasNameID || got.conditions != nil ||
		len(got.authn)+len(got.confirmations) > 0 {
		t.Errorf("of nothing: %+v", got)
	}
}

func TestReadEnvelope(t *testing.T) {
	t.Parallel()
	full := envelope{trusted: true, id: "_r", version: "2.0", issueInstant: "i", inResponseTo: "q", hasInResponseTo: true, destination: "d",
		hasDestination: true, issuer: " x ", hasIssuer: true}
	read := func(attributes, inside string, trusted bool) envelope {
		return readEnvelope(documentOf(t, attributes, inside, "", "").Claimed(onepass.WholeResponse), trusted)
	}
	if got := read(` ID="_r" Version="2.0" IssueInstant="i" InResponseTo="q" Destination="d"`, "<Issuer> x </Issuer>", true); got != full {
		t.Errorf("%+v", got)
	}
	if got := read(` InResponseTo="" Destination=""`, "<Issuer/>", false); got != (envelope{hasInResponseTo: true, hasDestination: true, hasIssuer: true}) {
		t.Errorf("what is empty: %+v", got)
	}
	if got := read("", "<Issuer>x</Issuer>", false); got != (envelope{hasIssuer: true, issuer: "x"}) {
		t.Errorf("in another order: %+v", got)
	}
	if got := read("", "", false); got != (envelope{}) {
		t.Errorf("what is missing: %+v", got)
	}
}

// TestReadMessage: what the assertion says goes before what the envelope says,
// and the assertion is remembered for as long as any part of it is valid.
func TestReadMessage(t *testing.T) {
	t.Parallel()
	confirmed := func(request, until string) string {
		return `<SubjectConfirmation><SubjectConfirmationData InResponseTo="` + request + `" NotOnOrAfter="` + until + `"/></SubjectConfirmation>`
	}
	read := func(trusted bool, confirmations, conditions string) *Message {
		m := &Message{envelope: envelope{trusted: trusted, id: "_r", inResponseTo: "_outside"},
			parsed: readAssertion(documentOf(t, "", "", ` ID="_a"`, `<Subject>`+confirmations+`</Subject>`+conditions).Claimed(onepass.TheAssertion))}
		if r := m.read(); r != nil {
			t.Fatal(r)
		}
		return m
	}
	early, late := around(time.Minute), around(time.Hour)
	for name, c := range map[string]struct {
		m       *Message
		request string
		id      string
		expires string
	}{
		"nothing inside":                  {read(true, "", ""), "_outside", "_r", ""},
		"an envelope that is trusted not": {read(false, "", ""), "_outside", "", ""},
		"inside":                          {read(true, confirmed("_inside", early), ""), "_inside", "_r", early},
		"none inside":                     {read(true, confirmed("", early), ""), "_outside", "_r", early},
		"the later confirmation":          {read(true, confirmed("_1", late)+confirmed("_2", early), ""), "_2", "_r", late},
		"the conditions are later":        {read(true, confirmed("_1", early), `<Conditions NotOnOrAfter="`+late+`"/>`), "_1", "_r", late},
		"the conditions are earlier":      {read(true, confirmed("_1", late), `<Conditions NotOnOrAfter="`+early+`"/>`), "_1", "_r", late},
		"what is no time":                 {read(true, confirmed("_1", early), `<Conditions NotOnOrAfter="x"/>`), "_1", "_r", early},
	} {
		expires := ""
		if !c.m.ExpiresAt.IsZero() {
			expires = stamp(c.m.ExpiresAt)
		}
		if c.m.InResponseTo != c.request || c.m.ID != c.id || expires != c.expires || c.m.AssertionID != "_a" || c.m.Issuer != "idp" {
			t.Errorf("%s: %+v", name, c.m)
		}
	}
	m := &Message{}
	if r := m.read(); r == nil || r.Code != model.CodeMalformedResponse {
		t.Errorf("an assertion without ID: %+v", r)
	}
}

// TestShapeChecks: the checks before the one that failed are told as passed, and
// none behind it is.
func TestShapeChecks(t *testing.T) {
	t.Parallel()
	for code, want := range map[model.Code]string{
		model.CodeTooLarge:           "size",
		model.CodeMalformedResponse:  "size xml_shape",
		model.CodeDTDForbidden:       "size xml_shape",
		model.CodeStatusNotSuccess:   "size xml_shape status",
		model.CodeSignatureAlgorithm: "size xml_shape status signature_algorithm",
		model.CodeSignatureInvalid:   "size xml_shape status signature_algorithm signature_response",
	} {
		checks := shapeChecks(&model.Refusal{Code: code, Expected: "e", Received: "r", Detail: "d"})
		var ids []string
		for i, c := range checks {
			ids = append(ids, c.ID)
			last := i == len(checks)-1
			if (c.State == model.CheckFailed) != last || (c.State == model.CheckPassed) == last || c.Title == "" || last && (c.Code != code ||
				c.Expected+c.Received+c.Note != "erd") {
				t.Errorf("%s: %+v", code, c)
			}
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%s: %s", code, got)
		}
	}
}

// TestLargestResponse: to the byte, before and after base64 is undone.
func TestLargestResponse(t *testing.T) {
	t.Parallel()
	encoded := func(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) }
	const most = 512 << 10
	for name, c := range map[string]struct {
		field string
		code  model.Code
	}{
		"the largest":                {encoded(most), ""},
		"one more":                   {encoded(most + 1), model.CodeTooLarge},
		"as many line feeds as may":  {encoded(most) + strings.Repeat("\n", most/16), ""},
		"one more of them":           {encoded(most) + strings.Repeat("\n", most/16+1), model.CodeTooLarge},
		"with line ends":             {"PGE+\r\nPC9h\nPg==", ""},
		"nothing":                    {"", ""},
		"a blank":                    {"PGE+ PC9hPg==", model.CodeMalformedResponse},
		"without its end":            {"PGE+PC9hPg", model.CodeMalformedResponse},
		"bits that mean nothing":     {"PGE+PC9hPh==", model.CodeMalformedResponse},
		"the alphabet for addresses": {"PGE-", model.CodeMalformedResponse},
	} {
		data, r := DecodeResponse(c.field)
		if r != nil && r.Code != c.code || r == nil && c.code != "" || (r != nil) != (data == nil) && c.field != "" {
			t.Errorf("%s: %d bytes, %+v, want %q", name, len(data), r, c.code)
		}
	}
}

// TestFaultsOfOursRefuse: what goes wrong in here lets nobody in.
func TestFaultsOfOursRefuse(t *testing.T) {
	t.Parallel()
	_, der := fuzzedKey()
	broken := Certificate{Raw: der} // nothing reads it, so its key is missing
	m, checks, r := Open([]byte(signedSeed("")), Trust{Certificates: []Certificate{broken}})
	if m != nil || r == nil || r.Code != model.CodeMalformedResponse || len(checks) == 0 || checks[len(checks)-1].State != model.CheckFailed {
		t.Errorf("%+v, %+v, %+v", m, checks, r)
	}
	if got := short(strings.Repeat("é", 250)); got != strings.Repeat("é", 250) {
		t.Errorf("500 bytes are cut: %q", got)
	}
	if got := short("x" + strings.Repeat("é", 250)); got != "x"+strings.Repeat("é", 249)+"…" {
		t.Errorf("501 bytes become %q", got)
	}
}

// TestStoredCertificates: which of the stored certificates a message is verified
// with.
func TestStoredCertificates(t *testing.T) {
	t.Parallel()
	stored := func(der []byte) Certificate {
		c, err := parseCertificate(der, fuzzedAt)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	key, der := fuzzedKey()
	good := stored(der)
	strangerKey, other := attack.FixedKey(2)
	stranger := stored(other)
	scene := attack.Scene{ACS: fuzzedACS, Audience: fuzzedSP, Issuer: fuzzedIdP, Now: fuzzedAt}
	named, unnamed := []byte(attack.SignedBy(&scene, key, der)), []byte(attack.SignedBy(&scene, key))
	for name, c := range map[string]struct {
		message []byte
		stored  []Certificate
		code    model.Code
	}{
		"the one":                       {named, []Certificate{good}, ""},
		"named, behind another":         {named, []Certificate{stranger, good}, ""},
		"not named, behind another":     {unnamed, []Certificate{stranger, good}, ""},
		"not named, before another":     {unnamed, []Certificate{good, stranger}, ""},
		"named, and another is stored":  {named, []Certificate{stranger}, model.CodeCertificateUnknown},
		"not named, another is stored":  {unnamed, []Certificate{stranger}, model.CodeSignatureInvalid},
		"named, none is stored":         {named, nil, model.CodeCertificateUnknown},
		"not named, and none is stored": {unnamed, nil, model.CodeCertificateUnknown},
		"named, signed by another one":  {[]byte(attack.SignedBy(&scene, strangerKey, der)), []Certificate{good, stranger}, model.CodeSignatureInvalid},
	} {
		m, _, r := Open(c.message, Trust{Certificates: c.stored})
		if r != nil && r.Code != c.code || r == nil && c.code != "" {
			t.Errorf("%s: %+v, want %q", name, r, c.code)
		}
		if r == nil && !slices.Equal(m.SignedBy, []string{good.Fingerprint, good.Fingerprint}) {
			t.Errorf("%s: signed by %v", name, m.SignedBy)
		}
	}
}

// TestUnknownCertificateIsShown: people compare the received fingerprint with all
// that are stored.
func TestUnknownCertificateIsShown(t *testing.T) {
	t.Parallel()
	stored := []Certificate{{Raw: []byte("1"), Fingerprint: "AA"}, {Raw: []byte("2"), Fingerprint: "BB"}}
	text := base64.StdEncoding.EncodeToString([]byte("3"))
	for certificates, received := range map[string]string{text: fingerprint([]byte("3")), "%": "no certificate", text + "%": "no certificate"} {
		_, r := selectCertificate(certificates, stored)
		if r == nil || r.Code != model.CodeCertificateUnknown || r.Expected != "AA or BB" || r.Received != received {
			t.Errorf("%q: %+v, want %s", certificates, r, received)
		}
	}
	if c, r := selectCertificate(base64.StdEncoding.EncodeToString([]byte("2")), stored); r != nil || c.Fingerprint != "BB" {
		t.Errorf("%+v %+v", c, r)
	}
}

// TestCertificatesOutsideTheirDates: the key is trusted because somebody stored
// it, whatever the real clock says of its certificate.
func TestCertificatesOutsideTheirDates(t *testing.T) {
	t.Parallel()
	key, _ := fuzzedKey()
	for name, begin := range map[string]time.Time{"long over": time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), "long to come": time.Date(2999, 1,
		1, 0, 0, 0, 0, time.UTC)} {
		template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: begin, NotAfter: begin.AddDate(1, 0, 0)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		c, err := parseCertificate(der, fuzzedAt)
		if err != nil {
			t.Fatal(err)
		}
		scene := attack.Scene{ACS: fuzzedACS, Audience: fuzzedSP, Issuer: fuzzedIdP, Now: fuzzedAt}
		if _, _, r := Open([]byte(attack.SignedBy(&scene, key, der)), Trust{Certificates: []Certificate{c}}); r != nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestTooManyToVerify: beyond what goxmldsig walks over, the size is the reason
// that is told, wherever the signature stands.
func TestTooManyToVerify(t *testing.T) {
	t.Parallel()
	first := signedSeed(`<saml2:Attribute Name="x">` + strings.Repeat(`<saml2:AttributeValue>v</saml2:AttributeValue>`, 1500) + `</saml2:Attribute>`)
	begin, end := strings.Index(first, "<ds:Signature>"), strings.Index(first, "</ds:Signature>")+len("</ds:Signature>")
	last := strings.Replace(first[:begin]+first[end:], "</saml2p:Response>", first[begin:end]+"</saml2p:Response>", 1)
	for name, message := range map[string]string{"signature first": first, "signature last": last} {
		for _, signatures := range []model.SignatureRequirement{model.SignaturesBoth, model.SignaturesAssertion} {
			if r := judgeSeed(t, []byte(message), signatures); r == nil || r.Code != model.CodeTooLarge {
				t.Errorf("%s, %s: %+v", name, signatures, r)
			}
		}
	}
}
