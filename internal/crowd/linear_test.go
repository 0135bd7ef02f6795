package crowd

import (
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/bodytest"
)

// hostile are bodies that cost more than they look; each fits into MaxBody at 16x.
// What is read of a body is what bodyReaders do with it.
func hostile() map[string]bodytest.Body {
	value := func(inner string) bodytest.Body {
		return func(n int) []byte {
			return []byte("<property-search-restriction><value>" + strings.Repeat(inner, n*60000/len(inner)) + "</value></property-search-restriction>")
		}
	}
	repeated := func(before, inner, after string) bodytest.Body {
		return func(n int) []byte { return []byte(before + strings.Repeat(inner, n*60000/len(inner)) + after) }
	}
	return map[string]bodytest.Body{
		"comments in a text":          value("aaaaaaa<!---->"),
		"CDATA sections in a text":    value("aaaaaaa<![CDATA[b]]>"),
		"instructions in a text":      value("aaaaaaa<?b?>"),
		"entities in a text":          value("aaaaaaa&lt;"),
		"one long text":               value("a"),
		"one long comment":            repeated("<a><!--", "b", "--></a>"),
		"attributes":                  repeated("<a ", `b="" `, "/>"),
		"declared prefixes":           repeated("<a ", `xmlns:b="c" `, "/>"),
		"elements":                    repeated("<a>", "<b/>", "</a>"),
		"elements that are not ended": repeated("<a>", "<b>", ""),
		"comments after the end":      repeated("<a/>", "<!---->", ""),
		"lists in JSON":               repeated(`{"validation-factors":{"validationFactors":[`, "{},", "{}]}}"),
		"restrictions in JSON":        repeated(allOf("or"), nothing+",", nothing+"]}"),
		"restrictions in XML": repeated(`<boolean-search-restriction boolean-logic="or"><restrictions>`, "<null-search-restriction/>",
			"</restrictions></boolean-search-restriction>"),
		"nested lists in JSON": repeated(compares("name")+`"match-mode":"CONTAINS","value":`, "[", ""),
		"a list as a value":    repeated(compares("name")+`"match-mode":"CONTAINS","value":[`, "1,", "1]}"),
		"a query of words":     repeated("", "name = a or ", "name = a"),
		"an open quotation":    repeated("name = '", `\'`, ""),
	}
}

// readEvery reads a body as everything that the directory takes.
func readEvery(data []byte) {
	kind, _ := kindOf("user")
	_, _ = readXML(data)
	_, _ = readRestriction(kind, "", data)
	_, _ = signInFromJSON(data)
	_, _ = readQuery(kind, string(data))
}

func TestRow30CrowdBodies(t *testing.T) { //nolint:paralleltest // it counts what the process allocates
	for name, body := range hostile() { //nolint:paralleltest // see above
		t.Run(name, func(t *testing.T) { bodytest.Linear(t, body, readEvery) })
	}
}

func BenchmarkRow30CrowdBodies(b *testing.B) {
	for name, body := range hostile() {
		b.Run(name, func(b *testing.B) { bodytest.Bench(b, body, readEvery) })
	}
}

// Text that is cut into pieces is the same text, up to as many pieces as there
// may be; beyond, no more is looked at.
func TestRow30PiecesOfText(t *testing.T) {
	t.Parallel()
	cut := func(pieces int, between string) []byte {
		return []byte("<a>" + strings.Repeat("b"+between, pieces) + "</a>")
	}
	for _, between := range []string{"<!-- x -->", "<![CDATA[]]>", "<?x y?>"} {
		if e, err := readXML(cut(maxTokens/2-2, between)); err != nil || e.content != strings.Repeat("b", maxTokens/2-2) {
			t.Errorf("%s: %v", between, err)
		}
		if _, err := readXML(cut(maxTokens, between)); err == nil {
			t.Errorf("%d pieces between %s were read", maxTokens, between)
		}
	}
	if _, err := readXML([]byte("<a " + strings.Repeat(`b="" `, maxTokens+1) + "/>")); err == nil {
		t.Errorf("%d attributes were read", maxTokens+1)
	}
	mixed := []byte("<a>1<!---->2<![CDATA[<3>]]><?x?>&#52;<b>no</b>5</a>")
	if e, err := readXML(mixed); err != nil || e.content != "12<3>45" {
		t.Errorf("read %+v, %v", e, err)
	}
}
