package onepass

import (
	"bytes"
	"unicode/utf8"
)

// maxCanonical bounds all canonical forms of a message together, in bytes: what is
// declared once may have to be written again in each of many elements.
const maxCanonical = 4 << 20

// write appends the exclusive canonical form of a node (Exclusive XML Canonicalization
// 1.0 §3) to the canonical bytes, without one child (-1: with all), and with the
// prefixes of an InclusiveNamespaces list. It notes where in it each value stands.
func (d *Document) write(of, without int32, including prefixes) (span, error) {
	w := writer{Document: d, including: including}
	from := len(d.canon)
	n := &d.nodes[of]
	for i := n.tokens.from; i < n.tokens.to; i++ {
		t := &d.tokens[i]
		switch t.what {
		case startTag:
			if t.node == without {
				i = d.nodes[without].tokens.to - 1
				continue
			}
			w.start(&d.nodes[t.node])
		case characters:
			at := w.here()
			w.value(d.bytes(t.text), false)
			d.nodes[t.node].canonical = span{at, w.here()}
		case endTag:
			w.end(&d.nodes[t.node])
		}
		if len(d.canon) > maxCanonical {
			return span{}, Refused("its canonical form is too large")
		}
	}
	return span{int32(from), int32(len(d.canon))}, nil //nolint:gosec // within maxCanonical and one tag
}

// writer writes one canonical form.
type writer struct {
	*Document
	including prefixes
	rendered  [maxDepth + 1]prefixes // declared by the elements that are open, by depth
	depth     int
}

func (w *writer) here() int32 { return int32(len(w.canon)) } //nolint:gosec // within maxCanonical and one tag

func (w *writer) put(text []byte) { w.canon = append(w.canon, text...) }

func (w *writer) char(c byte) { w.canon = append(w.canon, c) }

// start writes a start tag: its name, the declarations of prefixes that it or one of its
// attributes visibly utilizes and no element around it has declared, and its attributes.
func (w *writer) start(n *node) {
	w.char('<')
	w.put(w.bytes(n.name))
	declared := w.rendered[w.depth]
	w.declare((n.used | n.scope&w.including) &^ declared)
	w.depth++
	w.rendered[w.depth] = declared | n.used | n.scope&w.including
	for i := n.attrs.from; i < n.attrs.to; i++ {
		a := &w.attrs[i]
		w.char(' ')
		w.put(w.bytes(a.name))
		w.canon = append(w.canon, `="`...)
		at := w.here()
		w.value(w.bytes(a.value), true)
		a.canonical = span{at, w.here()}
		w.char('"')
	}
	w.char('>')
	n.canonical = span{w.here(), w.here()} // until there is text
}

func (w *writer) end(n *node) {
	w.canon = append(w.canon, "</"...)
	w.put(w.bytes(n.name))
	w.char('>')
	w.depth--
}

// declare writes declarations of namespaces, in the order of their prefixes.
func (w *writer) declare(set prefixes) {
	for set != 0 {
		first := -1
		for i := range w.bindings {
			if set>>i&1 == 1 && (first < 0 || bytes.Compare(w.bindings[i].prefix, w.bindings[first].prefix) < 0) {
				first = i
			}
		}
		set &^= 1 << first
		b := &w.bindings[first]
		w.canon = append(w.canon, " xmlns"...)
		if len(b.prefix) > 0 {
			w.char(':')
			w.put(b.prefix)
		}
		w.canon = append(w.canon, `="`...)
		w.put(b.space)
		w.char('"')
	}
}

// value writes text or the value of an attribute as received in canonical form
// (Canonical XML §2.3): references are resolved, line ends are line feeds (XML 1.0
// §2.11; attributes have none), and what escapes says is escaped.
func (w *writer) value(raw []byte, inAttribute bool) {
	from := 0
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '&':
			w.put(raw[from:i])
			r, size := referred(raw[i:])
			w.escaped(r, inAttribute)
			i += size - 1
		case c == '\r':
			w.put(raw[from:i])
			if i+1 == len(raw) || raw[i+1] != '\n' {
				w.char('\n')
			}
		case c == '>' && !inAttribute, c == '"' && inAttribute:
			w.put(raw[from:i])
			w.escaped(rune(c), inAttribute)
		default:
			continue
		}
		from = i + 1
	}
	w.put(raw[from:])
}

// escaped writes a character, escaped where it has to be.
func (w *writer) escaped(r rune, inAttribute bool) {
	for _, e := range escapes {
		if e.char == r && (inAttribute && e.attribute || !inAttribute && e.text) {
			w.canon = append(w.canon, e.escape...)
			return
		}
	}
	w.canon = utf8.AppendRune(w.canon, r)
}

// escapes are the characters that a canonical form escapes (Canonical XML §2.3).
var escapes = [...]struct {
	char            rune
	escape          string
	text, attribute bool
}{
	{'&', "&amp;", true, true},
	{'<', "&lt;", true, true},
	{'>', "&gt;", true, false},
	{'"', "&quot;", false, true},
	{'\r', "&#xD;", true, true},
	{'\t', "&#x9;", false, true},
	{'\n', "&#xA;", false, true},
}

// plain is a piece of the canonical bytes as the value that it stands for.
func plain(canonical []byte) string {
	if bytes.IndexByte(canonical, '&') < 0 {
		return string(canonical)
	}
	out := make([]byte, 0, len(canonical))
next:
	for len(canonical) > 0 {
		for _, e := range escapes {
			if rest, ok := bytes.CutPrefix(canonical, []byte(e.escape)); ok {
				out, canonical = utf8.AppendRune(out, e.char), rest
				continue next
			}
		}
		out, canonical = append(out, canonical[0]), canonical[1:]
	}
	return string(out)
}
