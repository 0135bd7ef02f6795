package onepass

import (
	"bytes"
	"strings"
)

// Document is a message that is in the language. Its signatures have the one form that
// is understood; whether they hold, [Document.Verify] tells.
type Document struct {
	data     []byte
	nodes    []node
	attrs    []attribute
	tokens   []token
	bindings []binding

	canon []byte // the canonical forms of Response, Assertion and each SignedInfo, one behind the other
	parts [parts]part
}

// Part is what has a signature of its own.
type Part uint8

// The parts of a message that are signed.
const (
	WholeResponse Part = iota
	TheAssertion
	parts
)

// part is where a signed part stands, and what its signature says.
type part struct {
	node      int32
	hashed    span // its canonical form without its own signature
	signature *signed
}

// Read reads a message: one Response with the status of success and one Assertion in
// it. The error is a [Refused]. The message must not be changed as long as the document
// is in use.
func Read(data []byte) (*Document, error) {
	size := bytes.Count(data, []byte("<"))/2 + 1
	d := &Document{data: data, nodes: make([]node, 0, min(size, maxElements)), attrs: make([]attribute, 0, size), tokens: make([]token, 0, 3*size)}
	s := scanner{Document: d, stack: make([]frame, 0, maxDepth)}
	if err := s.scan(); err != nil {
		return nil, err
	}
	if err := d.canonicalize(); err != nil {
		return nil, err
	}
	if code, _ := d.Claimed(WholeResponse).find(Status, StatusCode).Attr("Value"); code != statusSuccess {
		return nil, Refused("its status is not success")
	}
	return d, nil
}

const statusSuccess = "urn:oasis:names:tc:SAML:2.0:status:Success"

// canonicalize writes all canonical forms, and reads what the signatures say. The
// Response comes first: of what stands in it and in another form, the other counts,
// because that is what the inner signature covers.
func (d *Document) canonicalize() error {
	d.canon = make([]byte, 0, 2*len(d.data)+len(d.data)/4)
	var lists [parts]prefixes
	for p := range parts {
		part := &d.parts[p]
		if p == TheAssertion {
			part.node = d.child(0, Assertion)
		}
		own := d.child(part.node, signature)
		if own >= 0 {
			var err error
			if lists[p], err = d.inclusive(own); err != nil {
				return err
			}
		}
		var err error
		if part.hashed, err = d.write(part.node, own, lists[p]); err != nil {
			return err
		}
	}
	covered := lists[WholeResponse] | d.nodes[0].used | d.nodes[d.parts[TheAssertion].node].used
	if d.child(0, signature) >= 0 && lists[TheAssertion]&^covered != 0 {
		// Who takes the Assertion out of the verified Response does not find the prefix.
		return Refused("it lists a prefix that the signature of the Response does not cover")
	}
	for p := range parts {
		if own := d.child(d.parts[p].node, signature); own >= 0 {
			said, err := d.readSignature(own, d.parts[p].node)
			if err != nil {
				return err
			}
			d.parts[p].signature = said
		}
	}
	return nil
}

// child is the first child of a kind; -1 when there is none.
func (d *Document) child(of int32, kind Kind) int32 {
	for i := of + 1; i < d.nodes[of].after; i = d.nodes[i].after {
		if d.nodes[i].kind == kind {
			return i
		}
	}
	return -1
}

func (d *Document) bytes(s span) []byte { return d.data[s.from:s.to] }

func (d *Document) is(s span, text string) bool { return string(d.data[s.from:s.to]) == text }

// namespace is the namespace of an attribute's prefix.
func (d *Document) namespace(prefix int8) string {
	switch prefix {
	case noPrefix:
		return ""
	case xmlPrefix:
		return nsXML
	}
	return string(d.bindings[prefix].space)
}

// order compares two attributes of an element (Canonical XML §4.8): by namespace, none
// first, then by local name.
func (d *Document) order(a, b *attribute) int {
	if a.prefix != b.prefix {
		if n := strings.Compare(d.namespace(a.prefix), d.namespace(b.prefix)); n != 0 {
			return n
		}
	}
	return bytes.Compare(d.bytes(a.local), d.bytes(b.local))
}
