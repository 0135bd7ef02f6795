package attack

import (
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

// wrapping moves the signed part aside and puts a forged one where it is read.
func wrapping() []Variant {
	malformed, several := model.CodeMalformedResponse, model.CodeMultipleAssertions
	var all []Variant
	for _, l := range []Layout{Both, ResponseOnly, AssertionOnly} {
		for _, w := range wraps {
			v := Variant{Row: 4, Name: w.name + ", signed: " + string(l), Want: w.want, AssertionOnly: l == AssertionOnly}
			v.Mint = func(s *Scene) string {
				m := s.aws()
				return w.wrap(newParts(s, m, l))
			}
			all = append(all, v)
		}
	}
	root := func(name string) func(*Scene) string {
		return func(s *Scene) string {
			m := s.aws()
			m.root = name
			return s.signed(m, Both, signing{})
		}
	}
	return append(all,
		Variant{Row: 4, Name: "assertion as the root", Want: malformed, Mint: func(s *Scene) string {
			p := newParts(s, s.aws(), Both)
			return strings.Replace(p.assertion, "<saml2:Assertion", "<saml2:Assertion"+p.m.namespaces, 1)
		}},
		Variant{Row: 4, Name: "LogoutResponse", Want: malformed, Mint: root("saml2p:LogoutResponse")},
		Variant{Row: 4, Name: "ArtifactResponse", Want: malformed, Mint: root("saml2p:ArtifactResponse")},
		Variant{Row: 4, Name: "Response in the assertion's namespace", Want: malformed, Mint: root("saml2:Response")},
		Variant{Row: 4, Name: "SOAP around it", Want: malformed, Mint: func(s *Scene) string {
			xml := strings.TrimPrefix(edited(nil)(s), `<?xml version="1.0" encoding="UTF-8"?>`)
			return `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>` + xml + `</soap:Body></soap:Envelope>`
		}},
		Variant{Row: 4, Name: "two roots", Want: malformed, Mint: tampered(func(_ *Scene, xml string) string {
			return xml + strings.TrimPrefix(xml, `<?xml version="1.0" encoding="UTF-8"?>`)
		})},
		Variant{Row: 4, Name: "encrypted assertion beside it", Want: model.CodeEncryptedAssertion,
			Mint: inserted("</saml2p:Response>", "<saml2:EncryptedAssertion></saml2:EncryptedAssertion>")},
		Variant{Row: 4, Name: "two genuine assertions", Want: several, Mint: func(s *Scene) string {
			m, other := s.aws(), s.aws()
			m.beforeAssertion = other.assertion()
			xml := s.sign(m.text(), other.assertionID, signing{})
			return s.sign(s.sign(xml, m.assertionID, signing{}), m.responseID, signing{})
		}},
		Variant{Row: 4, Name: "assertion without ID", Want: malformed, Mint: tampered(func(_ *Scene, xml string) string {
			at := strings.Index(xml, "<saml2:Assertion")
			return xml[:at] + strings.Replace(xml[at:], " ID=", " Id=", 1)
		})},
		Variant{Row: 4, Name: "xml:id", Want: malformed, Mint: replaced("<saml2:Subject>", `<saml2:Subject xml:id="_x">`)},
		Variant{Row: 4, Name: "ID in a namespace", Want: malformed, Mint: replaced("<saml2:Subject>", `<saml2:Subject saml2:ID="_x">`)},
		Variant{Row: 4, Name: "assertion in another namespace", Want: malformed,
			Mint: replaced("</saml2p:Response>", `<x:Assertion xmlns:x="urn:x"/></saml2p:Response>`)},
	)
}

// parts are what the wrapping attacks rearrange.
type parts struct {
	m         message
	whole     string // the signed message
	response  string // the same without the XML declaration
	signature string // of the response; empty: not signed
	assertion string // signed
	bare      string // the assertion without signature
	assertSig string
	evil      string // a forged assertion with an ID of its own
	twin      string // a forged assertion with the ID of the genuine one
}

func newParts(s *Scene, m message, l Layout) parts {
	p := parts{m: m, whole: s.signed(m, l, signing{})}
	p.response = strings.TrimPrefix(p.whole, m.prolog)
	begin := strings.Index(p.whole, "<saml2:Assertion")
	end := strings.Index(p.whole, "</saml2:Assertion>") + len("</saml2:Assertion>")
	p.assertion = p.whole[begin:end]
	if l != ResponseOnly {
		p.assertSig = firstElement(p.assertion, "ds:Signature")
	}
	p.bare = strings.Replace(p.assertion, p.assertSig, "", 1)
	if l != AssertionOnly {
		p.signature = firstElement(p.whole[:begin], "ds:Signature")
	}
	forged := strings.ReplaceAll(p.bare, "alice", "admin")
	p.twin = forged
	p.evil = strings.Replace(forged, m.assertionID, s.newID(), 1)
	return p
}

// with is the message with another text in place of the assertion.
func (p parts) with(assertion string) string {
	return strings.Replace(p.whole, p.assertion, assertion, 1)
}

// into puts something before a place in an assertion.
func into(assertion, before, what string) string {
	return strings.Replace(assertion, before, what+before, 1)
}

// signedBy puts a signature behind the issuer.
func signedBy(assertion, signature string) string {
	return strings.Replace(assertion, "</saml2:Issuer>", "</saml2:Issuer>"+signature, 1)
}

// evilResponse is a forged response with an ID of its own around an assertion.
func (p parts) evilResponse(signature, more, assertion string) string {
	m := p.m
	m.responseID = "_e" + randomHex()
	text := m.text()
	text = strings.Replace(text, m.assertion(), more+assertion, 1)
	return strings.Replace(text, "</saml2:Issuer>", "</saml2:Issuer>"+signature, 1)
}

func inSignature(signature, what string) string {
	return strings.Replace(signature, "</ds:Signature>", what+"</ds:Signature>", 1)
}

func object(what string) string { return "<ds:Object>" + what + "</ds:Object>" }

// anySignature is that of the response, else that of the assertion.
func (p parts) anySignature() string {
	if p.signature != "" {
		return p.signature
	}
	return p.assertSig
}

type wrap struct {
	name string
	want model.Code
	wrap func(parts) string
}

// wraps are the eight classic arrangements (Somorovsky et al., “On Breaking
// SAML”, 2012), and others that were found since. Each is tried on messages
// whose response, assertion, or both are signed.
var wraps = []wrap{
	{"XSW1, genuine response inside the signature", model.CodeSignatureInvalid, func(p parts) string {
		return p.evilResponse(inSignature(p.anySignature(), p.response), "", p.evil)
	}},
	{"XSW2, genuine response before the signature", model.CodeMalformedResponse, func(p parts) string {
		return p.evilResponse(p.response+p.anySignature(), "", p.evil)
	}},
	{"XSW3, forged assertion first", model.CodeMultipleAssertions, func(p parts) string { return p.with(p.evil + p.assertion) }},
	{"XSW4, genuine assertion inside the forged one", model.CodeMultipleAssertions, func(p parts) string {
		return p.with(into(p.evil, "</saml2:Assertion>", p.assertion))
	}},
	{"XSW5, forged assertion bears the signature, genuine one last", model.CodeSignatureInvalid, func(p parts) string {
		return p.with(signedBy(p.evil, p.anySignature()) + p.bare)
	}},
	{"XSW6, genuine assertion inside the forged one's signature", model.CodeSignatureInvalid, func(p parts) string {
		return p.with(signedBy(p.evil, inSignature(p.anySignature(), p.bare)))
	}},
	{"XSW7, forged assertion in Extensions", model.CodeMalformedResponse, func(p parts) string {
		return p.with("<saml2p:Extensions>" + p.evil + "</saml2p:Extensions>" + p.assertion)
	}},
	{"XSW8, genuine assertion in the signature's Object", model.CodeSignatureInvalid, func(p parts) string {
		return p.with(signedBy(p.evil, inSignature(p.anySignature(), object(p.bare))))
	}},
	{"XSW9, forged assertion with the same ID first", model.CodeMalformedResponse, func(p parts) string { return p.with(p.twin + p.assertion) }},
	{"forged assertion with the same ID last", model.CodeMalformedResponse, func(p parts) string { return p.with(p.assertion + p.twin) }},
	{"genuine assertion in Extensions", model.CodeMalformedResponse, func(p parts) string {
		return p.with("<saml2p:Extensions>" + p.assertion + "</saml2p:Extensions>" + p.evil)
	}},
	{"genuine assertion in StatusDetail", model.CodeMalformedResponse, func(p parts) string {
		return strings.Replace(p.with(p.evil), "</saml2p:Status>", "<saml2p:StatusDetail>"+p.assertion+"</saml2p:StatusDetail></saml2p:Status>", 1)
	}},
	{"genuine assertion in Advice", model.CodeMalformedResponse, func(p parts) string {
		return p.with(into(p.evil, "<saml2:AuthnStatement", "<saml2:Advice>"+p.assertion+"</saml2:Advice>"))
	}},
	{"forged assertion in Advice", model.CodeMalformedResponse, func(p parts) string {
		return p.with(into(p.assertion, "<saml2:AuthnStatement", "<saml2:Advice>"+p.evil+"</saml2:Advice>"))
	}},
	{"genuine assertion in an attribute value", model.CodeMultipleAssertions, func(p parts) string {
		return p.with(into(p.evil, "</saml2:AttributeStatement>", `<saml2:Attribute Name="x"><saml2:AttributeValue>`+p.assertion+
			`</saml2:AttributeValue></saml2:Attribute>`))
	}},
	{"genuine response inside the forged one", model.CodeMalformedResponse, func(p parts) string {
		return p.evilResponse("", p.response, p.evil)
	}},
}
