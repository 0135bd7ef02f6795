package sso

import (
	"encoding/base64"
	"html"
	"net/url"
	"testing"
	"time"
)

func TestUnwrap(t *testing.T) {
	t.Parallel()
	const xml = `<Response IssueInstant="2026-11-23T14:00:00.123Z">>>>???</Response>`
	base := base64.StdEncoding.EncodeToString([]byte(xml))
	form := url.Values{"SAMLResponse": {base}, "RelayState": {"a b"}}.Encode()
	for name, tt := range map[string]struct{ input, want string }{
		"XML":                {"\xef\xbb\xbf\n" + xml + "\n", xml},
		"base64":             {base + "\n", base},
		"form body":          {form, base},
		"the other order":    {"RelayState=x&SAMLResponse=" + url.QueryEscape(base), base},
		"one field":          {"SAMLResponse=" + url.QueryEscape(base), base},
		"one field, decoded": {"SAMLResponse=" + base, base},
		"a line each":        {"RelayState: x\r\nSAMLResponse: " + base + "\r\n", base},
		"encoded base64":     {url.QueryEscape(base), base},
		"a page":             {`<html><form><input type="hidden" name="SAMLResponse" value="` + html.EscapeString(base) + `"/></form>`, base},
		"a page, reversed":   {`<form><input value='` + base + `' name='SAMLResponse'></form>`, base},
		"another page":       {"<html></html>", "<html></html>"},
		"empty":              {" ", ""},
		"bad encoding":       {"%zz", "%zz"},
	} {
		if got := string(Unwrap([]byte(tt.input))); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
	want := time.Date(2026, 11, 23, 14, 0, 0, 123e6, time.UTC)
	for _, input := range []string{xml, base, form} {
		if got, ok := IssueInstant([]byte(input)); !ok || !got.Equal(want) {
			t.Errorf("%.20q: issued %v, %v", input, got, ok)
		}
	}
	for _, input := range []string{"", "<a/>", "%%%", `<a IssueInstant="yesterday"/>`} {
		if got, ok := IssueInstant([]byte(input)); ok {
			t.Errorf("%q: issued %v", input, got)
		}
	}
}
