package onepass

import (
	"bytes"
	"strings"
)

// element reads a start tag with its attributes, and closes an element that is empty.
func (s *scanner) element() error {
	s.at++ // "<"
	if len(s.nodes) >= maxElements || len(s.stack) >= maxDepth {
		return TooManyElements
	}
	prefix, local, err := s.name()
	if err != nil {
		return err
	}
	f := frame{node: int32(len(s.nodes)), scope: s.scope}                                            //nolint:gosec // within maxElements
	n := node{parent: -1, name: span{prefix.from, local.to}, attrs: span{from: int32(len(s.attrs))}} //nolint:gosec // within maxAllAttrs
	if err := s.attributes(); err != nil {
		return err
	}
	n.attrs.to = int32(len(s.attrs)) //nolint:gosec // likewise
	empty := s.peek() == '/'
	if empty {
		s.at++
	}
	if s.peek() != '>' {
		return Refused("a start tag does not end")
	}
	s.at++
	if err := s.resolve(&n, prefix, local); err != nil {
		return err
	}
	n.tokens.from = int32(len(s.tokens)) //nolint:gosec // within maxBytes
	s.tokens = append(s.tokens, token{what: startTag, node: f.node})
	s.nodes = append(s.nodes, n)
	s.stack = append(s.stack, f)
	if empty {
		return s.close()
	}
	return nil
}

// nameByte tells what a name may have: letters of ASCII and "_" (1), and behind them
// digits, "-" and "." (2). XML has more, and SAML needs none of it.
var nameByte = func() (class [256]uint8) {
	for c := range class {
		switch b := byte(c); { //nolint:gosec // below 256
		case b == '_', b|0x20 >= 'a' && b|0x20 <= 'z':
			class[c] = 1
		case b >= '0' && b <= '9', b == '-', b == '.':
			class[c] = 2
		}
	}
	return class
}()

// name reads a qualified name. Without a prefix, the prefix is empty and stands where
// the name begins.
func (s *scanner) name() (prefix, local span, err error) {
	if local, err = s.ncName(); err != nil {
		return prefix, local, err
	}
	if s.peek() != ':' {
		return span{local.from, local.from}, local, nil
	}
	s.at++
	prefix = local
	local, err = s.ncName()
	return prefix, local, err
}

func (s *scanner) ncName() (span, error) {
	from := s.at
	for nameByte[s.peek()] == 1 || s.at > from && nameByte[s.peek()] == 2 {
		s.at++
	}
	if s.at == from || s.at-from > maxName {
		return span{}, Refused("it has a name that is none, or an unusual one")
	}
	return span{int32(from), int32(s.at)}, nil //nolint:gosec // within maxBytes
}

// attributes reads the attributes of a start tag: declarations of namespaces into the
// scope, the others into the table.
func (s *scanner) attributes() error {
	var declared prefixes // by this element
	for count := 0; ; count++ {
		spaced := s.space()
		if c := s.peek(); c == '>' || c == '/' {
			return nil
		}
		if !spaced || count >= maxAttributes || len(s.attrs) >= maxAllAttrs {
			return Refused("a start tag has something that does not belong there, or too much")
		}
		prefix, local, err := s.name()
		if err != nil {
			return err
		}
		value, err := s.value()
		if err != nil {
			return err
		}
		switch {
		case prefix == span{local.from, local.from} && s.is(local, "xmlns"):
			err = s.bind(nil, value, &declared)
		case s.is(prefix, "xmlns"):
			err = s.bind(s.bytes(local), value, &declared)
		default:
			s.attrs = append(s.attrs, attribute{name: span{prefix.from, local.to}, local: local, prefix: noPrefix, value: value})
		}
		if err != nil {
			return err
		}
	}
}

// value reads what stands behind the name of an attribute. White space but the blank
// is refused: XML turns it into a blank (§3.3.3), and not every parser does.
func (s *scanner) value() (span, error) {
	s.space()
	if s.peek() != '=' {
		return span{}, Refused("an attribute has no value")
	}
	s.at++
	s.space()
	quote := s.peek()
	if quote != '"' && quote != '\'' {
		return span{}, Refused("the value of an attribute has no quotes")
	}
	s.at++
	from := s.at
	size := bytes.IndexByte(s.data[from:], quote)
	if size < 0 {
		return span{}, Refused("the value of an attribute does not end")
	}
	raw := s.data[from : from+size]
	for _, c := range raw {
		if c == '<' || c < ' ' {
			return span{}, Refused("the value of an attribute has a character that it may not")
		}
	}
	s.at += size + 1
	return span{int32(from), int32(from + size)}, checkCharacters(raw) //nolint:gosec // within maxBytes
}

// bind takes a declaration of a namespace. In the whole message a prefix means one
// namespace, so no declaration can change what a name means.
func (s *scanner) bind(prefix []byte, value span, declared *prefixes) error {
	space := s.bytes(value)
	switch {
	case len(space) == 0, string(prefix) == "xml", string(prefix) == "xmlns", string(space) == nsXML, string(space) == nsXMLNS:
		return Refused("it binds a prefix that must not be bound")
	case !absolute(space):
		return Refused("it binds a prefix to what is no absolute address")
	}
	i := 0
	for ; i < len(s.bindings); i++ {
		if bytes.Equal(s.bindings[i].prefix, prefix) {
			break
		}
	}
	if i == len(s.bindings) {
		if i >= maxPrefixes {
			return Refused("it binds too many prefixes")
		}
		s.bindings = append(s.bindings, binding{prefix, space})
	}
	bit := prefixes(1) << i
	if !bytes.Equal(s.bindings[i].space, space) || *declared&bit != 0 {
		return Refused("it binds a prefix twice")
	}
	*declared |= bit
	s.scope |= bit
	return nil
}

// absolute tells whether a namespace is an absolute URI of plain characters (RFC 3986).
// Others mean different things to different parsers, and libxml2 does not canonicalize
// relative ones (Canonical XML §1.3).
func absolute(space []byte) bool {
	scheme := bytes.IndexByte(space, ':')
	if scheme < 1 || scheme == len(space)-1 {
		return false
	}
	for i, c := range space {
		plain := nameByte[c] != 0 && (i > 0 || nameByte[c] == 1 && c != '_')
		if !plain && (i < scheme || !strings.ContainsRune(":/#?=~+", rune(c))) {
			return false
		}
	}
	hasHost := bytes.HasPrefix(space[scheme:], []byte("://"))
	return bytes.IndexByte(space[:scheme], '_') < 0 && bytes.Count(space, []byte("#")) <= 1 &&
		(!hasHost || bytes.IndexByte(space[scheme+1:], ':') < 0) // no port, and nothing that looks like one
}

// bound is the binding of a prefix that is in scope.
func (s *scanner) bound(prefix []byte) (int, bool) {
	for i := range s.bindings {
		if bytes.Equal(s.bindings[i].prefix, prefix) {
			return i, s.scope>>i&1 == 1
		}
	}
	return 0, false
}

// resolve finds what an element is and whether it may stand here, and its attributes'
// namespaces.
func (s *scanner) resolve(n *node, prefix, local span) error {
	i, ok := s.bound(s.bytes(prefix))
	if !ok {
		return Refused("an element is in no namespace")
	}
	n.scope, n.used = s.scope, 1<<i
	space, name := s.bindings[i].space, s.bytes(local)
	if len(s.stack) == 0 {
		if len(s.nodes) > 0 || string(space) != nsProtocol || string(name) != grammar[Response].local {
			return Refused("its root is no Response")
		}
		n.kind = Response
	} else {
		parent := &s.stack[len(s.stack)-1]
		kind, at := place(s.nodes[parent.node].kind, space, name)
		if kind == none {
			return Refused("an element is where it does not belong")
		}
		if parent.counts[at]++; parent.counts[at] > grammar[s.nodes[parent.node].kind].children[at].max {
			return Refused("an element is there too often")
		}
		if at < parent.last && s.nodes[parent.node].kind >= signature {
			return Refused("the parts of a signature are in another order")
		}
		n.kind, n.parent, parent.last = kind, parent.node, at
	}
	return s.resolveAttributes(n)
}

// resolveAttributes finds the attributes' namespaces, and puts them in canonical order
// (Canonical XML §4.8): by namespace, then by name. Prefixed ones of an element are all
// in one namespace: other verifiers order several in another way.
func (s *scanner) resolveAttributes(n *node) error {
	attrs := s.attrs[n.attrs.from:n.attrs.to]
	foreign := int8(noPrefix)
	for i := range attrs {
		a := &attrs[i]
		if a.name.from != a.local.from {
			if err := s.resolvePrefix(n, a, &foreign); err != nil {
				return err
			}
		}
		if err := s.identifier(a); err != nil {
			return err
		}
	}
	for i := 1; i < len(attrs); i++ {
		for j := i; j > 0; j-- {
			order := s.order(&attrs[j-1], &attrs[j])
			if order == 0 {
				return Refused("an element has an attribute twice")
			}
			if order < 0 {
				break
			}
			attrs[j-1], attrs[j] = attrs[j], attrs[j-1]
		}
	}
	return nil
}

func (s *scanner) resolvePrefix(n *node, a *attribute, foreign *int8) error {
	prefix := s.data[a.name.from : a.local.from-1]
	if string(prefix) == "xml" {
		a.prefix = xmlPrefix
	} else {
		i, ok := s.bound(prefix)
		if !ok {
			return Refused("an attribute is in no namespace")
		}
		a.prefix = int8(i) //nolint:gosec // below maxPrefixes
		n.used |= 1 << i
	}
	switch {
	case n.kind >= signature:
		return Refused("a part of a signature has an attribute with a prefix")
	case *foreign == noPrefix:
		*foreign = a.prefix
	case s.namespace(*foreign) != s.namespace(a.prefix):
		return Refused("an element has attributes of two namespaces")
	}
	return nil
}

// identifier refuses everything that some parser takes for an ID and another does not,
// and an ID that is there twice.
func (s *scanner) identifier(a *attribute) error {
	local := s.bytes(a.local)
	if len(local) != 2 || local[0]|0x20 != 'i' || local[1]|0x20 != 'd' {
		return nil
	}
	value := s.bytes(a.value)
	if a.prefix != noPrefix || string(local) != "ID" || !plainID(value) {
		return Refused("an identifier is unusual")
	}
	for _, id := range s.ids {
		if bytes.Equal(s.bytes(id), value) {
			return Refused("an identifier is there twice")
		}
	}
	s.ids = append(s.ids, a.value)
	return nil
}

// plainID accepts what an XML ID may be, in ASCII, and nothing long.
func plainID(id []byte) bool {
	for i, c := range id {
		if nameByte[c] != 1 && (i == 0 || nameByte[c] != 2) {
			return false
		}
	}
	return len(id) > 0 && len(id) <= maxName
}
