package sso

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"
)

// pageStart is what web pages begin with, after a comment perhaps.
var pageStart = regexp.MustCompile(`(?i)<(!doctype\s+html|html[\s>]|head[\s>]|body[\s>])`)

func checkMetadataBytes(data []byte) error {
	switch {
	case len(data) == 0:
		return pasteErrors["empty"]
	case len(data) > maxMetadata:
		return tooMuch(data, pasteErrors["too_large"])
	case data[0] != '<' || bytes.HasPrefix(data, []byte("<\x00")):
		text := string(data)
		return pasteErrors[recogniseText(text, strings.ToLower(text))]
	case !utf8.Valid(data) && declaredEncoding.Match(data):
		return pasteErrors["encoding"]
	case !utf8.Valid(data):
		return pasteErrors["not_xml"]
	case pageStart.Match(data[:min(len(data), 4096)]):
		return pasteErrors["html_page"]
	case bytes.Contains(data, []byte("<!DOCTYPE")), bytes.Contains(data, []byte("<!ENTITY")):
		return pasteErrors["hostile_xml"]
	}
	return nil
}

// checkMetadataTokens bounds the document before anything is built from it, and
// returns the name of its root.
func checkMetadataTokens(data []byte) (qname, error) {
	d := xml.NewDecoder(bytes.NewReader(data))
	var root qname
	var b bounds
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return root, pasteErrors["not_xml"]
		}
		switch t := token.(type) {
		case xml.StartElement:
			if !b.enter(t) {
				return root, tooMuch(data, pasteErrors["hostile_xml"])
			}
			if location := attribute(t.Attr, "Location"); location != "" && !strings.HasPrefix(strings.TrimSpace(location), "http") {
				return root, pasteErrors["unsupported_url"]
			}
			if len(b.declared) == 1 {
				if root.local != "" {
					return root, pasteErrors["not_xml"] // a second document
				}
				root = qname{t.Name.Space, t.Name.Local}
			}
		case xml.EndElement:
			b.leave()
		case xml.Directive:
			return root, pasteErrors["hostile_xml"]
		}
	}
	return root, nil
}

// maxInScope is how many namespace declarations may count at one element. The
// parser behind copies them for each element of a Signature: without a limit,
// 45 kB of metadata cost it 150 MB. Metadata has about five.
const maxInScope = 64

// bounds are what of a document is open, and how much of it came so far.
type bounds struct {
	elements int
	declared []int // namespaces that each open element declares
	inScope  int   // their sum
}

// enter counts an element in, and tells whether there may still be one.
func (b *bounds) enter(t xml.StartElement) bool {
	n := 0
	for _, a := range t.Attr {
		if a.Name.Space == "xmlns" || a.Name == (xml.Name{Local: "xmlns"}) {
			n++
		}
	}
	b.elements++
	b.declared = append(b.declared, n)
	b.inScope += n
	return b.elements <= maxElements && len(t.Attr) <= maxAttributes && len(b.declared) <= maxDepth && b.inScope <= maxInScope
}

// leave counts out the element that ends. The decoder makes sure that one is open.
func (b *bounds) leave() {
	last := len(b.declared) - 1
	b.inScope -= b.declared[last]
	b.declared = b.declared[:last]
}

// tooMuch is why a document is not read that is larger than one provider's
// metadata is: a federation's file of many, else what is given.
func tooMuch(data []byte, otherwise *PasteError) *PasteError {
	if !bytes.Contains(data[:min(len(data), 4096)], []byte("EntitiesDescriptor")) {
		return otherwise
	}
	if n := countProviders(data); n > 1 {
		return severalProviders(n)
	}
	return otherwise
}

func severalProviders(n int) *PasteError {
	e := *pasteErrors["several_idps"]
	e.Title = fmt.Sprintf("This file has many identity providers (%d)", n)
	return &e
}
