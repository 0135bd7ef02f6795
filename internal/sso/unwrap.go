package sso

import (
	"bytes"
	"html"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// maxUnwrap is the largest paste that is looked into, in bytes: a form with the
// largest message, URL-encoded at its worst.
const maxUnwrap = 4 * MaxXML

var (
	inputTag     = regexp.MustCompile(`(?is)<input\b[^>]*\bname\s*=\s*["']SAMLResponse["'][^>]*>`)
	inputValue   = regexp.MustCompile(`(?is)\bvalue\s*=\s*["']([^"']*)["']`)
	issueInstant = regexp.MustCompile(`\bIssueInstant\s*=\s*["']([^"']{1,40})["']`)
)

// Unwrap takes a SAML response out of what people copy it with: a form body as
// browsers' tools show it (URL-encoded, or a line for each field), a page that
// posts it, URL-encoded base64, the export of a SAML tracer or of a browser (JSON). Anything else is returned as it is, without
// blanks around it; it decides nothing.
func Unwrap(input []byte) []byte {
	data := bytes.TrimSpace(bytes.TrimPrefix(input, []byte("\xef\xbb\xbf")))
	if len(data) > maxUnwrap {
		return data
	}
	if bytes.HasPrefix(data, []byte("<")) {
		return unwrapPage(data)
	}
	if bytes.HasPrefix(data, []byte("{")) || bytes.HasPrefix(data, []byte("[")) {
		if found := unwrapJSON(data); len(found) > 0 {
			return found
		}
		return data
	}
	text := string(data)
	for _, field := range strings.FieldsFunc(text, func(r rune) bool { return r == '&' || r == '\n' || r == '\r' }) {
		field = strings.TrimSpace(field)
		for _, mark := range []string{"SAMLResponse=", "SAMLResponse:"} {
			if rest, ok := strings.CutPrefix(field, mark); ok {
				return []byte(decodePercent(strings.TrimSpace(rest)))
			}
		}
	}
	return []byte(decodePercent(text))
}

func unwrapPage(data []byte) []byte {
	tag := inputTag.Find(data)
	if tag == nil {
		return data
	}
	value := inputValue.FindSubmatch(tag)
	if value == nil {
		return data
	}
	return []byte(strings.TrimSpace(html.UnescapeString(string(value[1]))))
}

// decodePercent undoes URL encoding where there is any. Base64 has a plus sign
// of its own, which forms encode, so a plus sign stays.
func decodePercent(text string) string {
	if !strings.Contains(text, "%") {
		return text
	}
	plain, err := url.PathUnescape(text)
	if err != nil {
		return text
	}
	return plain
}

// IssueInstant is the time of issue that a response claims, unverified: XML or
// base64, wrapped or not.
func IssueInstant(input []byte) (time.Time, bool) {
	data := Unwrap(input)
	if !bytes.HasPrefix(data, []byte("<")) {
		decoded, refusal := DecodeResponse(string(data))
		if refusal != nil {
			return time.Time{}, false
		}
		data = decoded
	}
	found := issueInstant.FindSubmatch(data)
	if found == nil {
		return time.Time{}, false
	}
	return instant(string(found[1]))
}
