package onepass

import (
	"crypto"
	"crypto/rsa"
	_ "crypto/sha256" // by its number in crypto
	_ "crypto/sha512" // likewise
	"crypto/subtle"
	"encoding/base64"
	"strings"
)

// signed is what a signature says of itself.
type signed struct {
	hash         crypto.Hash // of SignedInfo
	digestHash   crypto.Hash // of the part
	digest       []byte
	value        []byte
	info         span // SignedInfo, canonical
	keyInfo      bool
	certificates []string // in KeyInfo, base64
}

// withoutSpace takes out what XML calls white space, and nothing else.
var withoutSpace = strings.NewReplacer(" ", "", "\t", "", "\n", "", "\r", "")

// Algorithms (XML Security Algorithm Cross-Reference; RFC 6931 §2.3). SHA-1 is not among
// them, and neither is anything that AWS does not use.
var (
	signatureHashes = map[string]crypto.Hash{
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256": crypto.SHA256,
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha384": crypto.SHA384,
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha512": crypto.SHA512,
	}
	digestHashes = map[string]crypto.Hash{
		"http://www.w3.org/2001/04/xmlenc#sha256":       crypto.SHA256,
		"http://www.w3.org/2001/04/xmldsig-more#sha384": crypto.SHA384,
		"http://www.w3.org/2001/04/xmlenc#sha512":       crypto.SHA512,
	}
)

const (
	algEnveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
	algExclusive = nsExclusive
)

// inclusive is the PrefixList of the second transform of a signature. It is read as it
// was received, because the form that it shapes is written first; without references,
// which are refused, the canonical SignedInfo has the same prefixes.
func (d *Document) inclusive(own int32) (prefixes, error) {
	all := Element{d, own}.find(signedInfo, reference, transforms)
	second := d.nodes[d.child(all.n, transform)].after
	list := d.child(second, inclusiveNamespaces)
	if list < 0 {
		return 0, nil
	}
	n := &d.nodes[list]
	for i := n.attrs.from; i < n.attrs.to; i++ {
		if a := &d.attrs[i]; d.is(a.local, "PrefixList") {
			return d.listed(string(d.bytes(a.value)))
		}
	}
	return 0, Refused("it has a list of prefixes that is none")
}

// listed are the bindings of a PrefixList. Prefixes that the message does not have mean
// nothing. "#default" is refused, which not every verifier knows, and so are blanks but
// between two prefixes, of which some make an empty one.
func (d *Document) listed(list string) (set prefixes, err error) {
	for prefix := range strings.SplitSeq(list, " ") {
		if prefix == "" || prefix == "#default" || prefix == "xml" || prefix == "xmlns" || strings.ContainsRune(prefix, '&') {
			return 0, Refused("it lists a prefix that is none")
		}
		for i := range d.bindings {
			if string(d.bindings[i].prefix) == prefix {
				set |= 1 << i
			}
		}
	}
	return set, nil
}

// readSignature reads what a signature over a node says, from the canonical form of its
// SignedInfo, and refuses every form but one.
func (d *Document) readSignature(own, over int32) (*signed, error) {
	e := Element{d, own}
	info := e.find(signedInfo)
	said := &signed{}
	var err error
	if said.info, err = d.write(info.n, -1, 0); err != nil {
		return nil, err
	}
	if method, _ := info.find(canonicalizationMethod).Attr("Algorithm"); method != algExclusive {
		return nil, Refused("a signature is canonicalized in another way")
	}
	method, _ := info.find(signatureMethod).Attr("Algorithm")
	ref := info.find(reference)
	digest, _ := ref.find(digestMethod).Attr("Algorithm")
	said.hash, said.digestHash = signatureHashes[method], digestHashes[digest]
	if said.hash == 0 || said.digestHash == 0 {
		return nil, Refused("a signature uses another algorithm")
	}
	id, _ := Element{d, over}.Attr("ID")
	if uri, _ := ref.Attr("URI"); id == "" || uri != "#"+id {
		return nil, Refused("a signature is about another element")
	}
	if err := d.checkTransforms(ref.find(transforms)); err != nil {
		return nil, err
	}
	said.digest = decoded(ref.find(digestValue).Text())
	said.value = decoded(d.received(e.find(signatureValue).n))
	if key, ok := e.Child(keyInfo); ok {
		said.keyInfo = true
		for c := range key.find(x509Data).Children() {
			said.certificates = append(said.certificates, withoutSpace.Replace(d.received(c.n)))
		}
	}
	return said, nil
}

// checkTransforms wants the enveloped signature taken out, and then exclusive
// canonicalization.
func (d *Document) checkTransforms(e Element) error {
	i := 0
	for t := range e.Children() {
		want := [...]string{algEnveloped, algExclusive}[i]
		_, listed := t.Child(inclusiveNamespaces)
		if algorithm, _ := t.Attr("Algorithm"); algorithm != want || listed && i == 0 {
			return Refused("a signature transforms in another way")
		}
		i++
	}
	return nil
}

// received is the text of an element as it was received, with its references resolved:
// for what no canonical form covers.
func (d *Document) received(n int32) string {
	w := writer{Document: &Document{}}
	w.value(d.bytes(d.nodes[n].text), false)
	return plain(w.canon)
}

// decoded reads base64 with line ends; nil, which fits nothing, where it is none.
func decoded(text string) []byte {
	data, err := base64.StdEncoding.Strict().DecodeString(text) // it passes over CR and LF
	if err != nil {
		return nil
	}
	return data
}

// Signed tells whether a part has a signature.
func (d *Document) Signed(p Part) bool { return d.parts[p].signature != nil }

// Certificates are those that the signature of a part names, base64 without white space;
// ok is false where it has no KeyInfo. Nothing vouches for them: they may only choose
// among certificates that are trusted already.
func (d *Document) Certificates(p Part) (base64 []string, ok bool) {
	s := d.parts[p].signature
	return s.certificates, s.keyInfo
}

// Verify is the element of a part, and whether its signature holds: the digest is that of
// the part's canonical form, and the signature that of SignedInfo's with the key. Without
// a signature that holds there is no element.
func (d *Document) Verify(p Part, key *rsa.PublicKey) (Element, bool) {
	part := &d.parts[p]
	s := part.signature
	if s == nil {
		return Element{}, false
	}
	if subtle.ConstantTimeCompare(sum(s.digestHash, d.canon[part.hashed.from:part.hashed.to]), s.digest) != 1 {
		return Element{}, false
	}
	if rsa.VerifyPKCS1v15(key, s.hash, sum(s.hash, d.canon[s.info.from:s.info.to]), s.value) != nil {
		return Element{}, false
	}
	return Element{d, part.node}, true
}

func sum(h crypto.Hash, data []byte) []byte {
	w := h.New()
	_, _ = w.Write(data) // a hash takes everything
	return w.Sum(nil)
}
