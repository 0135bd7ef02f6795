package onepass

import (
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/peertest"
)

// TestRow31CanonicalForms: what canonicalization changes, one thing each (Canonical XML §2,
// Exclusive XML Canonicalization §3). The form is as it should be, goxmldsig makes the
// same, and xmlsec1 accepts a signature over it.
func TestRow31CanonicalForms(t *testing.T) {
	t.Parallel()
	_, certificate := trusted()
	xmlsec := peertest.NewVerifier(t, certificate)
	const value = `<saml2:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xsd:string">alice@example.com</saml2:AttributeValue>`
	listed := func(prefixes string) func(string) string {
		return func(message string) string {
			const plain = `<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform>`
			list := `><ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="` + prefixes + `"/></ds`
			return strings.ReplaceAll(message, plain, strings.Replace(plain, "></ds", list, 1))
		}
	}
	type change = func(string) string
	for name, c := range map[string]struct {
		value  string // in place of the one above
		change change // of the rest
		want   string // in the canonical form of the Assertion
	}{
		"attributes by name, those with a namespace behind those without": {
			value: `<saml2:AttributeValue xmlns:x="urn:x" x:b="1" x:a="2" b="3" B="4" a="5">v</saml2:AttributeValue>`,
			want:  `<saml2:AttributeValue xmlns:x="urn:x" B="4" a="5" b="3" x:a="2" x:b="1">v</saml2:AttributeValue>`},
		"declarations by prefix, the default first": {
			value: `<saml2:AttributeValue xmlns:z="urn:z" z:a="1" xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion">v</saml2:AttributeValue>`,
			want:  `<saml2:AttributeValue xmlns:z="urn:z" z:a="1">v</saml2:AttributeValue>`},
		"inherited namespaces are declared where they are used": {
			value: `<saml2:AttributeValue q:a="1">v</saml2:AttributeValue>`,
			change: func(m string) string {
				return strings.Replace(m, "<saml2p:Response ", `<saml2p:Response xmlns:q="urn:q" `, 1)
			},
			want: `<saml2:AttributeValue xmlns:q="urn:q" q:a="1">v</saml2:AttributeValue>`},
		"what is not used is not declared": {
			value: `<saml2:AttributeValue xmlns:unused="urn:unused">v</saml2:AttributeValue>`,
			want:  `<saml2:AttributeValue>v</saml2:AttributeValue>`},
		"what is listed is declared at the top": {change: listed("xsd"), want: `<saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" ` +
			`xmlns:xsd="http://www.w3.org/2001/XMLSchema" ID=`},
		"what is listed and unknown means nothing": {change: listed("nope xsd"), want: ` xmlns:xsd="http://www.w3.org/2001/XMLSchema" ID=`},
		"a default namespace": {
			value: `<AttributeValue xmlns="urn:oasis:names:tc:SAML:2.0:assertion">v</AttributeValue>`,
			want:  `<AttributeValue xmlns="urn:oasis:names:tc:SAML:2.0:assertion">v</AttributeValue>`},
		"xml:lang needs no declaration": {value: `<saml2:AttributeValue xml:lang='de'>v</saml2:AttributeValue>`,
			want: `<saml2:AttributeValue xml:lang="de">v</saml2:AttributeValue>`},
		"escapes of text": {value: `<saml2:AttributeValue>&lt;&amp;>&gt;"'&quot;&apos;&#13;&#9;&#10;</saml2:AttributeValue>`,
			want: "<saml2:AttributeValue>&lt;&amp;&gt;&gt;\"'\"'&#xD;\t\n</saml2:AttributeValue>"},
		"escapes of attributes": {value: `<saml2:AttributeValue a='&lt;&amp;>&gt;"&quot;&apos;&#13;&#9;&#10;'>v</saml2:AttributeValue>`,
			want: `<saml2:AttributeValue a="&lt;&amp;>>&quot;&quot;'&#xD;&#x9;&#xA;">v</saml2:AttributeValue>`},
		"line ends": {value: "<saml2:AttributeValue>a\r\nb\rc\nd\r\r\ne</saml2:AttributeValue>",
			want: "<saml2:AttributeValue>a\nb\nc\nd\n\ne</saml2:AttributeValue>"},
		"references to characters": {value: `<saml2:AttributeValue>&#65;&#x42;&#x1F600;&#xe4;</saml2:AttributeValue>`,
			want: `<saml2:AttributeValue>AB😀ä</saml2:AttributeValue>`},
		"empty elements": {value: `<saml2:AttributeValue  a = "1" />`, want: `<saml2:AttributeValue a="1"></saml2:AttributeValue>`},
		"room in tags":   {value: "<saml2:AttributeValue\n\ta=\"1\"\r\n>v</saml2:AttributeValue\n>", want: `<saml2:AttributeValue a="1">v</saml2:AttributeValue>`},
	} {
		message := honest()
		if c.value != "" {
			message = strings.Replace(message, value, c.value, 1)
		}
		if c.change != nil {
			message = c.change(message)
		}
		sealed, ok := sealedAnew(t, message)
		if !ok {
			_, err := Read([]byte(message))
			t.Errorf("%s: not in the language: %v", name, err)
			continue
		}
		if form := formsOf(mustRead(t, sealed))["Assertion"]; !strings.Contains(string(form), c.want) {
			t.Errorf("%s: %s", name, form)
		}
		compare(t, []byte(sealed))
		if !xmlsec.Verifies(t, []byte(sealed)) {
			t.Errorf("%s: xmlsec1 refuses a signature over this form", name)
		}
	}
}

func mustRead(t testing.TB, message string) *Document {
	t.Helper()
	d, err := Read([]byte(message))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestOutsideOfTheLanguage: what other parsers read in two ways, or not at all, is
// refused before anything is verified, one thing each.
func TestOutsideOfTheLanguage(t *testing.T) {
	t.Parallel()
	in := func(from, to string) string {
		changed := strings.Replace(honest(), from, to, 1)
		if changed == honest() {
			t.Fatalf("%q is not in the message", from)
		}
		return changed
	}
	const response, valueTag, name = "<saml2p:Response ", "<saml2:AttributeValue ", ">alice<"
	for why, messages := range map[string][]string{
		"it is not UTF-8":                    {in(name, ">al\xffice<"), in(name, ">\xed\xa0\x80<")},
		"it does not begin with an element":  {"", "\ufeff" + honest(), " " + honest()},
		"there is something before its root": {"<?xml version=\"1.1\"?>" + honest(), "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a/>"},
		"there is something after its root":  {honest() + "x", honest() + "<a/>", honest() + "<!-- -->"},
		"it ends too early":                  {strings.TrimSuffix(honest(), "</saml2p:Response>")},
		"it has what is no character":        {in(name, ">a\x00<"), in(name, ">a\x0b<"), in(name, ">a\ufffe<")},
		"it refers to what is no character": {in(name, ">&#0;<"), in(name, ">&#xD800;<"), in(name, ">&nbsp;<"),
			in(name, ">&#00000065;<"), in(name, ">&<"), in(name, ">&#x;<")},
		"an element has an attribute twice": {in(valueTag, valueTag+`a="1" a="2" `),
			in(valueTag, valueTag+`xmlns:p="http://www.w3.org/2001/XMLSchema-instance" p:type="1" `)},
		"an element has attributes of two namespaces": {in(valueTag, valueTag+`xml:lang="en" `), in(valueTag, valueTag+`xmlns:p="urn:p" p:a="2" `)},
		"it binds a prefix twice": {in(valueTag, valueTag+`xmlns:saml2="urn:other" `),
			in(valueTag, valueTag+`xmlns:p="urn:p" xmlns:p="urn:p" `)},
		"it binds a prefix that must not be bound": {in(valueTag, valueTag+`xmlns="" `),
			in(valueTag, valueTag+`xmlns:xml="http://www.w3.org/XML/1998/namespace" `),
			in(valueTag, valueTag+`xmlns:p="http://www.w3.org/2000/xmlns/" `)},
		"it binds a prefix to what is no absolute address": {in(valueTag, valueTag+`xmlns:p="relative" `), in(valueTag, valueTag+`xmlns:p="http://a:b/" `),
			in(valueTag, valueTag+`xmlns:p="urn:a&amp;b" `), in(valueTag, valueTag+`xmlns:p="urn:ä" `)},
		"an attribute is in no namespace": {in(valueTag, valueTag+`nope:a="1" `)},
		"an element is in no namespace":   {in(response, "<nope:Response "), in("<saml2:Subject>", "<Subject>")},
		"it has a name that is none, or an unusual one": {in(valueTag, valueTag+`é="1" `),
			in(valueTag, valueTag+`:b="1" `), in(name, "><!-- --><")},
		"the value of an attribute has a character that it may not": {in(valueTag, valueTag+"a=\"\n\" "), in(valueTag, valueTag+"a=\"<\" ")},
		"it has text where none belongs": {in("<saml2:Subject>", "<saml2:Subject>x"),
			in("<saml2:Subject>", "<saml2:Subject>&#32;")},
		"it has the end of a CDATA section in its text": {in(name, ">]]><")},
		"an identifier is there twice": {
			in("<saml2:Subject>", `<saml2:Subject ID="_1" x="1"><saml2:NameID ID="_1"/></saml2:Subject><saml2:Subject>`)},
		"an identifier is unusual": {in(valueTag, valueTag+`Id="a" `),
			in(valueTag, valueTag+`xml:id="a" `), in(valueTag, valueTag+`ID="" `)},
		"an element is where it does not belong": {in("<saml2:Subject>", "<saml2:Evidence/><saml2:Subject>"),
			in(name, "><saml2:a/><")},
		"an element is there too often":                                     {in("<saml2:Subject>", "<saml2:Subject/><saml2:Subject>")},
		"an element ends that did not begin":                                {in("</saml2:Subject>", "</saml2:Sub>")},
		"its status is not success":                                         {in("status:Success", "status:Requester")},
		"a signature uses another algorithm":                                {in("rsa-sha256", "rsa-sha1"), in("xmlenc#sha256", "xmlenc#sha1")},
		"a signature is about another element":                              {in(`URI="#`, `URI="#x`), in(`URI="#`, `URI="`)},
		"a signature transforms in another way":                             {in("#enveloped-signature", "#base64")},
		"a part of a signature has an attribute with a prefix":              {in("<ds:Reference ", `<ds:Reference xmlns:p="urn:p" p:URI="#a" `)},
		"a start tag has something that does not belong there, or too much": {in(valueTag, valueTag+`a="1"b="2" `), in(valueTag, valueTag+attributesOf(65))},
		string(TooManyElements): {
			in("<saml2:AttributeStatement>", "<saml2:AttributeStatement>"+strings.Repeat(`<saml2:Attribute/>`, 1000))},
	} {
		for _, m := range messages {
			d, err := Read([]byte(m))
			if err == nil || err.Error() != why || d != nil {
				t.Errorf("%v, want %q: %.3000q", err, why, m)
			}
		}
	}
}

func attributesOf(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("a" + strings.Repeat("a", i) + `="" `)
	}
	return b.String()
}

// TestRow31MostOfACanonicalForm: what is declared once and used very often costs no more
// memory than the limit.
func TestRow31MostOfACanonicalForm(t *testing.T) {
	t.Parallel()
	long := "urn:" + strings.Repeat("x", 100_000)
	message := strings.Replace(strings.Replace(honest(), "<saml2p:Response ", `<saml2p:Response xmlns:p="`+long+`" `, 1), "<saml2:AttributeStatement>",
		"<saml2:AttributeStatement>"+strings.Repeat(`<saml2:Attribute p:a=""/>`, 500), 1)
	if _, err := Read([]byte(message)); err == nil || err.Error() != "its canonical form is too large" {
		t.Error(err)
	}
}
