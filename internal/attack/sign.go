package attack

import (
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	_ "crypto/sha1"   // SHA-1, which must be refused
	_ "crypto/sha256" // SHA-256
	_ "crypto/sha512" // SHA-384 and SHA-512
	"encoding/base64"
	"strings"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

const (
	exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#"
	enveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
)

// signing is how one signature is made. The zero value is AWS's way.
type signing struct {
	key          *rsa.PrivateKey // nil: the trusted one
	hash, digest crypto.Hash     // zero: SHA-256
	method       string          // of the signature, as it is named; empty: RSA with the hash
	digestMethod string          // likewise
	hmacKey      []byte          // set: an HMAC in place of a signature
	keyInfo      *string         // nil: the trusted certificate
	transforms   string          // in place of AWS's two
	c14n         string          // canonicalization method of SignedInfo as it is named
	prefixes     string          // InclusiveNamespaces PrefixList
	lines        bool            // line feeds where AWS has them
	uri          *string         // of the reference; nil: the element's ID
	info         func(string) string
	after        func(string) string // changes the finished signature
}

var hashNames = map[crypto.Hash][2]string{
	crypto.MD5:    {"http://www.w3.org/2001/04/xmldsig-more#rsa-md5", "http://www.w3.org/2001/04/xmldsig-more#md5"},
	crypto.SHA1:   {dsigNS + "rsa-sha1", dsigNS + "sha1"},
	crypto.SHA256: {"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2001/04/xmlenc#sha256"},
	crypto.SHA384: {"http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", "http://www.w3.org/2001/04/xmldsig-more#sha384"},
	crypto.SHA512: {"http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", "http://www.w3.org/2001/04/xmlenc#sha512"},
}

// sign puts an enveloped signature behind the Issuer of the element with that
// ID. What it cannot sign, because the message is no XML any more, it leaves.
func (s *Scene) sign(xml, id string, o signing) string {
	if o.hash == 0 {
		o.hash = crypto.SHA256
	}
	if o.digest == 0 {
		o.digest = o.hash
	}
	canonical, ok := canonicalElement(xml, id, o.prefixes)
	if !ok {
		return xml
	}
	nl := ""
	if o.lines {
		nl = "\n"
	}
	info := s.signedInfo(id, nl, sum(o.digest, canonical), o)
	// SignedInfo is written in canonical form, but for the declaration that
	// canonicalization adds: the document declares the prefix at its root.
	signed := strings.Replace(info, "<ds:SignedInfo>", `<ds:SignedInfo xmlns:ds="`+dsigNS+`">`, 1)
	signature := "<ds:Signature>" + nl + info + nl + "<ds:SignatureValue>" + nl + base64.StdEncoding.EncodeToString(s.value([]byte(signed), o)) + nl +
		"</ds:SignatureValue>" + nl + s.keyInfo(o) + "</ds:Signature>"
	if o.after != nil {
		signature = o.after(signature)
	}
	at := strings.Index(xml, `ID="`+id+`"`)
	end := at + strings.Index(xml[at:], "</saml2:Issuer>") + len("</saml2:Issuer>")
	return xml[:end] + signature + xml[end:]
}

func (s *Scene) signedInfo(id, nl string, digest []byte, o signing) string {
	names := hashNames[o.hash]
	method, digestMethod := names[0], hashNames[o.digest][1]
	if o.method != "" {
		method = o.method
	}
	if o.digestMethod != "" {
		digestMethod = o.digestMethod
	}
	uri := "#" + id
	if o.uri != nil {
		uri = *o.uri
	}
	c14n := exclusive
	if o.c14n != "" {
		c14n = o.c14n
	}
	inclusive := `<ds:Transform Algorithm="` + exclusive + `"></ds:Transform>`
	if o.prefixes != "" {
		inclusive = `<ds:Transform Algorithm="` + exclusive + `"><ec:InclusiveNamespaces xmlns:ec="` + exclusive + `" PrefixList="` + o.prefixes +
			`"></ec:InclusiveNamespaces></ds:Transform>`
	}
	transforms := `<ds:Transform Algorithm="` + enveloped + `"></ds:Transform>` + nl + inclusive
	if o.transforms != "" {
		transforms = o.transforms
	}
	info := strings.Join([]string{"<ds:SignedInfo>", `<ds:CanonicalizationMethod Algorithm="` + c14n + `"></ds:CanonicalizationMethod>`,
		`<ds:SignatureMethod Algorithm="` + method + `"></ds:SignatureMethod>`, `<ds:Reference URI="` + uri + `">`, "<ds:Transforms>", transforms,
		"</ds:Transforms>", `<ds:DigestMethod Algorithm="` + digestMethod + `"></ds:DigestMethod>`,
		"<ds:DigestValue>" + base64.StdEncoding.EncodeToString(digest) + "</ds:DigestValue>", "</ds:Reference>", "</ds:SignedInfo>"}, nl)
	if o.info != nil {
		info = o.info(info)
	}
	return info
}

func (s *Scene) value(signed []byte, o signing) []byte {
	if o.hmacKey != nil {
		h := hmac.New(o.hash.New, o.hmacKey)
		_, _ = h.Write(signed) // a hash never fails
		return h.Sum(nil)
	}
	key := o.key
	if key == nil {
		key = s.Key
	}
	value, err := rsa.SignPKCS1v15(nil, key, o.hash, sum(o.hash, signed))
	if err != nil {
		return nil
	}
	return value
}

func (s *Scene) keyInfo(o signing) string {
	if o.keyInfo != nil {
		return *o.keyInfo
	}
	return keyInfo(s.Certificate)
}

// keyInfo names certificates, in that order.
func keyInfo(certificates ...[]byte) string {
	var b strings.Builder
	b.WriteString("<ds:KeyInfo><ds:X509Data>")
	for _, der := range certificates {
		b.WriteString("<ds:X509Certificate>" + base64.StdEncoding.EncodeToString(der) + "</ds:X509Certificate>")
	}
	b.WriteString("</ds:X509Data></ds:KeyInfo>")
	return b.String()
}

func sum(h crypto.Hash, data []byte) []byte {
	d := h.New()
	_, _ = d.Write(data) // a hash never fails
	return d.Sum(nil)
}

// canonicalElement is the exclusive canonical form of the element with that ID.
func canonicalElement(xml, id, prefixes string) ([]byte, bool) {
	doc := etree.NewDocument()
	if doc.ReadFromString(xml) != nil || doc.Root() == nil {
		return nil, false
	}
	found := doc.FindElement(`//*[@ID='` + id + `']`)
	if found == nil {
		return nil, false
	}
	if found != doc.Root() {
		found = detached(found, doc.Root())
	}
	canonical, err := dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList(prefixes).Canonicalize(found)
	return canonical, err == nil
}

// detached is an element with the namespaces that its document declares at the
// root. Unlike the library's own, it has no limit: messages beyond that of the
// verification must be signed, too.
func detached(e, root *etree.Element) *etree.Element {
	e = e.Copy()
	for _, a := range root.Attr {
		if a.Space == "xmlns" && e.SelectAttr(a.FullKey()) == nil {
			e.CreateAttr(a.FullKey(), a.Value)
		}
	}
	return e
}

// signed signs a message as AWS does, or as the layout says.
func (s *Scene) signed(m message, l Layout, o signing) string {
	xml := m.text()
	if l != ResponseOnly {
		xml = s.sign(xml, m.assertionID, o)
	}
	if l != AssertionOnly {
		xml = s.sign(xml, m.responseID, o)
	}
	return xml
}
