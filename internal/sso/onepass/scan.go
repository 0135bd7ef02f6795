package onepass

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Limits of a message. AWS's own maximum of 50,000 characters is far below.
const (
	maxBytes      = 512 << 10
	maxDepth      = 32
	maxElements   = 940 // the other verifiers walk over about a thousand
	maxAttributes = 64  // of one element
	maxAllAttrs   = 4000
	maxPrefixes   = 32  // in the whole message
	maxName       = 256 // bytes of a prefix, of a local name, and of an ID
)

// Refused is why a message is not in the language, in a few words.
type Refused string

func (r Refused) Error() string { return string(r) }

// TooManyElements refuses what the other verifiers would refuse for the same reason.
const TooManyElements Refused = "it has too many elements"

// span is a piece of a message, or of its canonical form.
type span struct{ from, to int32 }

// binding is a prefix and the one namespace that it means in the whole message.
type binding struct{ prefix, space []byte }

// prefixes is a set of bindings.
type prefixes uint64

// node is one element.
type node struct {
	kind      Kind
	parent    int32
	after     int32    // the next node that is not inside this one
	name      span     // as written, with its prefix
	attrs     span     // in the table of attributes, in canonical order
	tokens    span     // in the table of tokens, from its start tag to its end tag
	scope     prefixes // in scope
	used      prefixes // visibly utilized: by its own name and its attributes'
	text      span     // as received
	canonical span     // its text in the canonical bytes
}

// attribute is one attribute that declares no namespace.
type attribute struct {
	name      span // as written, with its prefix
	local     span
	prefix    int8 // its binding; noPrefix without one, xmlPrefix for "xml"
	value     span // as received
	canonical span // in the canonical bytes
}

const (
	noPrefix  = -1
	xmlPrefix = -2
)

// token is a start tag, a piece of text or an end tag, in the order of the message.
type token struct {
	what tokenKind
	node int32
	text span
}

type tokenKind uint8

const (
	startTag tokenKind = iota
	characters
	endTag
)

// scanner reads a message into the tables of a document, and refuses what is not in
// the language.
type scanner struct {
	*Document
	at    int
	stack []frame
	scope prefixes
	ids   []span
}

// frame is one open element.
type frame struct {
	node   int32
	counts [maxChildren]uint16
	last   int      // of the parent's children by the grammar, the newest
	scope  prefixes // before it
}

// declaration is the XML declaration that is accepted (XML 1.0 §2.8).
var declaration = regexp.MustCompile(`^<\?xml[ \t\r\n]+version=("1\.0"|'1\.0')([ \t\r\n]+encoding=(?i:"utf-8"|'utf-8'))?` +
	`([ \t\r\n]+standalone=("yes"|"no"|'yes'|'no'))?[ \t\r\n]*\?>`)

const usualDeclaration = `<?xml version="1.0" encoding="UTF-8"?>`

// scan reads the whole message.
func (s *scanner) scan() error {
	switch {
	case len(s.data) > maxBytes:
		return Refused("it is too large")
	case len(s.data) == 0 || s.data[0] != '<':
		return Refused("it does not begin with an element")
	case !utf8.Valid(s.data):
		return Refused("it is not UTF-8")
	}
	if bytes.HasPrefix(s.data, []byte(usualDeclaration)) {
		s.at = len(usualDeclaration)
	} else if bytes.HasPrefix(s.data, []byte("<?")) {
		if s.at = len(declaration.Find(s.data)); s.at == 0 {
			return Refused("there is something before its root")
		}
	}
	s.space()
	if s.peek() != '<' {
		return Refused("there is something before its root")
	}
	if err := s.element(); err != nil {
		return err
	}
	for len(s.stack) > 0 {
		if err := s.content(); err != nil {
			return err
		}
	}
	s.space()
	if s.at != len(s.data) {
		return Refused("there is something after its root")
	}
	return nil
}

// peek is the next byte; 0, which no message has, at its end.
func (s *scanner) peek() byte {
	if s.at < len(s.data) {
		return s.data[s.at]
	}
	return 0
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// space passes over white space, and tells whether there was any.
func (s *scanner) space() bool {
	from := s.at
	for s.at < len(s.data) && isSpace(s.data[s.at]) {
		s.at++
	}
	return s.at > from
}

// content reads text and the tag behind it.
func (s *scanner) content() error {
	if err := s.characters(); err != nil {
		return err
	}
	switch {
	case s.at+1 >= len(s.data):
		return Refused("it ends too early")
	case s.data[s.at+1] == '/':
		return s.end()
	}
	return s.element()
}

// characters reads the text up to the next tag.
func (s *scanner) characters() error {
	from := s.at
	end := bytes.IndexByte(s.data[from:], '<')
	if end < 0 {
		return Refused("it ends too early")
	}
	if end == 0 {
		return nil
	}
	s.at = from + end
	at := s.stack[len(s.stack)-1].node
	n := &s.nodes[at]
	raw := s.data[from:s.at]
	if !grammar[n.kind].text {
		for _, c := range raw {
			if !isSpace(c) {
				return Refused("it has text where none belongs")
			}
		}
	} else {
		if err := checkCharacters(raw); err != nil {
			return err
		}
		if bytes.Contains(raw, []byte("]]>")) {
			return Refused("it has the end of a CDATA section in its text")
		}
		n.text = span{int32(from), int32(s.at)} //nolint:gosec // within maxBytes
	}
	s.tokens = append(s.tokens, token{what: characters, node: at, text: span{int32(from), int32(s.at)}}) //nolint:gosec // likewise
	return nil
}

// checkCharacters refuses what is no character of XML 1.0 (§2.2), and every reference
// but to a character or one of the five entities (§4.6).
func checkCharacters(raw []byte) error {
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '&':
			_, size := referred(raw[i:])
			if size == 0 {
				return Refused("it refers to what is no character")
			}
			i += size - 1
		case c < ' ' && !isSpace(c),
			c == 0xEF && i+2 < len(raw) && raw[i+1] == 0xBF && raw[i+2] >= 0xBE: // U+FFFE, U+FFFF
			return Refused("it has what is no character")
		}
	}
	return nil
}

// referred is the character that a reference at the beginning of raw stands for, and
// the length of the reference; 0 where it is none.
func referred(raw []byte) (r rune, size int) {
	end := bytes.IndexByte(raw[:min(len(raw), 12)], ';')
	if end < 2 {
		return 0, 0
	}
	switch name := string(raw[1:end]); name {
	case "amp":
		r = '&'
	case "lt":
		r = '<'
	case "gt":
		r = '>'
	case "quot":
		r = '"'
	case "apos":
		r = '\''
	default:
		if r = numbered(name); !isCharacter(r) {
			return 0, 0
		}
	}
	return r, end + 1
}

// numbered is the character of a reference by number, "#38" or "#x26"; 0 where it is
// none. At most eight digits are read, so nothing overflows.
func numbered(name string) rune {
	digits, isHex := strings.CutPrefix(name, "#x")
	base := rune(16)
	if !isHex {
		base = 10
		var ok bool
		if digits, ok = strings.CutPrefix(name, "#"); !ok {
			return 0
		}
	}
	if digits == "" || len(digits) > 7 {
		return 0
	}
	var r rune
	for _, c := range []byte(digits) {
		var d rune
		switch {
		case c >= '0' && c <= '9':
			d = rune(c - '0')
		case isHex && c|0x20 >= 'a' && c|0x20 <= 'f':
			d = rune(c|0x20-'a') + 10
		default:
			return 0
		}
		r = r*base + d
	}
	return r
}

func isCharacter(r rune) bool {
	switch {
	case r == '\t', r == '\n', r == '\r':
		return true
	case r < ' ', r >= 0xD800 && r <= 0xDFFF, r == 0xFFFE, r == 0xFFFF, r > utf8.MaxRune:
		return false
	}
	return true
}

// end reads an end tag.
func (s *scanner) end() error {
	f := s.stack[len(s.stack)-1]
	n := &s.nodes[f.node]
	s.at += len("</")
	name := s.data[n.name.from:n.name.to]
	if !bytes.HasPrefix(s.data[s.at:], name) {
		return Refused("an element ends that did not begin")
	}
	s.at += len(name)
	s.space()
	if s.peek() != '>' {
		return Refused("an end tag does not end")
	}
	s.at++
	return s.close()
}

// close leaves the innermost element.
func (s *scanner) close() error {
	f := &s.stack[len(s.stack)-1]
	n := &s.nodes[f.node]
	for i, c := range grammar[n.kind].children {
		if f.counts[i] < c.min {
			return Refused("an element lacks a part")
		}
	}
	s.tokens = append(s.tokens, token{what: endTag, node: f.node})
	n.tokens.to = int32(len(s.tokens)) //nolint:gosec // within maxBytes
	n.after = int32(len(s.nodes))      //nolint:gosec // within maxElements
	s.scope = f.scope
	s.stack = s.stack[:len(s.stack)-1]
	return nil
}
