package attack

import (
	"crypto"
	"encoding/base64"
	"math/big"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

const (
	sha512 = crypto.SHA512
	hour   = time.Hour
)

// signedContent: nothing outside the signatures counts, and what they cover
// cannot be changed.
func signedContent() []Variant {
	sigInvalid := model.CodeSignatureInvalid
	return []Variant{
		{Row: 1, Name: "name changed", Want: sigInvalid, Mint: replaced(">alice<", ">admin<")},
		{Row: 1, Name: "name grown", Want: sigInvalid, Mint: replaced(">alice<", ">alice.evil.example<")},
		{Row: 1, Name: "email changed", Want: sigInvalid, Mint: replaced(">alice@example.com<", ">admin@example.com<")},
		{Row: 1, Name: "audience changed", Want: sigInvalid, Mint: tampered(func(s *Scene, xml string) string {
			return strings.Replace(xml, "<saml2:Audience>"+s.Audience, "<saml2:Audience>urn:other", 1)
		})},
		{Row: 1, Name: "end of validity changed", Want: sigInvalid, Mint: func(s *Scene) string {
			now := s.Now
			s.Now = now.Add(-3 * hour)
			xml := edited(nil)(s)
			s.Now = now
			return strings.ReplaceAll(xml, stamp(now.Add(-2*hour)), stamp(now.Add(hour)))
		}},
		{Row: 1, Name: "envelope's destination changed", Want: sigInvalid, Mint: func(s *Scene) string {
			ours := s.ACS
			s.ACS = "https://elsewhere.example.com/acs"
			xml := edited(func(s *Scene, m *message) { m.confirmation = s.confirm(bearer, ours, s.Request, s.Now.Add(hour)) })(s)
			s.ACS = ours
			return strings.Replace(xml, "https://elsewhere.example.com/acs", ours, 1)
		}},
		{Row: 1, Name: "envelope forged around a signed assertion", Want: model.CodeInResponseToUnknown, AssertionOnly: true, Mint: func(s *Scene) string {
			m := s.aws()
			m.confirmation = s.confirm(bearer, s.ACS, "_of_another_request", s.Now.Add(hour))
			return s.signed(m, AssertionOnly, signing{})
		}},
		{Row: 1, Name: "digest of nothing", Want: sigInvalid, Mint: func(s *Scene) string {
			m := s.aws()
			xml := s.signed(m, Both, signing{})
			return replaceDigest(xml, base64.StdEncoding.EncodeToString(sum(crypto.SHA256, nil)))
		}},
		{Row: 1, Name: "attribute added", Want: sigInvalid, Mint: inserted("</saml2:AttributeStatement>", attribute("groups", "admins"))},
	}
}

// trustAnchor: only a stored certificate counts, whatever the message says.
func trustAnchor() []Variant {
	unknown, invalid := model.CodeCertificateUnknown, model.CodeSignatureInvalid
	by := func(info func(*Scene) string) func(*Scene) string {
		return signedWith(func(s *Scene) signing {
			text := info(s)
			return signing{key: s.AttackerKey, keyInfo: &text}
		})
	}
	fixed := func(text string) func(*Scene) string { return by(func(*Scene) string { return text }) }
	return []Variant{
		{Row: 2, Name: "attacker's key and certificate", Want: unknown, Mint: by(func(s *Scene) string { return keyInfo(s.AttackerCertificate) })},
		{Row: 2, Name: "attacker's key, trusted certificate", Want: invalid, Mint: by(func(s *Scene) string { return keyInfo(s.Certificate) })},
		{Row: 2, Name: "attacker's key, both certificates", Want: unknown, Mint: by(func(s *Scene) string { return keyInfo(s.AttackerCertificate, s.Certificate) })},
		{Row: 2, Name: "attacker's key, both certificates the other way around", Want: invalid,
			Mint: by(func(s *Scene) string { return keyInfo(s.Certificate, s.AttackerCertificate) })},
		{Row: 2, Name: "attacker's key, no KeyInfo", Want: invalid, Mint: fixed("")},
		{Row: 2, Name: "attacker's key as RSAKeyValue", Want: model.CodeMalformedResponse, Mint: by(func(s *Scene) string {
			b64 := func(n *big.Int) string { return base64.StdEncoding.EncodeToString(n.Bytes()) }
			return "<ds:KeyInfo><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>" + b64(s.AttackerKey.N) +
				"</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>"
		})},
		{Row: 2, Name: "KeyName", Want: model.CodeMalformedResponse, Mint: fixed("<ds:KeyInfo><ds:KeyName>aws</ds:KeyName></ds:KeyInfo>")},
		{Row: 2, Name: "RetrievalMethod", Want: model.CodeMalformedResponse, Mint: fixed(`<ds:KeyInfo><ds:RetrievalMethod URI="http://169.254.169.254/key">` +
			`</ds:RetrievalMethod></ds:KeyInfo>`)},
		{Row: 2, Name: "subject name and serial number", Want: model.CodeMalformedResponse,
			Mint: fixed("<ds:KeyInfo><ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>CN=AWS</ds:X509IssuerName>" +
				"<ds:X509SerialNumber>1</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data></ds:KeyInfo>")},
		{Row: 2, Name: "certificate is garbage", Want: unknown,
			Mint: fixed("<ds:KeyInfo><ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data></ds:KeyInfo>")},
		{Row: 2, Name: "five certificates", Want: model.CodeMalformedResponse, Mint: by(func(s *Scene) string {
			c := s.Certificate
			return keyInfo(c, c, c, c, c)
		})},
	}
}

// signatureShape: a signature has one form.
func signatureShape() []Variant {
	malformed := model.CodeMalformedResponse
	after := func(from, to string) func(*Scene) string {
		return signedWith(func(*Scene) signing {
			return signing{after: func(sig string) string { return strings.Replace(sig, from, to, 1) }}
		})
	}
	info := func(from, to string) func(*Scene) string {
		return signedWith(func(*Scene) signing {
			return signing{info: func(i string) string { return strings.Replace(i, from, to, 1) }}
		})
	}
	uri := func(text string) func(*Scene) string {
		return signedWith(func(*Scene) signing { return signing{uri: &text} })
	}
	return []Variant{
		{Row: 3, Name: "no signature", Want: model.CodeSignatureMissing, Mint: func(s *Scene) string { m := s.aws(); return m.text() }},
		{Row: 3, Name: "response alone signed", Want: model.CodeSignatureMissing, Mint: func(s *Scene) string { return s.signed(s.aws(), ResponseOnly, signing{}) }},
		{Row: 3, Name: "response alone signed where the assertion must be", Want: model.CodeSignatureMissing, AssertionOnly: true,
			Mint: func(s *Scene) string { return s.signed(s.aws(), ResponseOnly, signing{}) }},
		{Row: 3, Name: "assertion alone signed", Want: model.CodeSignatureMissing,
			Mint: func(s *Scene) string { return s.signed(s.aws(), AssertionOnly, signing{}) }},
		{Row: 3, Name: "two signatures on one element", Want: malformed, Mint: func(s *Scene) string {
			m := s.aws()
			xml := s.signed(m, Both, signing{})
			return s.sign(xml, m.responseID, signing{})
		}},
		{Row: 3, Name: "signature elsewhere", Want: malformed, Mint: tampered(func(_ *Scene, xml string) string {
			sig := firstElement(xml, "ds:Signature")
			return strings.Replace(xml, "</saml2p:Status>", sig+"</saml2p:Status>", 1)
		})},
		{Row: 3, Name: "two SignedInfo", Want: malformed, Mint: signedWith(func(*Scene) signing {
			return signing{after: func(sig string) string {
				i := firstElement(sig, "ds:SignedInfo")
				return strings.Replace(sig, i, i+i, 1)
			}}
		})},
		{Row: 3, Name: "two SignatureValue", Want: malformed, Mint: after("<ds:SignatureValue>", "<ds:SignatureValue>AAAA</ds:SignatureValue><ds:SignatureValue>")},
		{Row: 3, Name: "two KeyInfo", Want: malformed, Mint: after("<ds:KeyInfo>", "<ds:KeyInfo></ds:KeyInfo><ds:KeyInfo>")},
		{Row: 3, Name: "Object", Want: malformed, Mint: after("</ds:Signature>", "<ds:Object>x</ds:Object></ds:Signature>")},
		{Row: 3, Name: "two references", Want: malformed, Mint: signedWith(func(*Scene) signing {
			return signing{info: func(i string) string {
				r := firstElement(i, "ds:Reference")
				return strings.Replace(i, r, r+r, 1)
			}}
		})},
		{Row: 3, Name: "no reference", Want: malformed, Mint: signedWith(func(*Scene) signing {
			return signing{info: func(i string) string { return strings.Replace(i, firstElement(i, "ds:Reference"), "", 1) }}
		})},
		{Row: 3, Name: "reference to the whole document", Want: model.CodeSignatureInvalid, Mint: uri("")},
		{Row: 3, Name: "reference by xpointer", Want: model.CodeSignatureInvalid, Mint: uri("#xpointer(/)")},
		{Row: 3, Name: "reference to the web", Want: model.CodeSignatureInvalid, Mint: uri("http://169.254.169.254/")},
		{Row: 3, Name: "reference to a file", Want: model.CodeSignatureInvalid, Mint: uri("file:///etc/passwd")},
		{Row: 3, Name: "reference to another element", Want: model.CodeSignatureInvalid, Mint: uri("#_elsewhere")},
		{Row: 3, Name: "empty SignatureValue", Want: model.CodeSignatureInvalid, Mint: signedWith(func(*Scene) signing {
			return signing{after: func(sig string) string {
				return strings.Replace(sig, firstElement(sig, "ds:SignatureValue"), "<ds:SignatureValue></ds:SignatureValue>", 1)
			}}
		})},
		{Row: 3, Name: "SignatureValue is garbage", Want: model.CodeSignatureInvalid, Mint: after("<ds:SignatureValue>", "<ds:SignatureValue>!!!!")},
		{Row: 3, Name: "no SignatureValue", Want: malformed, Mint: signedWith(func(*Scene) signing {
			return signing{after: func(sig string) string { return strings.Replace(sig, firstElement(sig, "ds:SignatureValue"), "", 1) }}
		})},
		{Row: 3, Name: "comment in the digest", Want: malformed, Mint: info("<ds:DigestValue>", "<ds:DigestValue>AAAA<!-- -->")},
		{Row: 3, Name: "comment in SignedInfo", Want: malformed, Mint: info("<ds:Reference", "<!-- x --><ds:Reference")},
		{Row: 3, Name: "processing instruction in SignedInfo", Want: malformed, Mint: info("<ds:Reference", "<?x y?><ds:Reference")},
		{Row: 3, Name: "three transforms", Want: malformed, Mint: signedWith(func(*Scene) signing {
			t := `<ds:Transform Algorithm="` + exclusive + `"></ds:Transform>`
			return signing{transforms: `<ds:Transform Algorithm="` + enveloped + `"></ds:Transform>` + t + t}
		})},
		{Row: 3, Name: "only canonicalization", Want: model.CodeSignatureAlgorithm, Mint: signedWith(func(*Scene) signing {
			return signing{transforms: `<ds:Transform Algorithm="` + exclusive + `"></ds:Transform>`}
		})},
	}
}

// algorithms: those on the list, and no others.
func algorithms() []Variant {
	refused := model.CodeSignatureAlgorithm
	with := func(o signing) func(*Scene) string { return signedWith(func(*Scene) signing { return o }) }
	transform := func(algorithm string) func(*Scene) string {
		return with(signing{transforms: `<ds:Transform Algorithm="` + enveloped + `"></ds:Transform><ds:Transform Algorithm="` + algorithm + `"></ds:Transform>`})
	}
	return []Variant{
		{Row: 6, Name: "SHA-1", Want: refused, Mint: with(signing{hash: crypto.SHA1})},
		{Row: 6, Name: "SHA-1 signature, SHA-256 digest", Want: refused, Mint: with(signing{hash: crypto.SHA1, digest: crypto.SHA256})},
		{Row: 6, Name: "SHA-256 signature, SHA-1 digest", Want: refused, Mint: with(signing{digest: crypto.SHA1})},
		{Row: 6, Name: "MD5 digest as named", Want: refused, Mint: with(signing{digestMethod: "http://www.w3.org/2001/04/xmldsig-more#md5"})},
		{Row: 6, Name: "HMAC with the certificate as the key", Want: refused, Mint: signedWith(func(s *Scene) signing {
			return signing{hmacKey: s.Certificate, method: "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"}
		})},
		{Row: 6, Name: "HMAC-SHA1 with an empty key", Want: refused, Mint: with(signing{hmacKey: []byte{}, hash: crypto.SHA1, method: dsigNS + "hmac-sha1"})},
		{Row: 6, Name: "DSA", Want: refused, Mint: with(signing{method: dsigNS + "dsa-sha1"})},
		{Row: 6, Name: "ECDSA", Want: refused, Mint: with(signing{method: "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"})},
		{Row: 6, Name: "unknown algorithm", Want: refused, Mint: with(signing{method: "urn:none"})},
		{Row: 6, Name: "no algorithm", Want: refused, Mint: signedWith(func(*Scene) signing {
			return signing{info: func(i string) string {
				return strings.Replace(i, ` Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"`, "", 1)
			}}
		})},
		{Row: 6, Name: "canonicalization with comments", Want: refused, Mint: with(signing{c14n: exclusive + "WithComments"})},
		{Row: 6, Name: "inclusive canonicalization", Want: refused, Mint: with(signing{c14n: "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"})},
		{Row: 6, Name: "XSLT transform", Want: refused, Mint: transform("http://www.w3.org/TR/1999/REC-xslt-19991116")},
		{Row: 6, Name: "XPath transform", Want: refused, Mint: transform("http://www.w3.org/TR/1999/REC-xpath-19991116")},
		{Row: 6, Name: "base64 transform", Want: refused, Mint: transform(dsigNS + "base64")},
		{Row: 6, Name: "transform with comments", Want: refused, Mint: transform(exclusive + "WithComments")},
	}
}

// replaceDigest puts a digest into every reference.
func replaceDigest(xml, digest string) string {
	old := firstElement(xml, "ds:DigestValue")
	return strings.ReplaceAll(xml, old, "<ds:DigestValue>"+digest+"</ds:DigestValue>")
}

// firstElement is the text of the first element with that name, which holds none
// of the same name.
func firstElement(xml, name string) string {
	begin := strings.Index(xml, "<"+name)
	if begin < 0 {
		return ""
	}
	end := strings.Index(xml[begin:], "</"+name+">")
	if end < 0 {
		return ""
	}
	return xml[begin : begin+end+len(name)+3]
}
