package sso

import (
	"fmt"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
)

// bare is a message that the pre-check passes, with something in the place of
// its attributes.
func bare(attributes string) string {
	return `<p:Response xmlns:p="` + nsProtocol + `" xmlns:a="` + nsAssertion + `" ID="_r"><p:Status><p:StatusCode Value="` + statusSuccess +
		`"/></p:Status><a:Assertion ID="_a"><a:Issuer>x</a:Issuer><a:AttributeStatement>` + attributes + `</a:AttributeStatement></a:Assertion></p:Response>`
}

// shapeOf is the code of the pre-check's refusal; empty when it passes.
func shapeOf(message string) model.Code {
	if _, refusal := inspectShape([]byte(message)); refusal != nil {
		return refusal.Code
	}
	return ""
}

// TestLimits: what is at a limit passes, and one more does not.
func TestLimits(t *testing.T) {
	t.Parallel()
	malformed := model.CodeMalformedResponse
	values := func(n int) string {
		return bare(`<a:Attribute>` + strings.Repeat(`<a:AttributeValue/>`, n) + `</a:Attribute>`)
	}
	nested := func(n int) string {
		return `<p:Response xmlns:p="` + nsProtocol + `"><p:Status>` + strings.Repeat(`<p:StatusCode>`, n) + strings.Repeat(`</p:StatusCode>`,
			n) + `</p:Status></p:Response>`
	}
	numbered := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, ` x%d="1"`, i)
		}
		return b.String()
	}
	attributes := func(n int) string { return bare(`<a:Attribute` + numbered(n) + `/>`) }
	inAll := func(n int) string { // beside the five of bare
		return bare(strings.Repeat(`<a:Attribute`+numbered(50)+`/>`, n/50) + `<a:Attribute` + numbered(n%50) + `/>`)
	}
	id := func(n int) string { return bare(`<a:Attribute ID="` + strings.Repeat("i", n) + `"/>`) }
	sized := func(n int) string { return strings.Repeat(" ", n) }
	for name, c := range map[string]struct {
		message func(int) string
		limit   int
		at      model.Code // of the message at the limit
		beyond  model.Code
	}{
		"elements":                  {values, 2000 - 7, "", malformed},
		"depth":                     {nested, 64 - 2, model.CodeStatusNotSuccess, malformed},
		"attributes of one element": {attributes, 64, "", malformed},
		"attributes":                {inAll, 4000 - 5, "", malformed},
		"characters of an ID":       {id, 256, "", malformed},
		"bytes":                     {sized, 512 << 10, malformed, model.CodeTooLarge},
	} {
		if got := shapeOf(c.message(c.limit)); got != c.at {
			t.Errorf("%d %s: %q, want %q", c.limit, name, got, c.at)
		}
		if got := shapeOf(c.message(c.limit + 1)); got != c.beyond {
			t.Errorf("%d %s: %q, want %q", c.limit+1, name, got, c.beyond)
		}
	}
}

// TestCharacterReferences: those that XML 1.0 §2.2 allows, at the edges of each
// range, and no others.
func TestCharacterReferences(t *testing.T) {
	t.Parallel()
	for want, references := range map[model.Code]string{
		"": "&#9; &#x9; &#10; &#xA; &#xa; &#13; &#32; &#x20; &#xD7FF; &#xE000; &#65533; &#xFFFD; &#x10000; &#x10FFFF; &#1114111; &amp; &lt; &gt; &quot; &apos;",
		model.CodeMalformedResponse: "&#0; &#x0; &#1; &#8; &#11; &#xC; &#14; &#x1F; &#xD800; &#xDBFF; &#xDC00; &#xDFFF; &#55296; &#xFFFE; &#xffff; &#x110000; " +
			"&#4294967296; &#4294967305; &#99999999999999999999; &#x; &#; &nbsp; &evil;",
	} {
		for reference := range strings.FieldsSeq(references) {
			for _, message := range []string{bare(`<a:Attribute Name="` + reference + `"/>`), bare(`<a:Attribute><a:AttributeValue>` + reference +
				`</a:AttributeValue></a:Attribute>`)} {
				if got := shapeOf(message); got != want {
					t.Errorf("%s: %q, want %q", reference, got, want)
				}
			}
		}
	}
}

// TestDeclarations: UTF-8 or nothing.
func TestDeclarations(t *testing.T) {
	t.Parallel()
	malformed := model.CodeMalformedResponse
	for before, want := range map[string]model.Code{
		``:                                       "",
		`<?xml version="1.0"?>`:                  "",
		`<?xml version='1.0' encoding='utf-8'?>`: "",
		`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`: "",
		`<?xml version="1.0" standalone='no' ?>`:                  "",
		"<?xml version=\"1.0\"?>\n":                               "",
		`<?xml version="1.1"?>`:                                   malformed,
		`<?xml version="1.0" encoding="UTF-16"?>`:                 malformed,
		`<?xml version="1.0" encoding="ISO-8859-1"?>`:             malformed,
		`<?xml version="1.0" encoding="utf-7"?>`:                  malformed,
		`<?xml version="1.0" standalone="maybe"?>`:                malformed,
		`<?xml encoding="UTF-8"?>`:                                malformed,
		`<?xml-stylesheet href="x"?>`:                             malformed,
		`<?x version="1.0"?>`:                                     malformed,
		`<?x?>`:                                                   malformed,
		`<?xml version="1.0"?><?x?>`:                              malformed,
		`<?xml version="1.0"?><?xml version="1.0"?>`:              malformed,
		"\n<?xml version=\"1.0\"?>":                               malformed,
		"\ufeff":                                                  malformed,
		" ":                                                       malformed,
		"x":                                                       malformed,
		"<!-- -->":                                                malformed,
		"<!DOCTYPE x>":                                            model.CodeDTDForbidden,
		"<!doctype x>":                                            model.CodeDTDForbidden,
		"<!ELEMENT x ANY>":                                        model.CodeDTDForbidden,
	} {
		if got := shapeOf(before + bare("")); got != want {
			t.Errorf("%q: %q, want %q", before, got, want)
		}
	}
	for after, want := range map[string]model.Code{" \n": "", "x": malformed, "<?x?>": malformed, "<!-- -->": malformed, "<": malformed,
		"</x>": malformed, "<x/>": malformed,
		`<p:Response xmlns:p="` + nsProtocol + `"><p:Status><p:StatusCode Value="` + statusSuccess + `"/></p:Status></p:Response>`: malformed} {
		if got := shapeOf(bare("") + after); got != want {
			t.Errorf("%q behind it: %q, want %q", after, got, want)
		}
	}
}

// TestNamespaces: a prefix means one namespace in the whole document, and counts
// only inside the element that binds it.
func TestNamespaces(t *testing.T) {
	t.Parallel()
	malformed := model.CodeMalformedResponse
	for attributes, want := range map[string]model.Code{
		`<a:Attribute xmlns:q="urn:q" q:x="1"/>`:                                                                    "",
		`<a:Attribute xmlns:q="urn:q"><a:AttributeValue q:x="1"/></a:Attribute>`:                                    "",
		`<a:Attribute xmlns:q="urn:q"><a:AttributeValue xmlns:q="urn:q"/><a:AttributeValue q:x="1"/></a:Attribute>`: "",
		`<a:Attribute xmlns:q="urn:q"/><a:Attribute xmlns:q="urn:q" q:x="1"/>`:                                      "",
		`<a:Attribute xmlns:q="urn:q"/><a:Attribute q:x="1"/>`:                                                      malformed,
		`<a:Attribute xmlns:q="urn:q"/><a:Attribute xmlns:q="urn:r"/>`:                                              malformed,
		`<a:Attribute q:x="1"/>`:                                     malformed,
		`<q:Attribute xmlns:q="` + nsAssertion + `"/><q:Attribute/>`: malformed,
		`<a:Attribute q:xmlns="urn:x"/>`:                             malformed,
		`<a:Attribute xmlns="urn:q" xmlns:q="urn:q" x="1" q:x="2"/>`: "",
		`<a:Attribute xmlns="urn:q" xmlns:q="urn:q" q:x="2" x="1"/>`: "",
		`<q:Attribute/>`: malformed,
		`<Attribute/>`:   malformed,
		`<Attribute xmlns="` + nsAssertion + `"/>`:                                      "",
		`<Attribute xmlns="` + nsAssertion + `"><AttributeValue/></Attribute>`:          "",
		`<Attribute xmlns="` + nsAssertion + `"/><Attribute/>`:                          malformed,
		`<Attribute xmlns="` + nsAssertion + `"><AttributeValue xmlns=""/></Attribute>`: malformed,
		`<q:Attribute xmlns:q="` + nsAssertion + `"/>`:                                  "",
		`<a:Attribute xmlns:a="urn:a"/>`:                                                malformed,
		`<a:Attribute xmlns:a="` + nsAssertion + `"/>`:                                  "",
		`<a:Attribute xmlns:q=""/>`:                                                     malformed,
		`<a:Attribute xmlns:xml="` + nsXML + `"/>`:                                      malformed,
		`<a:Attribute xmlns:xml="urn:x"/>`:                                              malformed,
		`<a:Attribute xmlns:xmlns="urn:x"/>`:                                            malformed,
		`<a:Attribute xmlns:q="` + nsXML + `"/>`:                                        malformed,
		`<a:Attribute xmlns:q="` + nsXMLNS + `"/>`:                                      malformed,
		`<a:Attribute xml:lang="en"/>`:                                                  "",
		`<a:Attribute xmlns:q="urn:!~"/>`:                                               "",
		`<a:Attribute xmlns:q="urn: x"/>`:                                               malformed,
		`<a:Attribute xmlns:q="urn:&#x7F;"/>`:                                           malformed,
		`<a:Attribute xmlns:q="urn:é"/>`:                                                malformed,
		`<a:Attribute xmlns:q='urn:"'/>`:                                                malformed,
		`<a:Attribute xmlns:q="urn:&lt;"/>`:                                             malformed,
		`<a:Attribute xmlns:q="urn:>"/>`:                                                malformed,
		`<a:Attribute xmlns:q="urn:\"/>`:                                                malformed,
		`<a:Attribute xmlns:q="urn:^"/>`:                                                malformed,
		"<a:Attribute xmlns:q=\"urn:`\"/>":                                              malformed,
		`<a:Attribute xmlns:q="urn:{"/>`:                                                malformed,
		`<a:Attribute xmlns:q="urn:|"/>`:                                                malformed,
		`<a:Attribute xmlns:q="urn:}"/>`:                                                malformed,
		`<a:Attribute x="1" x="2"/>`:                                                    malformed,
		`<a:Attribute x="1" y="1"/>`:                                                    "",
		`<a:Attribute xmlns:q="urn:q" q:x="1" q:x="2"/>`:                                malformed,
		`<a:Attribute xmlns:q="urn:q" xmlns:r="urn:q" q:x="1" r:x="2"/>`:                malformed,
		`<a:Attribute xmlns:q="urn:q" xmlns:r="urn:r" q:x="1" r:x="2"/>`:                "",
		`<a:Attribute xmlns:q="urn:q" x="1" q:x="2"/>`:                                  "",
		`<a:Attribute xmlns:q="urn:q" q:x="2" x="1"/>`:                                  "",
		`<a:Attribute xmlns:q="urn:q" xmlns:q="urn:q"/>`:                                malformed,
		`<a:Attribute xmlns:x="urn:q" x="1"/>`:                                          "",
		`<a:Attribute xmlns:x="urn:q" x:x="1"/>`:                                        "",
		`<a:Attribute a:b:c="1"/>`:                                                      malformed,
		`<a:Attribute:x/>`:                                                              malformed,
		`<a:/>`:                                                                         malformed,
		`<a:Attribute a:="1"/>`:                                                         malformed,
		`<a:Attribute></p:Attribute>`:                                                   malformed,
		`<a:Attribute></a:AttributeValue>`:                                              malformed,
		`<a:Attribute xmlns:b="` + nsAssertion + `"></b:Attribute>`:                     malformed,
	} {
		if got := shapeOf(bare(attributes)); got != want {
			t.Errorf("%s: %q, want %q", attributes, got, want)
		}
	}
}

// TestIdentifiers: one spelling of the attribute, and each value once.
func TestIdentifiers(t *testing.T) {
	t.Parallel()
	malformed := model.CodeMalformedResponse
	for attribute, want := range map[string]model.Code{
		`ID="_x"`: "", `ID="x-1.2_Z"`: "", `ID="A"`: "", `ID="z9"`: "", `IDs="1"`: "", `xID="1"`: "",
		`ID="_r"`: malformed, `ID="_a"`: malformed, `ID=""`: malformed, `ID="1x"`: malformed, `ID="-x"`: malformed, `ID=".x"`: malformed, `ID="x y"`: malformed,
		`ID="x:y"`: malformed, `ID="é"`: malformed, `ID="x/"`: malformed, `ID="x@"`: malformed, `ID="x["`: malformed, "ID=\"x`\"": malformed, `ID="x{"`: malformed,
		`ID="x'"`: malformed, `id="_x"`: malformed, `Id="_x"`: malformed, `iD="_x"`: malformed, `xml:id="_x"`: malformed, `a:ID="_x"`: malformed,
		`a:id="_x"`: malformed,
	} {
		if got := shapeOf(bare(`<a:Attribute ` + attribute + `/>`)); got != want {
			t.Errorf("%s: %q, want %q", attribute, got, want)
		}
	}
}

// TestText: only between the tags of what holds text.
func TestText(t *testing.T) {
	t.Parallel()
	malformed := model.CodeMalformedResponse
	for attributes, want := range map[string]model.Code{
		" \t\r\n": "", "x": malformed, "&#32;": "", `<a:Attribute>x</a:Attribute>`: malformed, "<a:Attribute> \n</a:Attribute>": "",
		`<a:Attribute><a:AttributeValue>x</a:AttributeValue></a:Attribute>`:                "",
		`<a:Attribute><a:AttributeValue>x<!-- y --></a:AttributeValue></a:Attribute>`:      malformed,
		`<a:Attribute><a:AttributeValue><![CDATA[x]]></a:AttributeValue></a:Attribute>`:    malformed,
		`<a:Attribute><a:AttributeValue>x<?y z?></a:AttributeValue></a:Attribute>`:         malformed,
		`<a:Attribute><a:AttributeValue>x<!DOCTYPE y></a:AttributeValue></a:Attribute>`:    model.CodeDTDForbidden,
		`<a:Attribute><a:AttributeValue>x<!ENTITY y "z"></a:AttributeValue></a:Attribute>`: model.CodeDTDForbidden,
		"<a:Attribute><a:AttributeValue>\xff</a:AttributeValue></a:Attribute>":             malformed,
		"<a:Attribute><a:AttributeValue>\x01</a:AttributeValue></a:Attribute>":             malformed,
		`<a:Attribute><a:AttributeValue>x`:                                                 malformed,
	} {
		if got := shapeOf(bare(attributes)); got != want {
			t.Errorf("%q: %q, want %q", attributes, got, want)
		}
	}
	for _, cut := range []string{"", "<", "<p:Response", bare("")[:len(bare(""))-1], strings.TrimSuffix(bare(""), "</p:Response>")} {
		if got := shapeOf(cut); got != malformed {
			t.Errorf("%q: %q, want %q", cut, got, malformed)
		}
	}
}

// TestStatusEvidence: what AWS gives as its reason is told with the code.
func TestStatusEvidence(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]string{
		`<p:StatusCode Value="urn:x"/>`:                                               "urn:x",
		`<p:StatusCode Value="urn:x"><p:StatusCode Value="urn:y"/></p:StatusCode>`:    "urn:x / urn:y",
		`<p:StatusCode Value="urn:x"/><p:StatusMessage> No access </p:StatusMessage>`: "urn:x: No access",
		`<p:StatusCode Value="urn:x"/><p:StatusMessage> </p:StatusMessage>`:           "urn:x",
	} {
		_, r := inspectShape([]byte(strings.Replace(bare(""), `<p:StatusCode Value="`+statusSuccess+`"/>`, status, 1)))
		if r == nil || r.Code != model.CodeStatusNotSuccess || r.Received != want || r.Expected != statusSuccess {
			t.Errorf("%s: %+v, want %q", status, r, want)
		}
	}
}
