package onepass

import (
	"math/rand/v2"
	"regexp"
	"strings"
)

// mutator changes messages in ways that mean something to a parser of XML.
type mutator struct{ *rand.Rand }

var (
	tagPattern       = regexp.MustCompile(`<[A-Za-z][^<>]*>`)
	emptyPattern     = regexp.MustCompile(`<([A-Za-z][\w:.-]*)([^<>]*?)(/>|></[\w:.-]+>)`)
	attributePattern = regexp.MustCompile(`[ \t\r\n]+[A-Za-z:_][\w:.-]*="[^"<]*"`)
	textPattern      = regexp.MustCompile(`>[^<>]+<`)
	elementPattern   = regexp.MustCompile(`<([A-Za-z][\w:.-]*)[^<>]*>[^<>]*</[\w:.-]+>`)
	listPattern      = regexp.MustCompile(`PrefixList="[^"]*"`)
)

// one is a random one of some.
func one[T any](m mutator, some ...T) T { return some[m.IntN(len(some))] }

// place is a random match of a pattern; false where there is none.
func (m mutator) place(p *regexp.Regexp, text string) (from, to int, ok bool) {
	from = 0
	if len(text) > 1 {
		from = m.IntN(len(text))
	}
	at := p.FindStringIndex(text[from:])
	if at == nil {
		from = 0
		if at = p.FindStringIndex(text); at == nil {
			return 0, 0, false
		}
	}
	return from + at[0], from + at[1], true
}

// at changes a random match of a pattern.
func (m mutator) at(p *regexp.Regexp, text string, change func(string) string) string {
	from, to, ok := m.place(p, text)
	if !ok {
		return text
	}
	return text[:from] + change(text[from:to]) + text[to:]
}

// within puts something into the middle of a match.
func (m mutator) within(p *regexp.Regexp, text, what string) string {
	return m.at(p, text, func(s string) string {
		at := 1 + m.IntN(len(s)-1)
		return s[:at] + what + s[at:]
	})
}

// pieces are what stands for itself, for something else, or for nothing in XML.
var pieces = []string{
	">", "\"", "'", "\r", "\r\n", "\n", "\t", " ", "&#13;", "&#xD;", "&#9;", "&#10;", "&#xA;", "&#32;", "&amp;", "&lt;", "&gt;", "&quot;", "&apos;",
	"&#38;", "&#60;", "&#x3E;", "&#34;", "&#39;", "&#x61;", "&#0061;", "&#x1F600;", "ä", "€", "😀", "\u00a0", "\u0085", "\u2028", "\ufeff", "]]>",
	"]]&gt;", "]", "&#0;", "&#x1F;", "&#xD800;", "&#xFFFE;", "&#x110000;", "&nbsp;", "&", "&#;", "&#x;", "&amp", "\x00", "\x0b", "\ufffe", "\xff",
	"\xc0\x80", "\xed\xa0\x80", "<", "<!---->", "<?p?>", "<![CDATA[x]]>", "<!DOCTYPE a>", "&#x00000041;", "&#00000065;",
}

// declarations and attributes that a tag may get.
var additions = []string{
	` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`, ` xmlns:xs="http://www.w3.org/2001/XMLSchema"`, ` xsi:type="xs:string"`,
	` xsi:nil="false"`, ` xml:lang="en"`, ` xml:space="preserve"`, ` xmlns:x="urn:x"`, ` xmlns:y="urn:y"`, ` xmlns:z="urn:x"`, ` x:a="1"`, ` y:a="2"`,
	` z:a="3"`, ` x:b="4"`, ` a="1"`, ` b="2"`, ` B="3"`, ` xmlns="urn:d"`, ` xmlns="urn:oasis:names:tc:SAML:2.0:assertion"`, ` xmlns=""`,
	` xmlns:x=""`, ` xmlns:ds="http://www.w3.org/2000/09/xmldsig#"`, ` Id="q"`, ` xml:id="q"`, ` ID="q"`,
	` xmlns:xml="http://www.w3.org/XML/1998/namespace"`, ` xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"`, ` x:Algorithm="q"`, ` é="1"`,
	` a:b:c="1"`, ` :a="1"`, ` xmlns:d="http://example.com/a?b=c&amp;d"`, ` xmlns:i="relative"`, ` xmlns:i="a/b:c"`, ` xmlns:i="http://a:b/"`,
	` xmlns:i="http:x"`, ` xmlns:i="urn:"`, ` xmlns:i="#a"`, ` xmlns:i="http://a#"`, ` xmlns:i="a+b:://?"`, ` xmlns:i="http://[a"`,
	` xmlns:i="urn:%zz"`, ` xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol"`,
}

// changes are the ways in which a message is changed.
var changes = []func(m mutator, text string) string{
	func(m mutator, text string) string { return m.within(textPattern, text, one(m, pieces...)) },
	func(m mutator, text string) string { return m.within(attributePattern, text, one(m, pieces...)) },
	func(m mutator, text string) string {
		return m.within(tagPattern, text, one(m, " ", "\n", "\r\n", "\t", "/"))
	},
	func(m mutator, text string) string { // another quote
		return m.at(attributePattern, text, func(s string) string { return strings.ReplaceAll(s, `"`, "'") })
	},
	func(m mutator, text string) string { // room around the sign
		return m.at(attributePattern, text, func(s string) string { return strings.Replace(s, "=", one(m, " = ", "\n=", "= ", "="), 1) })
	},
	func(m mutator, text string) string { // something more in a tag
		return m.at(tagPattern, text, func(s string) string {
			end := strings.IndexAny(s, " />\t\r\n")
			return s[:end] + one(m, additions...) + s[end:]
		})
	},
	func(m mutator, text string) string { // two of them, which have an order
		return m.at(tagPattern, text, func(s string) string {
			end := strings.IndexAny(s, " />\t\r\n")
			return s[:end] + one(m, additions...) + one(m, additions...) + s[end:]
		})
	},
	func(m mutator, text string) string { // attributes in another order
		return m.at(tagPattern, text, func(s string) string {
			all := attributePattern.FindAllString(s, -1)
			if len(all) < 2 {
				return s
			}
			i, j := m.IntN(len(all)), m.IntN(len(all))
			s = strings.Replace(s, all[i], "\x01", 1)
			s = strings.Replace(s, all[j], all[i], 1)
			return strings.Replace(s, "\x01", all[j], 1)
		})
	},
	func(m mutator, text string) string { // without an attribute or a declaration
		return m.at(attributePattern, text, func(string) string { return "" })
	},
	func(m mutator, text string) string { // an empty element in its other form
		return m.at(emptyPattern, text, func(s string) string {
			p := emptyPattern.FindStringSubmatch(s)
			if p[3] == "/>" {
				return "<" + p[1] + p[2] + "></" + p[1] + ">"
			}
			return "<" + p[1] + p[2] + "/>"
		})
	},
	func(m mutator, text string) string { // room before the end of an end tag
		return m.at(regexp.MustCompile(`</[^>]*>`), text, func(s string) string { return strings.TrimSuffix(s, ">") + one(m, " ", "\n", "x", "") + ">" })
	},
	func(m mutator, text string) string { // an element twice, gone, or elsewhere
		from, to, ok := m.place(elementPattern, text)
		if !ok {
			return text
		}
		e := text[from:to]
		switch m.IntN(3) {
		case 0:
			return text[:to] + e + text[to:]
		case 1:
			return text[:from] + text[to:]
		}
		text = text[:from] + text[to:]
		at, _, _ := m.place(tagPattern, text)
		return text[:at] + e + text[at:]
	},
	func(m mutator, text string) string { // another prefix, everywhere
		return strings.NewReplacer(one(m, "saml2:", "saml2p:", "ds:", "xsd:"), one(m, "a:", "ds:", "saml2:", "b-1.x:", "_:", "1:")).Replace(text)
	},
	func(m mutator, text string) string { // another list of prefixes
		list := `PrefixList="` + one(m, "xs", "xsd", "xs xsi", "saml2", "saml2p ds", "#default", "", " xsd  xs ", "nope", "xml", "xs&#32;xsd", "xs\txsd") + `"`
		if m.IntN(2) == 0 && listPattern.MatchString(text) {
			return m.at(listPattern, text, func(string) string { return list })
		}
		return m.at(regexp.MustCompile(`<ds:Transform Algorithm="[^"]*exc-c14n#"(></ds:Transform>|/>)`), text, func(s string) string {
			return s[:strings.LastIndex(s, `"`)+1] + `><ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" ` + list + `/></ds:Transform>`
		})
	},
	func(m mutator, text string) string { // what stands before and after it
		before := one(m, `<?xml version="1.0" encoding="UTF-8"?>`, `<?xml version='1.0'?>`+"\n", "\n", " ", "<!-- -->", "\ufeff", `<?xml version="1.1"?>`,
			`<?xml version="1.0" encoding="utf-8" standalone="no"?>`, `<?xml version="1.0" encoding="ISO-8859-1"?>`)
		return before + text + one(m, "", "\n", "  ", "x", "<a/>", "\x00")
	},
	func(m mutator, text string) string { // any byte
		if len(text) == 0 {
			return text
		}
		at := m.IntN(len(text))
		switch m.IntN(3) {
		case 0:
			return text[:at] + string(rune(m.IntN(128))) + text[at+1:]
		case 1:
			return text[:at] + text[at+1:]
		}
		return text[:at] + string(rune(m.IntN(128))) + text[at:]
	},
}

// mutated is a message with up to four changes; the same for the same number.
func mutated(seeds []string, number uint64) string {
	m := mutator{rand.New(rand.NewPCG(7, number))} //nolint:gosec // to be repeated, not to be secret
	text := one(m, seeds...)
	for range 1 + m.IntN(4) {
		text = one(m, changes...)(m, text)
	}
	return text
}

// seedsOf are an honest message, and forms of it that use more of the language.
func seedsOf(honest string) []string {
	typed := strings.Replace(honest, "<saml2:AttributeValue", `<saml2:AttributeValue xmlns:x="urn:x" c="1" a="2"`, 1)
	spread := strings.ReplaceAll(honest, "><saml2:", ">\r\n\t<saml2:")
	defaulted := strings.NewReplacer(`<ds:Signature>`, `<Signature xmlns="http://www.w3.org/2000/09/xmldsig#">`, "<ds:", "<", "</ds:", "</").Replace(honest)
	return []string{honest, honest, typed, spread, defaulted, typed + "\n"}
}
