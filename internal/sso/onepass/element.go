package onepass

import "iter"

// Element is an element of a document. Its values are those of the canonical form of
// the innermost signed part that it is in.
type Element struct {
	d *Document
	n int32
}

// Claimed is the element of a part as it is, whether or not anybody vouches for it.
func (d *Document) Claimed(p Part) Element { return Element{d, d.parts[p].node} }

// Kind is what the element is.
func (e Element) Kind() Kind { return e.d.nodes[e.n].kind }

// Text is the text of the element.
func (e Element) Text() string {
	s := e.d.nodes[e.n].canonical
	return plain(e.d.canon[s.from:s.to])
}

// Attr is the attribute with that name and no prefix, and whether there is one.
func (e Element) Attr(name string) (value string, ok bool) {
	n := &e.d.nodes[e.n]
	for i := n.attrs.from; i < n.attrs.to; i++ {
		if a := &e.d.attrs[i]; a.prefix == noPrefix && e.d.is(a.local, name) {
			return plain(e.d.canon[a.canonical.from:a.canonical.to]), true
		}
	}
	return "", false
}

// Children are the elements in the element, in their order.
func (e Element) Children() iter.Seq[Element] {
	return func(yield func(Element) bool) {
		for i := e.n + 1; i < e.d.nodes[e.n].after; i = e.d.nodes[i].after {
			if !yield(Element{e.d, i}) {
				return
			}
		}
	}
}

// Child is the first child of a kind, and whether there is one.
func (e Element) Child(kind Kind) (Element, bool) {
	i := e.d.child(e.n, kind)
	return Element{e.d, i}, i >= 0
}

// find is the descendant by a path of kinds that the grammar demands.
func (e Element) find(path ...Kind) Element {
	for _, kind := range path {
		e.n = e.d.child(e.n, kind)
	}
	return e
}
