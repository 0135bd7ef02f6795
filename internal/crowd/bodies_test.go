package crowd

import (
	"fmt"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/store"
)

// nothing is a restriction that restricts nothing, in JSON.
const nothing = `{"restriction-type":"null-search-restriction"}`

// allOf is the beginning of a list of restrictions in JSON.
func allOf(logic string) string {
	return `{"restriction-type":"boolean-search-restriction","boolean-logic":"` + logic + `","restrictions":[`
}

// compares is the beginning of a comparison in JSON.
func compares(property string) string {
	return `{"restriction-type":"property-search-restriction","property":{"name":"` + property + `"},`
}

// nested is a restriction of that depth, as it is sent.
func nested(depth int, inJSON bool) string {
	before, inner, after := `<boolean-search-restriction boolean-logic="and"><restrictions>`, "<null-search-restriction/>",
		"</restrictions></boolean-search-restriction>"
	if inJSON {
		before, inner, after = allOf("and"), nothing, "]}"
	}
	return strings.Repeat(before, depth-1) + inner + strings.Repeat(after, depth-1)
}

// many is a restriction with so many parts, itself included.
func many(parts int, inJSON bool) string {
	if inJSON {
		return allOf("or") + strings.TrimSuffix(strings.Repeat(nothing+",", parts-1), ",") + "]}"
	}
	return `<boolean-search-restriction boolean-logic="or"><restrictions>` + strings.Repeat("<null-search-restriction/>", parts-1) +
		"</restrictions></boolean-search-restriction>"
}

// A body is small: what is deeper or longer is refused, and what is at the limit
// is read.
func TestRestrictionsAreBounded(t *testing.T) {
	t.Parallel()
	query := func(depth int) string {
		return strings.Repeat("(", depth-1) + "name = a" + strings.Repeat(")", depth-1)
	}
	read := func(body string) error { _, err := readRestriction(userKind(t), "", []byte(body)); return err }
	ask := func(text string) error { _, err := readQuery(userKind(t), text); return err }
	value := func(n int) string { return strings.Repeat("ü", n) }
	property := `<property-search-restriction><property><name>name</name></property>` +
		`<match-mode>CONTAINS</match-mode><value>%s</value></property-search-restriction>`
	for name, c := range map[string]struct {
		most, more error
	}{
		"depth in XML":        {read(nested(maxDepth, false)), read(nested(maxDepth+1, false))},
		"depth in JSON":       {read(nested(maxDepth, true)), read(nested(maxDepth+1, true))},
		"depth in a query":    {ask(query(maxDepth)), ask(query(maxDepth + 1))},
		"parts in XML":        {read(many(maxParts, false)), read(many(maxParts+1, false))},
		"parts in JSON":       {read(many(maxParts, true)), read(many(maxParts+1, true))},
		"length of a value":   {read(fmt.Sprintf(property, value(maxValue))), read(fmt.Sprintf(property, value(maxValue+1)))},
		"a value in a query":  {ask("name = '" + value(maxValue) + "'"), ask("name = '" + value(maxValue+1) + "'")},
		"parts in a query":    {ask(strings.Repeat("name = a or ", (maxParts-1)/2) + "name = a"), ask(strings.Repeat("name = a or ", maxParts) + "name = a")},
		"tokens of the query": {nil, ask(strings.Repeat("( ", 8*maxParts+1))},
	} {
		if c.most != nil {
			t.Errorf("%s: at the limit: %v", name, c.most)
		}
		if c.more == nil {
			t.Errorf("%s: beyond the limit it is read", name)
		}
	}
}

// Every body in XML is read by the same reader, which goes neither deep nor far.
func TestXMLIsBounded(t *testing.T) {
	t.Parallel()
	deep := func(n int) string { return strings.Repeat("<a>", n) + strings.Repeat("</a>", n) }
	wide := func(n int) string { return "<a>" + strings.Repeat("<b/>", n-1) + "</a>" }
	for name, c := range map[string]struct {
		body string
		read bool
	}{
		"as deep as may be":       {deep(maxElementDepth), true},
		"deeper":                  {deep(maxElementDepth + 1), false},
		"as many as may be":       {wide(maxElements), true},
		"more":                    {wide(maxElements + 1), false},
		"two roots":               {"<a/><b/>", false},
		"no root":                 {"<!-- nothing -->", false},
		"not closed":              {"<a><b></b>", false},
		"closed in another order": {"<a><b></a></b>", false},
		"a document type":         {"<!DOCTYPE a><a/>", false},
		"its own entity":          {`<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>`, false},
		"an unknown entity":       {"<a>&e;</a>", false},
		"XML's own entities":      {"<a>&lt;&#65;</a>", true},
		"a declaration":           {`<?xml version="1.0" encoding="UTF-8"?><a/>`, true},
		"another encoding":        {`<?xml version="1.0" encoding="UTF-16"?><a/>`, false},
	} {
		if _, err := readXML([]byte(c.body)); (err == nil) != c.read {
			t.Errorf("%s: %v", name, err)
		}
	}
	e, err := readXML([]byte(`<a x="1">t<b>u&lt;</b>v<b>w</b></a>`))
	if err != nil || e.name != "a" || e.attributes["x"] != "1" || e.content != "tv" || e.text("b") != "u<" || e.child("c").text("b") != "" {
		t.Errorf("read %+v, %v", e, err)
	}
}

// A restriction of which a part is not understood is refused: without it the
// answer would have more in it than was asked for.
func TestRestrictionsHalfUnderstoodAreRefused(t *testing.T) {
	t.Parallel()
	property := func(rest string) string {
		return `{"restriction-type":"property-search-restriction","property":{"name":"name"` + rest + `}`
	}
	for name, body := range map[string]string{
		"unknown kind":          `{"restriction-type":"odd-search-restriction"}`,
		"no kind":               `{"property":{"name":"name"},"match-mode":"CONTAINS","value":"a"}`,
		"unknown logic":         allOf("nand") + nothing + "]}",
		"no logic":              `{"restriction-type":"boolean-search-restriction","restrictions":[{"restriction-type":"null-search-restriction"}]}`,
		"no restrictions":       allOf("and") + "]}",
		"a bad part":            allOf("or") + nothing + ",{}]}",
		"unknown field":         property(`},"match-mode":"CONTAINS","value":"a","limit":1`),
		"unknown property":      compares("shoe") + `"match-mode":"CONTAINS","value":"a"}`,
		"of a group":            compares("description") + `"match-mode":"CONTAINS","value":"a"}`,
		"another type":          property(`,"type":"DATE"},"match-mode":"CONTAINS","value":"a"`),
		"unknown type":          property(`,"type":"SHOE"},"match-mode":"CONTAINS","value":"a"`),
		"unknown match":         property(`},"match-mode":"RESEMBLES","value":"a"`),
		"no match":              property(`},"value":"a"`),
		"several values":        property(`},"match-mode":"CONTAINS","value":["a","b"]`),
		"an object":             property(`},"match-mode":"CONTAINS","value":{}`),
		"neither true or false": compares("active") + `"match-mode":"EXACTLY_MATCHES","value":"perhaps"}`,
		"more than true":        compares("active") + `"match-mode":"GREATER_THAN","value":true}`,
		"part of a date":        compares("createdDate") + `"match-mode":"CONTAINS","value":"2001-01-01"}`,
		"no date":               compares("createdDate") + `"match-mode":"LESS_THAN","value":"soon"}`,
		"the year 0":            compares("createdDate") + `"match-mode":"LESS_THAN","value":"0000-01-01"}`,
		"the year 200000":       compares("createdDate") + `"match-mode":"LESS_THAN","value":6248223600000000}`,
		"more after it":         nothing + nothing,
	} {
		if got, err := readRestriction(userKind(t), "application/json", []byte(body)); err == nil {
			t.Errorf("%s gave %+v", name, got)
		}
	}
	for name, inner := range map[string]string{
		"unknown element": "<limit>1</limit>", "unknown kind in a list": "",
	} {
		body := `<property-search-restriction><property><name>name</name></property><match-mode>CONTAINS</match-mode><value>a</value>` + inner +
			`</property-search-restriction>`
		if inner == "" {
			body = `<boolean-search-restriction boolean-logic="or"><restrictions><null-search-restriction/><odd/></restrictions></boolean-search-restriction>`
		}
		if got, err := readRestriction(userKind(t), "application/xml", []byte(body)); err == nil {
			t.Errorf("%s gave %+v", name, got)
		}
	}
	for _, c := range []struct{ contentType, body string }{{"application/xml", `{"restriction-type":"null-search-restriction"}`},
		{"application/json", "<null-search-restriction/>"}} {
		if got, err := readRestriction(userKind(t), c.contentType, []byte(c.body)); err == nil {
			t.Errorf("%s in the name of %s gave %+v", c.body, c.contentType, got)
		}
	}
	if _, err := kindOf("alias"); err == nil {
		t.Error("a search for aliases is understood")
	}
	if r, err := readRestriction(userKind(t), "", nil); err != nil || !r.None() {
		t.Errorf("no restriction gave %+v, %v", r, err)
	}
	absent := []byte(compares("lastName") + `"match-mode":"null"}`)
	if got, err := readRestriction(userKind(t), "", absent); err != nil || got.Match != store.MatchNull {
		t.Errorf("a property that is not there: %+v, %v", got, err)
	}
}
