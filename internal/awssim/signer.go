package awssim

import (
	"crypto"
	"crypto/rsa"
	_ "crypto/sha1"   // for crypto.SHA1: AWS lets administrators choose it
	_ "crypto/sha256" // for crypto.SHA256
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

const (
	dsigNS       = "http://www.w3.org/2000/09/xmldsig#"
	exclusiveC14 = "http://www.w3.org/2001/10/xml-exc-c14n#"
	enveloped    = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
)

// signer makes enveloped XML signatures laid out like those of AWS: a line
// feed after each part of SignedInfo, and the value in lines of 76 characters.
type signer struct {
	key         *rsa.PrivateKey
	certificate []byte      // DER
	hash        crypto.Hash // SHA256 or SHA1
	inclusive   []string    // InclusiveNamespaces PrefixList
}

// sign inserts a signature after the first child (the Issuer) of e. Outside
// are the namespaces declared around e.
func (s *signer) sign(e *element, outside []pair) error {
	id := ""
	for _, a := range e.attrs {
		if a.name == "ID" {
			id = a.value
		}
	}
	digest := s.digest(e.canonical(outside, s.inclusive))
	info := s.signedInfo(id, digest)
	// The prefix ds is declared at the root of the document, outside SignedInfo.
	inner := slices.Concat(outside, e.spaces, []pair{{"ds", dsigNS}})
	value, err := rsa.SignPKCS1v15(nil, s.key, s.hash, s.digest(info.canonical(inner, nil)))
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	certificate := el("ds:X509Certificate").add(text(base64.StdEncoding.EncodeToString(s.certificate)))
	signature := el("ds:Signature").add(
		text("\n"), info, text("\n"),
		el("ds:SignatureValue").add(text("\n"+wrap(base64.StdEncoding.EncodeToString(value), 76)+"\n")),
		text("\n"),
		el("ds:KeyInfo").add(el("ds:X509Data").add(certificate)),
	)
	e.children = slices.Insert(e.children, 1, node(signature))
	return nil
}

func (s *signer) digest(data []byte) []byte {
	h := s.hash.New()
	_, _ = h.Write(data) // a hash never fails
	return h.Sum(nil)
}

func (s *signer) signedInfo(id string, digest []byte) *element {
	signatureMethod, digestMethod := "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2001/04/xmlenc#sha256"
	if s.hash == crypto.SHA1 {
		signatureMethod, digestMethod = dsigNS+"rsa-sha1", dsigNS+"sha1"
	}
	c14n := el("ds:Transform", "Algorithm", exclusiveC14)
	if len(s.inclusive) > 0 {
		c14n.add(el("ec:InclusiveNamespaces", "PrefixList", strings.Join(s.inclusive, " ")).declare("ec", exclusiveC14))
	}
	return el("ds:SignedInfo").add(lines(
		el("ds:CanonicalizationMethod", "Algorithm", exclusiveC14),
		el("ds:SignatureMethod", "Algorithm", signatureMethod),
		el("ds:Reference", "URI", "#"+id).add(lines(
			el("ds:Transforms").add(lines(el("ds:Transform", "Algorithm", enveloped), c14n)...),
			el("ds:DigestMethod", "Algorithm", digestMethod),
			el("ds:DigestValue").add(text(base64.StdEncoding.EncodeToString(digest))),
		)...),
	)...)
}

// lines puts a line feed before, between and after elements.
func lines(elements ...*element) []node {
	nodes := []node{text("\n")}
	for _, e := range elements {
		nodes = append(nodes, e, text("\n"))
	}
	return nodes
}

// wrap breaks s into lines of n characters.
func wrap(s string, n int) string {
	var b strings.Builder
	for len(s) > n {
		b.WriteString(s[:n] + "\n")
		s = s[n:]
	}
	b.WriteString(s)
	return b.String()
}
