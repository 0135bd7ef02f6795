package awssim

import (
	"maps"
	"slices"
	"strings"
)

// element is an XML element as it is written: its prefix is part of its name,
// and so are those of its attributes.
type element struct {
	name     string
	spaces   []pair // namespace declarations: prefix and URI, in the order of the wire
	attrs    []pair // in the order of the wire, which is alphabetical
	children []node
}

type pair struct{ name, value string }

// node is an *element or a text.
type node interface{ isNode() }

type text string

func (*element) isNode() {}
func (text) isNode()     {}

// el makes an element; attrs are names and values in turn.
func el(name string, attrs ...string) *element {
	e := &element{name: name}
	for i := 0; i+1 < len(attrs); i += 2 {
		e.attrs = append(e.attrs, pair{attrs[i], attrs[i+1]})
	}
	return e
}

// declare adds a namespace declaration.
func (e *element) declare(prefix, uri string) *element {
	e.spaces = append(e.spaces, pair{prefix, uri})
	return e
}

// add appends children.
func (e *element) add(children ...node) *element {
	e.children = append(e.children, children...)
	return e
}

// set changes an attribute, or inserts it where the alphabet has it.
func (e *element) set(name, value string) {
	i, found := slices.BinarySearchFunc(e.attrs, name, func(p pair, n string) int { return strings.Compare(p.name, n) })
	if found {
		e.attrs[i].value = value
		return
	}
	e.attrs = slices.Insert(e.attrs, i, pair{name, value})
}

// find returns the first descendant with the name; nil without one.
func (e *element) find(name string) *element {
	for _, c := range e.children {
		child, ok := c.(*element)
		if !ok {
			continue
		}
		if child.name == name {
			return child
		}
		if found := child.find(name); found != nil {
			return found
		}
	}
	return nil
}

// wire writes the element as it is sent.
func (e *element) wire(b *strings.Builder) {
	b.WriteString("<" + e.name)
	for _, s := range e.spaces {
		writeAttr(b, "xmlns:"+s.name, s.value)
	}
	for _, a := range e.attrs {
		writeAttr(b, a.name, a.value)
	}
	if len(e.children) == 0 {
		b.WriteString("/>")
		return
	}
	b.WriteString(">")
	for _, c := range e.children {
		switch c := c.(type) {
		case *element:
			c.wire(b)
		case text:
			b.WriteString(escapeText(string(c)))
		}
	}
	b.WriteString("</" + e.name + ">")
}

// canonicalizer writes exclusive canonical XML without comments
// (https://www.w3.org/TR/xml-exc-c14n/, section 3).
type canonicalizer struct {
	b         strings.Builder
	inclusive []string // InclusiveNamespaces PrefixList
}

// canonical returns the canonical form of e. Outside are the declarations of
// its ancestors that are in force at e.
func (e *element) canonical(outside []pair, inclusive []string) []byte {
	scope := map[string]string{}
	for _, s := range outside {
		scope[s.name] = s.value
	}
	c := &canonicalizer{inclusive: inclusive}
	c.element(e, scope, map[string]string{})
	return []byte(c.b.String())
}

// element writes e. Scope is what is declared around it, rendered what its
// ancestors in the output have declared.
func (c *canonicalizer) element(e *element, scope, rendered map[string]string) {
	if len(e.spaces) > 0 {
		scope = maps.Clone(scope)
		for _, s := range e.spaces {
			scope[s.name] = s.value
		}
	}
	used := slices.Clone(c.inclusive)
	used = append(used, prefixOf(e.name))
	for _, a := range e.attrs {
		used = append(used, prefixOf(a.name))
	}
	slices.Sort(used)
	declared := false
	c.b.WriteString("<" + e.name)
	for _, prefix := range slices.Compact(used) {
		uri, inScope := scope[prefix]
		if prefix == "" || !inScope || rendered[prefix] == uri {
			continue
		}
		if !declared {
			rendered, declared = maps.Clone(rendered), true
		}
		rendered[prefix] = uri
		writeAttr(&c.b, "xmlns:"+prefix, uri)
	}
	for _, a := range canonicalOrder(e.attrs, scope) {
		writeAttr(&c.b, a.name, a.value)
	}
	c.b.WriteString(">")
	for _, child := range e.children {
		switch child := child.(type) {
		case *element:
			c.element(child, scope, rendered)
		case text:
			c.b.WriteString(escapeText(string(child)))
		}
	}
	c.b.WriteString("</" + e.name + ">")
}

// canonicalOrder sorts attributes by namespace, then by local name; those
// without a prefix have no namespace and come first.
func canonicalOrder(attrs []pair, scope map[string]string) []pair {
	return slices.SortedStableFunc(slices.Values(attrs), func(a, b pair) int {
		pa, pb := prefixOf(a.name), prefixOf(b.name)
		ua, ub := "", ""
		if pa != "" {
			ua = scope[pa]
		}
		if pb != "" {
			ub = scope[pb]
		}
		if n := strings.Compare(ua, ub); n != 0 {
			return n
		}
		return strings.Compare(strings.TrimPrefix(a.name, pa+":"), strings.TrimPrefix(b.name, pb+":"))
	})
}

func prefixOf(name string) string {
	prefix, _, found := strings.Cut(name, ":")
	if !found {
		return ""
	}
	return prefix
}

// The escapes of canonical XML (https://www.w3.org/TR/xml-c14n, section 2.3),
// written on the wire too, so that parsing gives back every character.
var (
	textEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#xD;")
	attrEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;", "\t", "&#x9;", "\n", "&#xA;", "\r", "&#xD;")
)

func writeAttr(b *strings.Builder, name, value string) {
	b.WriteString(" " + name + `="` + attrEscaper.Replace(cleanText(value)) + `"`)
}

func escapeText(s string) string { return textEscaper.Replace(cleanText(s)) }

// cleanText replaces what XML cannot carry, even escaped: invalid UTF-8 and
// most control characters.
func cleanText(s string) string {
	return strings.Map(func(r rune) rune {
		if (r < 0x20 && r != '\t' && r != '\n' && r != '\r') || r == 0xFFFE || r == 0xFFFF {
			return 0xFFFD
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}
