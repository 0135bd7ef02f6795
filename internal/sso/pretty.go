package sso

import (
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

// Line is one line of XML that is laid out for reading.
type Line struct {
	Depth  int // how far to indent
	Parts  []Part
	Marked bool // a part of it is what the refusal is about
}

// Part is a piece of a line, as it stands in the message.
type Part struct {
	Kind   PartKind
	Text   string
	Marked bool
}

// PartKind says what a piece of XML is, for coloring.
type PartKind string

// Kinds of pieces.
const (
	PartPunctuation PartKind = "punctuation"
	PartName        PartKind = "name"      // of an element
	PartAttribute   PartKind = "attribute" // name of one
	PartValue       PartKind = "value"     // of an attribute, with its quotes
	PartText        PartKind = "text"
	PartOther       PartKind = "other" // declarations, comments, and what cannot be read
)

// Limits of the layout. What is beyond them is printed as it is.
const (
	prettyLines  = 4000
	prettyDepth  = 24  // deeper elements are indented no further
	prettyWidth  = 100 // longer start tags have a line for each attribute
	prettyInline = 200 // longer texts stand on lines of their own
)

// Pretty lays XML out for reading: one element a line, indented. It reads any
// input in one pass and never fails: what is not XML is a line as it is. Apart
// from blanks between elements and around long texts nothing is left out,
// added or changed. With a refusal, the element or attribute that it is about
// is marked; where several could be meant, those with the received value.
func Pretty(data []byte, refusal *model.Refusal) []Line {
	p := &printer{rest: strings.ToValidUTF8(string(data), "\uFFFD")}
	if refusal != nil {
		p.targets = reasons[refusal.Code].places
		p.received = refusal.Received
	}
	for p.rest != "" {
		if len(p.lines) >= prettyLines {
			p.line(Part{Kind: PartOther, Text: p.rest})
			break
		}
		p.next()
	}
	p.mark()
	return p.lines
}

// printer is the state of one layout.
type printer struct {
	rest     string
	lines    []Line
	stack    []string // local names of the open elements
	inline   bool     // the last line waits for a text or an end tag
	targets  []target
	received string
	found    []place
}

// place is a part that the refusal may be about.
type place struct {
	line, part int
	marked     marking
}

func (p *printer) depth() int { return min(len(p.stack), prettyDepth) }

func (p *printer) line(parts ...Part) {
	p.lines = append(p.lines, Line{Depth: p.depth(), Parts: parts})
	p.inline = false
}

func (p *printer) addToLast(parts ...Part) {
	last := &p.lines[len(p.lines)-1]
	last.Parts = append(last.Parts, parts...)
}

// next prints one token.
func (p *printer) next() {
	if p.rest[0] != '<' {
		p.text()
		return
	}
	end := tokenEnd(p.rest)
	token := p.rest[:end]
	p.rest = p.rest[end:]
	switch {
	case strings.HasPrefix(token, "<!"), strings.HasPrefix(token, "<?"), !strings.HasSuffix(token, ">"), len(token) < 3:
		p.other(token)
	case token[1] == '/':
		p.endTag(token)
	default:
		p.startTag(token)
	}
}

// tokenEnd is where the markup at the beginning of s ends; the end of s when
// it does not.
func tokenEnd(s string) int {
	for _, kind := range []struct{ open, end string }{{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}} {
		if strings.HasPrefix(s, kind.open) {
			if i := strings.Index(s[len(kind.open):], kind.end); i >= 0 {
				return len(kind.open) + i + len(kind.end)
			}
			return len(s)
		}
	}
	quote := byte(0)
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i + 1
		case c == '<': // the tag before it was never closed
			return i
		}
	}
	return len(s)
}

// text prints what stands between two tags.
func (p *printer) text() {
	end := strings.IndexByte(p.rest, '<')
	if end < 0 {
		end = len(p.rest)
	}
	text := p.rest[:end]
	p.rest = p.rest[end:]
	if strings.TrimSpace(text) == "" && (!p.inline || !strings.HasPrefix(p.rest, "</")) {
		return
	}
	if p.inline && strings.HasPrefix(p.rest, "</") && len(text) <= prettyInline && !strings.ContainsAny(text, "\r\n") {
		p.addToLast(Part{Kind: PartText, Text: text})
		p.candidate("", text)
		return
	}
	p.block(PartText, strings.Trim(text, " \t\r\n"))
}

const doctype = "<!DOCTYPE"

func (p *printer) other(token string) {
	p.block(PartOther, token)
	if len(token) >= len(doctype) && strings.EqualFold(token[:len(doctype)], doctype) {
		p.candidateNamed("!DOCTYPE", "", token)
	}
}

// block prints a text on lines of its own. What is over the limit goes back to
// what is left to be printed.
func (p *printer) block(kind PartKind, text string) {
	for text != "" {
		if len(p.lines) >= prettyLines {
			p.rest = text + p.rest
			return
		}
		line, after, _ := strings.Cut(text, "\n")
		p.line(Part{Kind: kind, Text: strings.TrimRight(line, "\r")})
		if kind == PartText {
			p.candidate("", line)
		}
		text = after
	}
}

func (p *printer) endTag(token string) {
	parts := []Part{{Kind: PartPunctuation, Text: "</"}, {Kind: PartName, Text: token[2 : len(token)-1]}, {Kind: PartPunctuation, Text: ">"}}
	if len(p.stack) > 0 {
		p.stack = p.stack[:len(p.stack)-1]
	}
	if p.inline {
		p.addToLast(parts...)
		p.inline = false
		return
	}
	p.line(parts...)
}

// startTag prints a tag that opens an element. A long one has a line for each
// attribute.
func (p *printer) startTag(token string) {
	closing := ">"
	if strings.HasSuffix(token, "/>") {
		closing = "/>"
	}
	inner := token[1 : len(token)-len(closing)]
	nameEnd := strings.IndexAny(inner, " \t\r\n")
	if nameEnd < 0 {
		nameEnd = len(inner)
	}
	name, rest := inner[:nameEnd], inner[nameEnd:]
	depth, long := p.depth(), len(token) > prettyWidth
	p.lines = append(p.lines, Line{Depth: depth, Parts: []Part{{Kind: PartPunctuation, Text: "<"}, {Kind: PartName, Text: name}}})
	p.stack = append(p.stack, localName(name))
	p.candidate("", "")
	for rest != "" {
		var attr []Part
		attr, rest = cutAttribute(rest)
		if long && len(attr) == 3 && len(p.lines) < prettyLines {
			p.lines = append(p.lines, Line{Depth: depth + 2})
		} else if len(attr) == 3 {
			attr[0].Text = " " + attr[0].Text
		}
		p.addToLast(attr...)
		if len(attr) == 3 {
			p.candidate(localName(strings.TrimSpace(attr[0].Text)), attr[2].Text)
		}
	}
	p.addToLast(Part{Kind: PartPunctuation, Text: closing})
	p.inline = closing == ">"
	if closing == "/>" {
		p.stack = p.stack[:len(p.stack)-1]
	}
}

// cutAttribute takes the first attribute off: its name, the equals sign and
// the value. What is no attribute is one part of another kind.
func cutAttribute(s string) (parts []Part, rest string) {
	trimmed := strings.TrimLeft(s, " \t\r\n")
	equals := strings.IndexByte(trimmed, '=')
	if equals <= 0 {
		return []Part{{Kind: PartOther, Text: strings.TrimRight(s, " \t\r\n")}}, ""
	}
	value := strings.TrimLeft(trimmed[equals+1:], " \t\r\n")
	between := trimmed[equals : len(trimmed)-len(value)]
	if value == "" || value[0] != '"' && value[0] != '\'' {
		return []Part{{Kind: PartOther, Text: s}}, ""
	}
	end := strings.IndexByte(value[1:], value[0])
	if end < 0 {
		return []Part{{Kind: PartOther, Text: s}}, ""
	}
	return []Part{{Kind: PartAttribute, Text: trimmed[:equals]}, {Kind: PartPunctuation, Text: between},
		{Kind: PartValue, Text: value[:end+2]}}, value[end+2:]
}

func localName(name string) string {
	if i := strings.LastIndexByte(name, ':'); i >= 0 {
		return name[i+1:]
	}
	return name
}

// candidate notes the last part when it may be what the refusal is about;
// attribute is empty for the element's name and its text.
func (p *printer) candidate(attribute, text string) {
	element := ""
	if len(p.stack) > 0 {
		element = p.stack[len(p.stack)-1]
	}
	p.candidateNamed(element, attribute, text)
}

func (p *printer) candidateNamed(element, attribute, text string) {
	for _, t := range p.targets {
		if t.attribute == attribute && (t.element == element || t.element == "") && (t.element != "" || text != "") {
			line := len(p.lines) - 1
			p.found = append(p.found, place{line, len(p.lines[line].Parts) - 1, t.marked})
			return
		}
	}
}

// mark chooses among the candidates: those that carry the received value where
// there are any; else all that are marked anyway; else what lacks them.
func (p *printer) mark() {
	for _, chosen := range [][]place{p.with(p.hasReceived), p.with(isMarked(markAnyway)), p.with(isMarked(markLacking))} {
		for _, at := range chosen {
			p.lines[at.line].Marked, p.lines[at.line].Parts[at.part].Marked = true, true
		}
		if len(chosen) > 0 {
			return
		}
	}
}

// with are the candidates that fit.
func (p *printer) with(fits func(place) bool) []place {
	var some []place
	for _, at := range p.found {
		if fits(at) {
			some = append(some, at)
		}
	}
	return some
}

func isMarked(m marking) func(place) bool { return func(at place) bool { return at.marked == m } }

func (p *printer) hasReceived(at place) bool {
	text := strings.Trim(p.lines[at.line].Parts[at.part].Text, `"'`)
	return p.received != "" && text != "" && (text == p.received || len(text) > 3 && strings.Contains(p.received, text))
}
