package crowd

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// Limits of XML that apps send.
const (
	maxElements     = 4096
	maxElementDepth = 3 * maxDepth
	// maxTokens is what so many elements need: a beginning, an end, and text
	// before and after. Comments and the like cut text into more.
	maxTokens = 4*maxElements + 1024
)

// element is a part of a small XML document. Namespaces are not looked at.
type element struct {
	name       string
	attributes map[string]string
	content    string // whole once the element has ended
	children   []*element

	pieces []byte // content so far: text may come in many
}

// text is the content of the first child of that name.
func (e *element) text(name string) string {
	for _, child := range e.children {
		if child.name == name {
			return strings.TrimSpace(child.content)
		}
	}
	return ""
}

// child is the first of that name, or an empty element.
func (e *element) child(name string) *element {
	for _, child := range e.children {
		if child.name == name {
			return child
		}
	}
	return new(element)
}

// readXML reads a document without a document type: no entities but XML's own
// five, nothing outside. What it does grows with the body's length and no faster;
// a body with too many elements or pieces is refused where they begin.
func readXML(data []byte) (*element, error) {
	bad := illegal("The body is not XML as it is expected.")
	// Attributes come with their element at once, so they are bounded before.
	if bytes.Count(data, []byte("=")) > maxTokens {
		return nil, bad
	}
	d := xml.NewDecoder(bytes.NewReader(data))
	var root *element
	var open []*element
	elements, tokens := 0, 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && root != nil && len(open) == 0 {
			return root, nil
		}
		if tokens++; err != nil || tokens > maxTokens {
			return nil, bad
		}
		switch t := token.(type) {
		case xml.Directive:
			return nil, illegal("The body has a document type, which is refused.")
		case xml.StartElement:
			e := newElement(t)
			if elements++; elements > maxElements || len(open) >= maxElementDepth || (len(open) == 0 && root != nil) {
				return nil, bad
			}
			if len(open) == 0 {
				root = e
			} else {
				parent := open[len(open)-1]
				parent.children = append(parent.children, e)
			}
			open = append(open, e)
		case xml.EndElement:
			last := len(open) - 1
			open[last].content, open[last].pieces = string(open[last].pieces), nil
			open = open[:last]
		case xml.CharData:
			if len(open) > 0 {
				parent := open[len(open)-1]
				parent.pieces = append(parent.pieces, t...)
			}
		}
	}
}

func newElement(t xml.StartElement) *element {
	e := &element{name: t.Name.Local, attributes: make(map[string]string, len(t.Attr))}
	for _, a := range t.Attr {
		e.attributes[a.Name.Local] = a.Value
	}
	return e
}
