package attack

import (
	"crypto"
	"fmt"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// halves signs the Assertion one way and the Response another.
func halves(assertion, response func(*Scene) signing) func(*Scene) string {
	return func(s *Scene) string {
		m := s.aws()
		return s.sign(s.sign(m.text(), m.assertionID, assertion(s)), m.responseID, response(s))
	}
}

func genuine(*Scene) signing { return signing{} }

// byAttacker is what the attacker signs, under the name of the trusted certificate.
func byAttacker(s *Scene) signing {
	info := keyInfo(s.Certificate)
	return signing{key: s.AttackerKey, keyInfo: &info}
}

// mixedSignatures: each of the two signatures counts by itself.
func mixedSignatures() []Variant {
	invalid, malformed := model.CodeSignatureInvalid, model.CodeMalformedResponse
	weak := func(*Scene) signing { return signing{hash: crypto.SHA1} }
	info := func(text string) func(*Scene) string {
		return signedWith(func(*Scene) signing { return signing{keyInfo: &text} })
	}
	x509 := func(inner string) func(*Scene) string {
		return info("<ds:KeyInfo><ds:X509Data>" + inner + "</ds:X509Data></ds:KeyInfo>")
	}
	return []Variant{
		{Row: 2, Name: "response by AWS, assertion by the attacker", Want: invalid, Mint: halves(byAttacker, genuine)},
		{Row: 2, Name: "response by the attacker, assertion by AWS", Want: invalid, Mint: halves(genuine, byAttacker)},
		{Row: 2, Name: "assertion by the attacker where it alone is signed", Want: invalid, AssertionOnly: true, Mint: func(s *Scene) string {
			return s.signed(s.aws(), AssertionOnly, byAttacker(s))
		}},
		{Row: 2, Name: "key identifier", Want: malformed, Mint: x509("<ds:X509SKI>AAAA</ds:X509SKI>")},
		{Row: 2, Name: "subject name", Want: malformed, Mint: x509("<ds:X509SubjectName>CN=AWS SSO</ds:X509SubjectName>")},
		{Row: 2, Name: "empty X509Data", Want: malformed, Mint: x509("")},
		{Row: 2, Name: "empty KeyInfo", Want: malformed, Mint: info("<ds:KeyInfo></ds:KeyInfo>")},
		{Row: 2, Name: "second X509Data", Want: malformed, Mint: signedWith(func(s *Scene) signing {
			text := strings.Replace(keyInfo(s.Certificate), "</ds:KeyInfo>", strings.TrimPrefix(keyInfo(s.AttackerCertificate), "<ds:KeyInfo>"), 1)
			return signing{keyInfo: &text}
		})},
		{Row: 6, Name: "the assertion's signature alone is weak", Want: model.CodeSignatureAlgorithm, Mint: halves(weak, genuine)},
		{Row: 6, Name: "the response's signature alone is weak", Want: model.CodeSignatureAlgorithm, Mint: halves(genuine, weak)},
		{Row: 6, Name: "MD5", Want: model.CodeSignatureAlgorithm, Mint: signedWith(func(*Scene) signing {
			return signing{method: hashNames[crypto.MD5][0]}
		})},
		{Name: "honest with SHA-384", Mint: signedWith(func(*Scene) signing { return signing{hash: crypto.SHA384} })},
	}
}

// signaturePlaces: a signature elsewhere than AWS puts it is taken for what it
// covers, or refused.
func signaturePlaces() []Variant {
	malformed, invalid := model.CodeMalformedResponse, model.CodeSignatureInvalid
	moved := func(to func(xml, sig string) string) func(*Scene) string {
		return tampered(func(_ *Scene, xml string) string {
			sig := firstElement(xml, "ds:Signature") // that of the Response
			return to(strings.Replace(xml, sig, "", 1), sig)
		})
	}
	before := func(place string) func(*Scene) string {
		return moved(func(xml, sig string) string { return strings.Replace(xml, place, sig+place, 1) })
	}
	info := func(change func(string) string) func(*Scene) string {
		return signedWith(func(*Scene) signing { return signing{info: change} })
	}
	inside := func(name string, what func(parts) string) Variant {
		return Variant{Row: 4, Name: name, Want: malformed, Mint: func(s *Scene) string {
			p := newParts(s, s.aws(), Both)
			return strings.Replace(p.whole, "</ds:KeyInfo>", what(p), 1)
		}}
	}
	list := `<ec:InclusiveNamespaces xmlns:ec="` + exclusive + `" PrefixList="xsd"></ec:InclusiveNamespaces>`
	return []Variant{
		{Name: "honest, the signature is the last element", Mint: before("</saml2p:Response>")},
		{Name: "honest, the signature is before the issuer", Mint: before("<saml2:Issuer")},
		{Row: 3, Name: "signature in the Subject", Want: malformed, Mint: before("<saml2:NameID")},
		{Row: 3, Name: "signature in the StatusCode", Want: malformed, Mint: moved(func(xml, sig string) string {
			return strings.Replace(xml, `:Success"/>`, `:Success">`+sig+"</saml2p:StatusCode>", 1)
		})},
		{Row: 3, Name: "empty DigestValue", Want: invalid, Mint: info(func(i string) string {
			return strings.Replace(i, firstElement(i, "ds:DigestValue"), "<ds:DigestValue></ds:DigestValue>", 1)
		})},
		{Row: 3, Name: "reference without URI", Want: invalid, Mint: info(func(i string) string {
			at := strings.Index(i, " URI=")
			return i[:at] + i[at+strings.Index(i[at:], ">"):]
		})},
		{Row: 3, Name: "transforms the other way around", Want: model.CodeSignatureAlgorithm, Mint: signedWith(func(*Scene) signing {
			return signing{transforms: `<ds:Transform Algorithm="` + exclusive + `"></ds:Transform><ds:Transform Algorithm="` + enveloped + `"></ds:Transform>`}
		})},
		{Row: 3, Name: "InclusiveNamespaces twice", Want: malformed, Mint: signedWith(func(*Scene) signing {
			return signing{transforms: `<ds:Transform Algorithm="` + enveloped + `"></ds:Transform><ds:Transform Algorithm="` + exclusive + `">` + list +
				list + `</ds:Transform>`}
		})},
		inside("forged assertion in the KeyInfo", func(p parts) string { return p.twin + "</ds:KeyInfo>" }),
		inside("forged attributes in the signature's Object", func(p parts) string {
			return "</ds:KeyInfo>" + object(firstElement(p.evil, "saml2:AttributeStatement"))
		}),
		{Row: 4, Name: "Response and Assertion with one ID", Want: malformed, Mint: func(s *Scene) string {
			m := s.aws()
			m.assertionID = m.responseID
			return s.signed(m, ResponseOnly, signing{})
		}},
		{Row: 4, Name: "Response without ID", Want: invalid, Mint: tampered(func(_ *Scene, xml string) string {
			at := strings.Index(xml, ` ID="`)
			return xml[:at] + xml[at+strings.Index(xml[at+5:], `"`)+6:]
		})},
	}
}

// moreParsing: encodings, characters and ciphers that had no variant yet.
func moreParsing() []Variant {
	malformed := model.CodeMalformedResponse
	wide := func(mark string, before, after int) func(*Scene) string {
		return tampered(func(_ *Scene, xml string) string {
			var b strings.Builder
			b.WriteString(mark)
			for _, c := range []byte(xml) {
				b.WriteString(strings.Repeat("\x00", before) + string(rune(c)) + strings.Repeat("\x00", after))
			}
			return b.String()
		})
	}
	encrypted := func(method, cipher, key string) func(*Scene) string {
		return func(s *Scene) string {
			m := s.aws()
			data := fmt.Sprintf(`<saml2:EncryptedAssertion><enc:EncryptedData><enc:EncryptionMethod Algorithm=%q></enc:EncryptionMethod>%s`+
				`<enc:CipherData><enc:CipherValue>%s</enc:CipherValue></enc:CipherData></enc:EncryptedData></saml2:EncryptedAssertion>`, method, key, cipher)
			return strings.Replace(s.signed(m, ResponseOnly, signing{}), m.assertion(), data, 1)
		}
	}
	const wrapped = `<ds:KeyInfo><enc:EncryptedKey><enc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-1_5"></enc:EncryptionMethod>` +
		`<enc:CipherData><enc:CipherValue>AAAA</enc:CipherValue></enc:CipherData></enc:EncryptedKey></ds:KeyInfo>`
	want := model.CodeEncryptedAssertion
	return []Variant{
		{Row: 5, Name: "UTF-16, the other byte first", Want: malformed, Mint: wide("\xfe\xff", 1, 0)},
		{Row: 5, Name: "UTF-32", Want: malformed, Mint: wide("\xff\xfe\x00\x00", 0, 3)},
		{Row: 5, Name: "NUL as a character reference", Want: malformed, Mint: replaced(">alice<", ">alice&#0;<")},
		{Row: 5, Name: "comment before the root", Want: malformed, Mint: inserted("<saml2p:Response", "<!-- x -->")},
		{Row: 5, Name: "comment after the root", Want: malformed, Mint: tampered(func(_ *Scene, xml string) string { return xml + "<!-- x -->" })},
		{Row: 5, Name: "CDATA in an attribute value", Want: malformed, Mint: replaced(">alice@example.com<", "><![CDATA[alice@example.com]]><")},
		{Row: 13, Name: "encrypted with 3DES, 9 bytes", Want: want, Mint: encrypted("http://www.w3.org/2001/04/xmlenc#tripledes-cbc", "QUJDREVGR0hJ", "")},
		{Row: 13, Name: "encrypted with GCM, 3 bytes", Want: want, Mint: encrypted("http://www.w3.org/2009/xmlenc11#aes128-gcm", "QUJD", "")},
		{Row: 13, Name: "encrypted, with a wrapped key", Want: want, Mint: encrypted("http://www.w3.org/2001/04/xmlenc#aes128-cbc",
			"QUJDREVGR0hJSktMTU5PUA==", wrapped)},
		{Row: 14, Name: "three signatures", Want: malformed, Mint: func(s *Scene) string {
			m := s.aws()
			return s.sign(s.signed(m, Both, signing{}), m.assertionID, signing{})
		}},
	}
}

// moreTimes: the boundaries of every time, to the second, and times that cannot
// be read. The tolerance of the connection is three minutes.
func moreTimes() []Variant {
	const skew = 3 * time.Minute
	expired, early, invalid, malformed := model.CodeExpired, model.CodeNotYetValid, model.CodeConfirmationInvalid, model.CodeMalformedResponse
	window := func(from, until time.Duration) func(*Scene) string {
		return edited(func(s *Scene, m *message) {
			m.conditions = s.conditions(s.Now.Add(from), s.Now.Add(until), audience(s.Audience))
		})
	}
	confirmed := func(until time.Duration) func(*Scene) string {
		return edited(func(s *Scene, m *message) { m.confirmation = s.confirm(bearer, s.ACS, s.Request, s.Now.Add(until)) })
	}
	until := func(d time.Duration) func(*Scene) string {
		return edited(func(s *Scene, m *message) { m.authn = s.statement(s.Now.Add(-2*hour), s.Now.Add(d)) })
	}
	unread := func(name string, part func(*message) *string) func(*Scene) string {
		return edited(func(_ *Scene, m *message) {
			p := part(m)
			*p = strings.Replace(*p, name+`="20`, name+`="x20`, 1)
		})
	}
	authn := func(m *message) *string { return &m.authn }
	return []Variant{
		{Name: "honest, valid for one more second", Mint: window(-hour, -skew+time.Second)},
		{Row: 7, Name: "conditions over by this second", Want: expired, Mint: window(-hour, -skew)},
		{Name: "honest, valid from this second on", Mint: window(skew, hour)},
		{Row: 7, Name: "conditions begin one second late", Want: early, Mint: window(skew+time.Second, hour)},
		{Name: "honest, confirmed for one more second", Mint: confirmed(-skew + time.Second)},
		{Row: 7, Name: "confirmation over by this second", Want: expired, Mint: confirmed(-skew)},
		{Row: 7, Name: "session over by this second", Want: expired, Mint: until(0)},
		{Name: "honest, issued as early as may be", Mint: edited(func(s *Scene, m *message) { m.instant = stamp(s.Now.Add(skew)) })},
		{Row: 7, Name: "issued one second too early", Want: early, Mint: edited(func(s *Scene, m *message) { m.instant = stamp(s.Now.Add(skew + time.Second)) })},
		{Row: 7, Name: "confirmation's end that is no time", Want: invalid, Mint: unread("NotOnOrAfter", func(m *message) *string { return &m.confirmation })},
		{Row: 7, Name: "session's end that is no time", Want: malformed, Mint: unread("SessionNotOnOrAfter", authn)},
		{Row: 7, Name: "time of the sign-in that is no time", Want: malformed, Mint: unread("AuthnInstant", authn)},
		{Row: 7, Name: "confirmation valid for two days", Want: invalid, Mint: confirmed(48 * hour)},
	}
}

// moreAddressing: every spelling of our address but one is another address.
func moreAddressing() []Variant {
	var all []Variant
	for name, change := range map[string]func(string) string{
		"in capitals": strings.ToUpper, "with a slash more": func(u string) string { return u + "/" },
		"with more behind it": func(u string) string { return u + "x" }, "with a query": func(u string) string { return u + "?x=1" },
		"with another port":     func(u string) string { return strings.Replace(u, "/saml/", ":8443/saml/", 1) },
		"of another connection": func(u string) string { return strings.Replace(u, "/saml/aws/", "/saml/other/", 1) },
	} {
		all = append(all, Variant{Row: 8, Name: "recipient " + name, Want: model.CodeRecipientMismatch, Mint: edited(func(s *Scene, m *message) {
			m.confirmation = s.confirm(bearer, change(s.ACS), s.Request, s.Now.Add(hour))
		})})
		if name == "with another port" || name == "with more behind it" || name == "of another connection" {
			all = append(all, Variant{Row: 8, Name: "destination " + name, Want: model.CodeDestinationMismatch, Mint: edited(func(s *Scene, m *message) {
				m.destination = change(s.ACS)
			})})
		}
	}
	return append(all,
		Variant{Row: 8, Name: "empty audience", Want: model.CodeAudienceMismatch, Mint: edited(func(s *Scene, m *message) {
			m.conditions = s.conditions(s.Now.Add(-time.Minute), s.Now.Add(hour), audience(""))
		})},
		Variant{Row: 8, Name: "Conditions in another namespace", Want: model.CodeMalformedResponse, Mint: edited(func(_ *Scene, m *message) {
			m.conditions = strings.ReplaceAll(m.conditions, "saml2:Conditions", "saml2p:Conditions")
		})},
		Variant{Row: 12, Name: "two halves, of which one is no bearer", Want: model.CodeRecipientMismatch, Mint: edited(func(s *Scene, m *message) {
			m.confirmation = s.confirm(bearer, "https://elsewhere.example.com/acs", s.Request, s.Now.Add(hour)) +
				s.confirm("urn:oasis:names:tc:SAML:2.0:cm:sender-vouches", s.ACS, s.Request, s.Now.Add(hour))
		})},
		Variant{Row: 12, Name: "assertion without a version", Want: model.CodeMalformedResponse, Mint: edited(func(_ *Scene, m *message) { m.version = "" })},
		Variant{Row: 12, Name: "response without a version", Want: model.CodeMalformedResponse, Mint: edited(func(_ *Scene, m *message) { m.responseVersion = "" })},
		Variant{Row: 12, Name: "name in the confirmation only", Want: model.CodeMalformedResponse, Mint: edited(func(_ *Scene, m *message) {
			m.confirmation = strings.Replace(m.confirmation, "<saml2:SubjectConfirmationData", m.nameID+"<saml2:SubjectConfirmationData", 1)
			m.nameID = ""
		})},
	)
}

// stableIDs: an id that looks like another's is nobody's, as with names.
func stableIDs() []Variant {
	id := func(text string) func(*Scene) string {
		return edited(func(_ *Scene, m *message) { m.attributes = strings.Replace(m.attributes, "id-alice", text, 1) })
	}
	return []Variant{
		{Row: 18, Name: "stable id with full-width letters", Want: model.CodeAttributeMissing, Mint: id("id-\uff41lice")},
		{Row: 18, Name: "stable id with a zero-width space", Want: model.CodeAttributeMissing, Mint: id("id-al\u200bice")},
		{Row: 18, Name: "stable id with text direction turned", Want: model.CodeAttributeMissing, Mint: id("id-\u202eecila")},
	}
}
