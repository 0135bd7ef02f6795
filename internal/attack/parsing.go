package attack

import (
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

// parsers: what two parsers may read in two ways.
func parsers() []Variant {
	malformed, dtd := model.CodeMalformedResponse, model.CodeDTDForbidden
	root := "<saml2p:Response"
	named := func(name string) func(*Scene) string {
		return edited(func(_ *Scene, m *message) { m.nameID = strings.Replace(m.nameID, ">alice<", ">"+name+"<", 1) })
	}
	return []Variant{
		{Row: 5, Name: "DOCTYPE", Want: dtd, Mint: inserted(root, `<!DOCTYPE x>`)},
		{Row: 5, Name: "internal entity", Want: dtd, Mint: inserted(root, `<!DOCTYPE x [<!ENTITY who "admin">]>`)},
		{Row: 5, Name: "external entity", Want: dtd, Mint: inserted(root, `<!DOCTYPE x [<!ENTITY who SYSTEM "file:///etc/passwd">]>`)},
		{Row: 5, Name: "parameter entity from the web", Want: dtd, Mint: inserted(root, `<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x"> %p;]>`)},
		{Row: 5, Name: "entities of entities", Want: dtd, Mint: inserted(root, `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">`+
			`<!ENTITY c "&b;&b;&b;&b;">]>`)},
		{Row: 5, Name: "NOTATION with quotes", Want: dtd, Mint: inserted(root, `<!DOCTYPE x [<!NOTATION n SYSTEM '">'>]>`)},
		{Row: 5, Name: "doctype in lower case", Want: dtd, Mint: inserted(root, `<!doctype x>`)},
		{Row: 5, Name: "unknown entity", Want: malformed, Mint: replaced(">alice<", ">&evil;<")},
		{Row: 5, Name: "byte order mark", Want: malformed, Mint: tampered(func(_ *Scene, xml string) string { return "\ufeff" + xml })},
		{Row: 5, Name: "UTF-16", Want: malformed, Mint: tampered(func(_ *Scene, xml string) string {
			var b strings.Builder
			b.WriteString("\xff\xfe")
			for _, c := range []byte(xml) {
				b.WriteByte(c)
				b.WriteByte(0)
			}
			return b.String()
		})},
		{Row: 5, Name: "declared Latin-1", Want: malformed, Mint: replaced(`encoding="UTF-8"`, `encoding="ISO-8859-1"`)},
		{Row: 5, Name: "declared UTF-7", Want: malformed, Mint: replaced(`encoding="UTF-8"`, `encoding="UTF-7"`)},
		{Row: 5, Name: "declared twice", Want: malformed, Mint: replaced(`encoding="UTF-8"`, `encoding="UTF-8" encoding="UTF-7"`)},
		{Row: 5, Name: "invalid UTF-8", Want: malformed, Mint: replaced(">alice<", ">al\xc0\xafice<")},
		{Row: 5, Name: "NUL", Want: malformed, Mint: replaced(">alice<", ">alice\x00.evil<")},
		{Row: 5, Name: "surrogate as a character reference", Want: malformed, Mint: replaced(">alice<", ">alice&#xD800;<")},
		{Row: 5, Name: "processing instruction", Want: malformed, Mint: inserted("<saml2:Subject>", "<?xml-stylesheet href='x'?>")},
		{Row: 5, Name: "processing instruction before the root", Want: malformed, Mint: inserted(root, "<?xml-stylesheet href='x'?>")},
		{Row: 5, Name: "XML declaration twice", Want: malformed, Mint: inserted(root, `<?xml version="1.0"?>`)},
		{Row: 5, Name: "text after the root", Want: malformed, Mint: tampered(func(_ *Scene, xml string) string { return xml + "x" })},
		{Row: 5, Name: "text before the root", Want: malformed, Mint: inserted(root, "x")},
		{Row: 5, Name: "NUL after the root", Want: malformed, Mint: tampered(func(_ *Scene, xml string) string { return xml + "\x00" })},
		{Row: 5, Name: "comment in the name", Want: malformed, Mint: named("admin@example.com<!-- -->.evil.example")},
		{Row: 5, Name: "comment in an attribute value", Want: malformed, Mint: replaced(">alice@example.com<", ">alice@example.com<!-- -->.evil<")},
		{Row: 5, Name: "comment in the audience", Want: malformed, Mint: inserted("</saml2:Audience>", "<!-- -->")},
		{Row: 5, Name: "CDATA in the name", Want: malformed, Mint: named("<![CDATA[admin]]>")},
		{Row: 5, Name: "element in the name", Want: malformed, Mint: named("admin<saml2:b>.evil</saml2:b>")},
		{Row: 5, Name: "unbound prefix", Want: malformed, Mint: inserted("<saml2:Subject>", "<evil:x/>")},
		{Row: 5, Name: "unbound prefix of an attribute", Want: malformed, Mint: replaced("<saml2:Subject>", `<saml2:Subject evil:x="1">`)},
		{Row: 5, Name: "prefix rebound", Want: malformed, Mint: replaced("<saml2:Subject>", `<saml2:Subject xmlns:saml2="urn:evil">`)},
		{Row: 5, Name: "prefix unbound again", Want: malformed, Mint: replaced("<saml2:Subject>", `<saml2:Subject xmlns:enc="">`)},
		{Row: 5, Name: "xmlns rebound", Want: malformed, Mint: replaced("<saml2:Subject>", `<saml2:Subject xmlns:xmlns="urn:evil">`)},
		{Row: 5, Name: "xml rebound", Want: malformed, Mint: replaced("<saml2:Subject>", `<saml2:Subject xmlns:xml="urn:evil">`)},
		{Row: 5, Name: "second prefix for the XML namespace", Want: malformed, Mint: replaced("<saml2:Subject>",
			`<saml2:Subject xmlns:evil="http://www.w3.org/XML/1998/namespace">`)},
		{Row: 5, Name: "empty prefix", Want: malformed, Mint: replaced("<saml2:Subject>", `<saml2:Subject :x="1">`)},
		{Row: 5, Name: "name with two colons", Want: malformed, Mint: inserted("<saml2:Subject>", "<saml2:a:b/>")},
		{Row: 5, Name: "attribute twice", Want: malformed, Mint: replaced("<saml2:SubjectConfirmationData ",
			`<saml2:SubjectConfirmationData Recipient="https://evil.example" `)},
		{Row: 5, Name: "attribute twice by two prefixes", Want: malformed, Mint: replaced("<saml2:Subject>",
			`<saml2:Subject xmlns:a="urn:a" xmlns:b="urn:a" a:x="1" b:x="2">`)},
		{Row: 5, Name: "end tag of another prefix", Want: malformed, Mint: replaced("</saml2:Subject>", "</saml2p:Subject>")},
		{Row: 5, Name: "default namespace without a name", Want: malformed, Mint: replaced("<saml2:Subject>", `<saml2:Subject xmlns="">`)},
	}
}

// exhaustion: limits stand before anything that costs.
func exhaustion() []Variant {
	malformed := model.CodeMalformedResponse
	deep := func(n int) func(*Scene) string {
		return inserted("</saml2:AttributeStatement>", `<saml2:Attribute Name="x">`+strings.Repeat("<saml2:a>", n)+
			strings.Repeat("</saml2:a>", n)+"</saml2:Attribute>")
	}
	return []Variant{
		{Row: 14, Name: "100 deep", Want: malformed, Mint: deep(100)},
		{Row: 14, Name: "25,000 deep", Want: malformed, Mint: deep(25_000)},
		{Row: 14, Name: "nothing but openings", Want: malformed, Mint: func(*Scene) string { return strings.Repeat("<a>", 100_000) }},
		{Row: 14, Name: "2,100 elements", Want: malformed, Mint: inserted("</saml2:AttributeStatement>",
			`<saml2:Attribute Name="x">`+strings.Repeat("<saml2:AttributeValue/>", 2100)+"</saml2:Attribute>")},
		{Row: 14, Name: "1,100 elements in an unsigned Response with a Signature", Want: malformed, Mint: func(s *Scene) string {
			m := s.aws()
			m.status = "<ds:Signature></ds:Signature>" + m.status
			m.attributes = attribute("groups", strings.Split(strings.Repeat("x,", 1100), ",")...)
			return m.text()
		}},
		{Row: 14, Name: "70 attributes", Want: malformed, Mint: tampered(func(_ *Scene, xml string) string {
			var b strings.Builder
			for i := range 70 {
				b.WriteString(" a" + strings.Repeat("b", i) + `="1"`)
			}
			return strings.Replace(xml, "<saml2:Subject>", "<saml2:Subject"+b.String()+">", 1)
		})},
		{Row: 14, Name: "600 KiB", Want: model.CodeTooLarge, Mint: replaced(">alice<", ">"+strings.Repeat("a", 600<<10)+"<")},
		{Row: 14, Name: "name of 300 characters", Want: model.CodeSubjectMissing, Mint: edited(func(_ *Scene, m *message) {
			m.nameID = strings.Replace(m.nameID, "alice", strings.Repeat("a", 300), 1)
		})},
		{Row: 14, Name: "stable id of 3,900 characters", Want: model.CodeAttributeMissing, Mint: edited(func(_ *Scene, m *message) {
			m.attributes = strings.Replace(m.attributes, "id-alice", strings.Repeat("i", 3900), 1)
		})},
		{Row: 14, Name: "1,200 elements, signed", Want: model.CodeTooLarge, Mint: edited(func(_ *Scene, m *message) {
			m.attributes += attribute("groups", strings.Split(strings.Repeat("x,", 1200), ",")...)
		})},
		{Row: 14, Name: "1,200 elements, only the assertion signed", Want: model.CodeTooLarge, AssertionOnly: true, Mint: func(s *Scene) string {
			m := s.aws()
			m.attributes += attribute("groups", strings.Split(strings.Repeat("x,", 1200), ",")...)
			return s.signed(m, AssertionOnly, signing{})
		}},
		{Row: 14, Name: "4,100 attributes", Want: malformed, Mint: tampered(func(_ *Scene, xml string) string {
			more := `<saml2:Attribute Name="x" a="" b="" c="" d="" e="" f="" g="" h="" i="" j=""/>`
			return strings.Replace(xml, "</saml2:AttributeStatement>", strings.Repeat(more, 372)+"</saml2:AttributeStatement>", 1)
		})},
		{Row: 14, Name: "compressed", Want: malformed, Mint: func(*Scene) string { return "\x1f\x8b\x08\x00\x00\x00\x00\x00" }},
		{Row: 14, Name: "deflated", Want: malformed, Mint: func(*Scene) string { return "\xec\xc1\x01\x01\x00\x00\x00\x80\x90\xfe\xaf\xee" }},
		{Row: 14, Name: "attribute value of 300 kB", Want: malformed, Mint: tampered(func(_ *Scene, xml string) string {
			return strings.Replace(xml, "<saml2:Subject>", `<saml2:Subject x="`+strings.Repeat("y", 300_000)+`"><x>`, 1)
		})},
	}
}

// encryption: nothing is decrypted, whatever it holds.
func encryption() []Variant {
	encrypted := func(cipher string) func(*Scene) string {
		return func(s *Scene) string {
			m := s.aws()
			data := `<saml2:EncryptedAssertion><enc:EncryptedData Type="http://www.w3.org/2001/04/xmlenc#Element"><enc:EncryptionMethod ` +
				`Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"></enc:EncryptionMethod><enc:CipherData><enc:CipherValue>` + cipher +
				`</enc:CipherValue></enc:CipherData></enc:EncryptedData></saml2:EncryptedAssertion>`
			return strings.Replace(s.signed(m, Both, signing{}), "<saml2:Assertion", data+"<saml2:Assertion", 1)
		}
	}
	alone := func(cipher string) func(*Scene) string {
		return func(s *Scene) string {
			m := s.aws()
			return strings.Replace(encrypted(cipher)(s), m.assertion(), "", 1)
		}
	}
	want := model.CodeEncryptedAssertion
	return []Variant{
		{Row: 13, Name: "encrypted, then a genuine assertion", Want: want, Mint: encrypted("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=")},
		{Row: 13, Name: "encrypted, no block", Want: want, Mint: alone("")},
		{Row: 13, Name: "encrypted, part of a block", Want: want, Mint: alone("QUJD")},
		{Row: 13, Name: "encrypted, one block", Want: want, Mint: alone("QUJDREVGR0hJSktMTU5PUA==")},
		{Row: 13, Name: "encrypted, two blocks", Want: want, Mint: alone("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=")},
		{Row: 13, Name: "encrypted, no base64", Want: want, Mint: alone("!!!")},
		{Row: 13, Name: "EncryptedID", Want: want, Mint: edited(func(_ *Scene, m *message) { m.nameID = "<saml2:EncryptedID></saml2:EncryptedID>" })},
		{Row: 13, Name: "EncryptedAttribute", Want: want,
			Mint: edited(func(_ *Scene, m *message) { m.attributes += "<saml2:EncryptedAttribute></saml2:EncryptedAttribute>" })},
	}
}
