package sso

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"encoding/xml"
	"io"
	"maps"
	"slices"
	"strings"
)

// NotResponse names what somebody pasted in place of a SAML response, in a
// sentence; empty where it is one, or looks like one that was damaged.
func NotResponse(input []byte) string {
	data := Unwrap(input)
	switch {
	case len(data) == 0:
		return ""
	case data[0] == '<':
		return otherXML(data)
	case json.Valid(data) && (data[0] == '{' || data[0] == '['):
		return "This is JSON, and no SAML response is in it. Of a SAML tracer's export, take one with a POST to Postern in it."
	case bytes.Contains(data, []byte("SAMLRequest=")), bytes.Contains(data, []byte("SAMLRequest:")):
		return "This is a SAMLRequest: what Postern sends to AWS. Paste what comes back, the SAMLResponse."
	}
	decoded, refusal := DecodeResponse(string(data))
	if refusal != nil {
		if len(data) > 2*MaxXML {
			return "" // it is judged by its size
		}
		return "This is neither XML nor base64, so it is no SAML response, or a part of it is missing."
	}
	if bytes.HasPrefix(bytes.TrimSpace(decoded), []byte("<")) {
		return otherXML(decoded)
	}
	inflated, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(decoded)), MaxXML))
	if err != nil || !bytes.HasPrefix(bytes.TrimSpace(inflated), []byte("<")) {
		return "This is base64 of something that is not XML, so it is no SAML response."
	}
	if other := otherXML(inflated); other != "" {
		return other + " It is deflated, as in an address."
	}
	return "This is a SAML response, but deflated, as in an address. AWS posts it as it is: paste the form field SAMLResponse."
}

// otherXML names XML that is no SAML response; empty where its root is one, or
// cannot be found.
func otherXML(data []byte) string {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.Strict = false
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	for {
		t, err := d.Token()
		if err != nil {
			return ""
		}
		if e, ok := t.(xml.StartElement); ok {
			if e.Name.Local == "Response" {
				return ""
			}
			r := otherRoot(qname{e.Name.Space, e.Name.Local})
			_, is, _ := strings.Cut(r.Detail, "it is ")
			if is == "" {
				return "This is XML, but no SAML response: its root is " + short(e.Name.Local) + "."
			}
			return "This is no SAML response: it is " + is
		}
	}
}

// unwrapJSON takes the last SAML response out of what a SAML tracer or a
// browser's tools export; nil where there is none.
func unwrapJSON(data []byte) []byte {
	var all any
	if json.Unmarshal(data, &all) != nil {
		return nil
	}
	return []byte(strings.TrimSpace(lastResponse(all)))
}

// lastResponse looks for a form field SAMLResponse as tools write fields (a
// member, a pair, an object with name and value), and for XML with a response.
func lastResponse(v any) (found string) {
	keep := func(s string) {
		if s != "" {
			found = s
		}
	}
	switch v := v.(type) {
	case map[string]any:
		if name, _ := v["name"].(string); name == "SAMLResponse" {
			value, _ := v["value"].(string)
			keep(decodePercent(value))
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			inner := v[key]
			if text, ok := inner.(string); ok && key == "SAMLResponse" {
				keep(decodePercent(text))
				continue
			}
			keep(lastResponse(inner))
		}
	case []any:
		if len(v) == 2 && v[0] == "SAMLResponse" {
			text, _ := v[1].(string)
			return decodePercent(text)
		}
		for _, inner := range v {
			keep(lastResponse(inner))
		}
	case string:
		if text := strings.TrimSpace(v); strings.HasPrefix(text, "<") && otherXML([]byte(text)) == "" && strings.Contains(text, "Response") {
			keep(text)
		} else if _, rest, ok := strings.Cut(v, "SAMLResponse="); ok {
			value, _, _ := strings.Cut(rest, "&")
			keep(decodePercent(value))
		}
	}
	return found
}
