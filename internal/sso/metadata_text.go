package sso

import (
	"bytes"
	"encoding/xml"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/crewjam/saml"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
)

// declaredEncoding is the XML declaration with the encoding that it names.
var declaredEncoding = regexp.MustCompile(`^<\?xml\s[^>]*?encoding\s*=\s*["']([^"']*)["'][^>]*\?>`)

// MetadataText is metadata as UTF-8 text without a byte order mark, and without a
// declaration of another encoding. Windows programs write “utf-16” over what is
// plain text, and save plain text as UTF-16: what the bytes are counts, and the
// declaration only where they are not UTF-8. Text in an encoding that cannot be
// read comes back as it is.
func MetadataText(data []byte) []byte {
	data = utf16Text(data)
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	m := declaredEncoding.FindSubmatchIndex(data)
	if m == nil {
		return data
	}
	name := string(data[m[2]:m[3]])
	if !utf8.Valid(data) {
		e, err := ianaindex.IANA.Encoding(name)
		if err != nil || e == nil {
			return data
		}
		text, err := e.NewDecoder().Bytes(data)
		if err != nil {
			return data
		}
		return MetadataText(text)
	}
	if strings.EqualFold(name, "utf-8") {
		return data
	}
	return append([]byte(`<?xml version="1.0" encoding="UTF-8"?>`), data[m[1]:]...)
}

// utf16Text is UTF-16 as UTF-8, where a byte order mark or the first character of
// XML shows that it is that.
func utf16Text(data []byte) []byte {
	order, ok := unicode.LittleEndian, true
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("<\x00")):
	case bytes.HasPrefix(data, []byte("\xfe\xff")), bytes.HasPrefix(data, []byte("\x00<")):
		order = unicode.BigEndian
	default:
		ok = false
	}
	if !ok || len(data)%2 != 0 {
		return data
	}
	if text, err := unicode.UTF16(order, unicode.UseBOM).NewDecoder().Bytes(data); err == nil && utf8.Valid(text) {
		return text
	}
	return data
}

// times of a descriptor, as attributes. Nothing but a remark hangs on them.
var descriptorTime = regexp.MustCompile(`\s(validUntil|cacheDuration)\s*=\s*("[^"]*"|'[^']*')`)

// withoutOddTimes takes out times that cannot be read, which would otherwise make
// all of the metadata unreadable, and names them. How long metadata may be cached
// does not matter here and goes in any case.
func withoutOddTimes(data []byte) (rest []byte, odd []string) {
	rest = descriptorTime.ReplaceAllFunc(data, func(found []byte) []byte {
		m := descriptorTime.FindSubmatch(found)
		name, value := string(m[1]), strings.TrimSpace(string(m[2][1:len(m[2])-1]))
		if name == "cacheDuration" {
			var d saml.Duration
			if d.UnmarshalText([]byte(value)) != nil {
				odd = append(odd, name)
			}
			return nil
		}
		t, err := parseTime(value)
		if err != nil {
			odd = append(odd, name)
			return nil
		}
		return []byte(` validUntil="` + t.UTC().Format(time.RFC3339) + `"`)
	})
	return rest, odd
}

// parseTime reads an xs:dateTime, which may leave out its zone; SAML means UTC then.
func parseTime(value string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, value)
	if err == nil {
		return t, nil
	}
	return time.Parse("2006-01-02T15:04:05", value)
}

// hasDeclaration tells whether the document says that it is XML.
func hasDeclaration(data []byte) bool { return bytes.HasPrefix(data, []byte("<?xml")) }

// countProviders counts the identity providers of a document that is too large to
// be read whole. Nothing is built from it.
func countProviders(data []byte) int {
	n := 0
	for d := xml.NewDecoder(bytes.NewReader(data)); ; {
		token, err := d.RawToken()
		if err != nil {
			return n
		}
		if t, ok := token.(xml.StartElement); ok && t.Name.Local == "IDPSSODescriptor" {
			n++
		}
	}
}
