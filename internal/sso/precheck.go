package sso

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/postern-sso/postern/internal/model"
)

// Limits of a message. AWS's own maximum of 50,000 characters is far below.
const (
	maxDepth        = 64
	maxElements     = 2000
	maxAttributes   = 64 // of one element
	maxAllAttrs     = 4000
	maxCertificates = 4 // in one KeyInfo
)

// shape is what the pre-check learned from the raw tokens. Nothing of it is
// trusted: it decides only what is refused and which stored certificate is tried.
type shape struct {
	statusCodes    []string // outermost first
	statusMessage  string
	assertions     int
	issuer         string // of the Response, else of the Assertion
	answers        bool   // the Response names a request
	detailed       bool   // the status has a detail with elements
	responseSigned *signatureShape
	assertSigned   *signatureShape
}

// signatureShape is what a signature says about itself.
type signatureShape struct {
	certificates []string // base64, as in KeyInfo
	hasKeyInfo   bool
	blanks       bool // inside of the signature's value, or of the digest's
	transforms   int
}

// frame is one open element.
type frame struct {
	raw      xml.Name // prefix and local name, for the end tag
	name     qname
	id       string
	counts   [maxGrammarChildren]uint16
	prefixes []string // bound by this element
	text     *strings.Builder
	free     bool // in the detail of a status, which may hold anything
}

// precheck walks over the raw tokens of a message and refuses by lexical shape,
// before any tree is built. What passes has one meaning for every parser: UTF-8,
// no DTD, no entity but the five, no comment, no CDATA, no processing
// instruction, every prefix bound once to one namespace, every element where
// the grammar has it and as often as the grammar allows, every ID unique.
type precheck struct {
	shape    shape
	stack    []frame
	bound    map[string]string // prefix to namespace, for the whole document
	inScope  map[string]int
	ids      map[string]bool
	elements int
	attrs    int
	closed   bool // the root element has ended
	current  *signatureShape
}

// refuse makes a refusal in the fixed form of this file.
func refuse(cause model.Cause, format string, args ...any) *model.Refusal {
	return &model.Refusal{Code: codes[cause], Cause: cause, Detail: fmt.Sprintf(format, args...)}
}

// inspectShape runs the pre-check over a whole message.
func inspectShape(data []byte) (shape, *model.Refusal) {
	if r := checkBytes(data); r != nil {
		return shape{}, r
	}
	p := precheck{
		bound:   map[string]string{"xml": nsXML},
		inScope: map[string]int{"xml": 1},
		ids:     make(map[string]bool, 8),
	}
	d := xml.NewDecoder(bytes.NewReader(data))
	d.Strict = true
	for first := true; ; first = false {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return p.shape, refuse(model.CauseDamaged, "The message is not well-formed XML.")
		}
		if r := p.token(token, first); r != nil {
			return p.shape, r
		}
	}
	if !p.closed || len(p.stack) > 0 {
		return p.shape, refuse(model.CauseDamaged, "The message ends before its last element does.")
	}
	return p.shape, p.verdict()
}

// checkBytes refuses what no token shows: a wrong encoding, CDATA, which the
// decoder gives out as plain text.
func checkBytes(data []byte) *model.Refusal {
	switch {
	case len(data) > MaxXML:
		return Refuse(model.CauseTooLarge, "at most "+model.Number(MaxXML)+" bytes", model.Number(len(data))+" bytes", "")
	case !utf8.Valid(data):
		return refuse(model.CauseDamaged, "The message is not valid UTF-8.")
	case bytes.Contains(data, []byte("<!DOCTYPE")), bytes.Contains(data, []byte("<!ENTITY")):
		return refuse(model.CauseDTD, "The message has a document type declaration.")
	case bytes.Contains(data, []byte("<![CDATA[")):
		return refuse(model.CauseOtherShape, "The message has a CDATA section.")
	case hasForbiddenReference(data):
		return refuse(model.CauseOtherShape, "The message refers to a character that XML does not have.")
	case len(data) == 0 || data[0] != '<':
		return refuse(model.CauseNoMessage, "The message does not begin with an element.")
	}
	return nil
}

// declaration is the XML declaration that is accepted, without its ends.
var declaration = regexp.MustCompile(`^version=("1\.0"|'1\.0')(\s+encoding=(?i:"utf-8"|'utf-8'))?(\s+standalone=("yes"|"no"|'yes'|'no'))?\s*$`)

var characterReference = regexp.MustCompile(`&#(x[0-9A-Fa-f]+|[0-9]+);`)

// hasForbiddenReference tells whether a character reference names what is no
// character of XML 1.0 (§2.2): the decoder would put U+FFFD in its place, where
// other parsers refuse.
func hasForbiddenReference(data []byte) bool {
	for _, m := range characterReference.FindAllSubmatch(data, -1) {
		digits, base := string(m[1]), 10
		if digits[0] == 'x' {
			digits, base = digits[1:], 16
		}
		n, err := strconv.ParseUint(digits, base, 32)
		r := rune(n)
		if err != nil || n > unicode.MaxRune || (r < 0x20 && r != '\t' && r != '\n' && r != '\r') || (r >= 0xD800 && r <= 0xDFFF) || r == 0xFFFE || r == 0xFFFF {
			return true
		}
	}
	return false
}

// verdict is what can be said only at the end, in the order in which it helps.
func (p *precheck) verdict() *model.Refusal {
	switch {
	case len(p.shape.statusCodes) != 1 || p.shape.statusCodes[0] != statusSuccess:
		received := cmp.Or(strings.Join(p.shape.statusCodes, " / "), "no status")
		if p.shape.statusMessage != "" {
			received += ": " + p.shape.statusMessage
		}
		return Refuse(statusCause(p.shape.statusCodes), statusSuccess, short(received), "")
	case p.shape.detailed:
		return refuse(model.CauseOtherShape, "The status says success, and has a detail with elements, which AWS never sends.")
	case p.shape.assertions == 0:
		return refuse(model.CauseNoAssertion, "The message says that the sign-in succeeded, but not who signed in.")
	}
	return nil
}

func (p *precheck) token(token xml.Token, first bool) *model.Refusal {
	switch t := token.(type) {
	case xml.StartElement:
		return p.start(t)
	case xml.EndElement:
		return p.end(t)
	case xml.CharData:
		return p.text(t)
	case xml.ProcInst:
		return p.instruction(t, first)
	case xml.Directive:
		return refuse(model.CauseDTD, "The message has a document type declaration.")
	default: // xml.Comment
		return refuse(model.CauseOtherShape, "The message has a comment.")
	}
}

func (p *precheck) instruction(t xml.ProcInst, first bool) *model.Refusal {
	if !first || t.Target != "xml" {
		return refuse(model.CauseOtherShape, "The message has a processing instruction.")
	}
	if !declaration.Match(t.Inst) {
		return refuse(model.CauseOtherShape, "The message declares an encoding other than UTF-8, or something else that it may not.")
	}
	return nil
}

func (p *precheck) text(t xml.CharData) *model.Refusal {
	if len(p.stack) == 0 {
		if len(bytes.TrimSpace(t)) > 0 {
			return refuse(model.CauseOtherShape, "The message has text outside its element.")
		}
		return nil
	}
	top := &p.stack[len(p.stack)-1]
	switch {
	case top.text != nil:
		top.text.Write(t)
		return nil
	case top.free:
		return nil
	case (top.name == signature("SignatureValue") || top.name == signature("DigestValue")) && bytes.ContainsAny(t, " \t"):
		p.current.blanks = true
	}
	if !grammar[top.name].text && len(bytes.TrimSpace(t)) > 0 {
		return refuse(model.CauseOtherShape, "The element %s has text where none belongs.", top.name.local)
	}
	return nil
}

func (p *precheck) start(t xml.StartElement) *model.Refusal {
	if p.elements++; p.elements > maxElements {
		return refuse(model.CauseTooManyElements, "The message has more than %s elements.", model.Number(maxElements))
	}
	if len(p.stack) >= maxDepth {
		return refuse(model.CauseOtherShape, "The message is nested deeper than %d elements.", maxDepth)
	}
	if p.closed {
		return refuse(model.CauseOtherShape, "The message has a second root element.")
	}
	if len(t.Attr) > maxAttributes {
		return refuse(model.CauseOtherShape, "An element has more than %d attributes.", maxAttributes)
	}
	if p.attrs += len(t.Attr); p.attrs > maxAllAttrs {
		return refuse(model.CauseTooManyElements, "The message has more than %s attributes.", model.Number(maxAllAttrs))
	}
	f := frame{raw: t.Name}
	if r := p.bind(&f, t.Attr); r != nil {
		return r
	}
	space, ok := p.resolve(t.Name.Space, true)
	if !ok || strings.Contains(t.Name.Local, ":") || t.Name.Local == "" {
		return refuse(model.CauseOtherShape, "An element has a prefix that is not bound to a namespace.")
	}
	f.name = qname{space, t.Name.Local}
	if r := p.attributes(&f, t.Attr); r != nil {
		return r
	}
	if p.inDetail() {
		f.free, p.shape.detailed = true, true
	} else if r := p.place(&f); r != nil {
		return r
	} else if r := p.note(&f, t.Attr); r != nil {
		return r
	}
	p.stack = append(p.stack, f)
	return nil
}

// inDetail tells whether the element that begins is inside of a status's detail.
// A message that has such an element is never accepted.
func (p *precheck) inDetail() bool {
	if len(p.stack) == 0 {
		return false
	}
	top := p.stack[len(p.stack)-1]
	return top.free || top.name == protocol("StatusDetail")
}

// bind reads the namespace declarations of an element. In the whole document a
// prefix means one namespace, so no rebinding can change what a name means.
func (p *precheck) bind(f *frame, attrs []xml.Attr) *model.Refusal {
	for _, a := range attrs {
		prefix, declares := a.Name.Local, a.Name.Space == "xmlns"
		if a.Name.Space == "" && a.Name.Local == "xmlns" {
			prefix, declares = "", true
		}
		if !declares {
			continue
		}
		if a.Value == "" || prefix == "xml" || prefix == "xmlns" || a.Value == nsXML || a.Value == nsXMLNS {
			return refuse(model.CauseOtherShape, "The message binds a namespace prefix that must not be bound.")
		}
		if strings.ContainsFunc(a.Value, notInURI) {
			return refuse(model.CauseOtherShape, "The message binds a namespace prefix to what is no address.")
		}
		if known, ok := p.bound[prefix]; ok && known != a.Value {
			return refuse(model.CauseOtherShape, "The message binds the namespace prefix %q twice, to different namespaces.", prefix)
		}
		p.bound[prefix] = a.Value
		p.inScope[prefix]++
		f.prefixes = append(f.prefixes, prefix)
	}
	return nil
}

// notInURI tells whether a character cannot stand in a URI (RFC 3986 §2). Some
// parsers take the rest for a namespace and others do not.
func notInURI(r rune) bool {
	return r <= ' ' || r > '~' || strings.ContainsRune(`"<>\^`+"`{|}", r)
}

// resolve is the namespace of a prefix. Attributes without prefix have none.
func (p *precheck) resolve(prefix string, element bool) (string, bool) {
	if prefix == "" && (!element || p.inScope[""] == 0) {
		return "", true
	}
	return p.bound[prefix], p.inScope[prefix] > 0
}

// attributes refuses duplicates, unbound prefixes and everything that some
// parser takes for an ID and another does not.
func (p *precheck) attributes(f *frame, attrs []xml.Attr) *model.Refusal {
	for i, a := range attrs {
		if strings.Contains(a.Name.Local, ":") || a.Name.Local == "" {
			return refuse(model.CauseOtherShape, "An attribute has a name with more than one colon.")
		}
		for _, b := range attrs[:i] {
			if a.Name.Local == b.Name.Local && (a.Name.Space == b.Name.Space || p.sameSpace(a.Name.Space, b.Name.Space)) {
				return refuse(model.CauseOtherShape, "An element has the attribute %s twice.", a.Name.Local)
			}
		}
		if a.Name.Space == "xmlns" || (a.Name.Space == "" && a.Name.Local == "xmlns") {
			continue
		}
		if _, ok := p.resolve(a.Name.Space, false); !ok {
			return refuse(model.CauseOtherShape, "An attribute has a prefix that is not bound to a namespace.")
		}
		if a.Name.Space != "" && readOfSignatures[a.Name.Local] && (f.name.space == nsSignature || f.name.space == nsExclusive) &&
			attribute(attrs, a.Name.Local) != "" {
			return refuse(model.CauseOtherShape, "A part of a signature has the attribute %s with a prefix.", a.Name.Local)
		}
		if !strings.EqualFold(a.Name.Local, "ID") {
			continue
		}
		if a.Name.Local != "ID" || a.Name.Space != "" {
			return refuse(model.CauseOtherShape, "An element has an identifier in an unusual spelling.")
		}
		if !plainID(a.Value) || p.ids[a.Value] {
			return refuse(model.CauseOtherShape, "An identifier is empty, unusual, or there twice.")
		}
		p.ids[a.Value] = true
		f.id = a.Value
	}
	return nil
}

// readOfSignatures are the attributes that the verification reads by their local
// names alone, whatever their prefix.
var readOfSignatures = map[string]bool{"Algorithm": true, "URI": true, "PrefixList": true}

func (p *precheck) sameSpace(a, b string) bool {
	if a == "" || b == "" || a == "xmlns" || b == "xmlns" {
		return false
	}
	return p.bound[a] == p.bound[b]
}

// plainID accepts what an XML ID may be, in ASCII, and nothing long.
func plainID(s string) bool {
	if s == "" || len(s) > 256 {
		return false
	}
	for i, c := range []byte(s) {
		letter := c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z'
		inside := i > 0 && (c >= '0' && c <= '9' || c == '-' || c == '.')
		if !letter && !inside {
			return false
		}
	}
	return true
}

func (p *precheck) end(t xml.EndElement) *model.Refusal {
	if len(p.stack) == 0 || p.stack[len(p.stack)-1].raw != t.Name {
		return refuse(model.CauseDamaged, "The message is not well-formed XML.")
	}
	f := p.stack[len(p.stack)-1]
	p.stack = p.stack[:len(p.stack)-1]
	for _, prefix := range f.prefixes {
		p.inScope[prefix]--
	}
	p.closed = len(p.stack) == 0
	if f.free {
		return nil
	}
	for i, c := range grammar[f.name].children {
		if f.counts[i] < c.min {
			return refuse(model.CauseOtherShape, "The element %s lacks %s.", f.name.local, c.name.local)
		}
	}
	p.noteEnd(&f)
	return nil
}

// short keeps evidence readable.
func short(s string) string {
	const limit = 500
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
