package sso

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
)

// schema is what the schemas of SAML 2.0 and XML Signature allow, narrowed to what
// signs somebody in: each element with its children, "?" for at most once, "*"
// for any number, "+" for at least once, a digit for the most. An element with
// "=" holds text.
const schema = `
p:Response                 a:Issuer? d:Signature? p:Status a:Assertion?
p:Status                   p:StatusCode p:StatusMessage? p:StatusDetail?
p:StatusCode               p:StatusCode?
p:StatusMessage=
p:StatusDetail=
a:Issuer=
a:Assertion                a:Issuer d:Signature? a:Subject? a:Conditions? a:AuthnStatement* a:AttributeStatement?
a:Subject                  a:NameID? a:SubjectConfirmation*
a:NameID=
a:SubjectConfirmation      a:SubjectConfirmationData?
a:SubjectConfirmationData
a:Conditions               a:AudienceRestriction* a:OneTimeUse?
a:AudienceRestriction      a:Audience+
a:Audience=
a:OneTimeUse
a:AuthnStatement           a:SubjectLocality? a:AuthnContext?
a:SubjectLocality
a:AuthnContext             a:AuthnContextClassRef? a:AuthenticatingAuthority*
a:AuthnContextClassRef=
a:AuthenticatingAuthority=
a:AttributeStatement       a:Attribute*
a:Attribute                a:AttributeValue*
a:AttributeValue=
d:Signature                d:SignedInfo d:SignatureValue d:KeyInfo?
d:SignedInfo               d:CanonicalizationMethod d:SignatureMethod d:Reference
d:CanonicalizationMethod
d:SignatureMethod
d:Reference                d:Transforms d:DigestMethod d:DigestValue
d:Transforms               d:Transform2
d:Transform                e:InclusiveNamespaces?
e:InclusiveNamespaces
d:DigestMethod
d:DigestValue=
d:SignatureValue=
d:KeyInfo                  d:X509Data
d:X509Data                 d:X509Certificate4
d:X509Certificate=
`

// rule is what schema says of one element. The order of its children is that of
// the text.
type rule struct {
	children map[string][2]int // least and most
	order    []string
	text     bool
}

func samlRules(t *testing.T) map[string]rule {
	t.Helper()
	rules := map[string]rule{}
	for line := range strings.Lines(strings.TrimSpace(schema)) {
		fields := strings.Fields(line)
		name, text := strings.CutSuffix(fields[0], "=")
		r := rule{children: map[string][2]int{}, text: text}
		for _, f := range fields[1:] {
			child, times := f[:len(f)-1], [2]int{1, 1}
			switch last := f[len(f)-1]; last {
			case '?':
				times = [2]int{0, 1}
			case '*':
				times = [2]int{0, 1000}
			case '+':
				times = [2]int{1, 1000}
			case '2': // exactly
				times = [2]int{2, 2}
			case '4':
				times = [2]int{1, 4}
			default:
				child = f
			}
			r.children[child], r.order = times, append(r.order, child)
		}
		rules[name] = r
	}
	return rules
}

// builder writes the smallest message in which an element has so many children
// of one kind.
type builder struct {
	rules      map[string]rule
	path       []string // to the element, from the root
	child      string
	times      int
	text       bool // of the element, in place of children of one kind
	ids        int
	signed     string // ID of the element whose signature is written
	transforms int
}

var samlAttributes = map[string]string{
	"p:StatusCode": `Value="` + statusSuccess + `"`, "d:CanonicalizationMethod": `Algorithm="` + algExclusive + `"`,
	"d:SignatureMethod": `Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"`, "d:DigestMethod": `Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"`,
}

func (b *builder) write(name string, depth int) string {
	attributes := samlAttributes[name]
	switch name {
	case "p:Response", "a:Assertion":
		b.ids++
		b.signed = "_" + strconv.Itoa(b.ids)
		attributes = `ID="` + b.signed + `"`
	case "d:Reference":
		attributes = `URI="#` + b.signed + `"`
	case "d:Transforms":
		b.transforms = 0
	case "d:Transform":
		attributes = `Algorithm="` + []string{algEnveloped, algExclusive}[min(b.transforms, 1)] + `"`
		b.transforms++
	}
	onPath := depth < len(b.path) && b.path[depth] == name
	target := onPath && depth == len(b.path)-1
	var inner strings.Builder
	children := b.rules[name].order
	if target && b.child != "" && !slices.Contains(children, b.child) {
		children = append(slices.Clone(children), b.child)
	}
	for _, child := range children {
		times := b.rules[name].children[child][0]
		if onPath && !target && b.path[depth+1] == child {
			times = max(times, 1)
		}
		if target && child == b.child {
			times = b.times
		}
		for range times {
			inner.WriteString(b.write(child, depth+1))
		}
	}
	if target && b.text {
		inner.WriteString("text")
	}
	return "<" + name + " " + attributes + ">" + inner.String() + "</" + name + ">"
}

// pathTo is the way from the root to an element.
func pathTo(rules map[string]rule, from, to string, seen map[string]bool) []string {
	if from == to {
		return []string{to}
	}
	if seen[from] {
		return nil
	}
	seen[from] = true
	for _, child := range rules[from].order {
		if rest := pathTo(rules, child, to, seen); rest != nil {
			return append([]string{from}, rest...)
		}
	}
	return nil
}

// passes tells whether a message of that build has a good shape. What its status
// says, and that it may have no assertion, is no matter of shape.
func (b builder) passes(t *testing.T) bool {
	t.Helper()
	message := b.write("p:Response", 0)
	message = strings.Replace(message, "<p:Response ", `<p:Response xmlns:p="`+nsProtocol+`" xmlns:a="`+nsAssertion+`" xmlns:d="`+nsSignature+
		`" xmlns:e="`+nsExclusive+`" `, 1)
	switch code := shapeOf(message); code {
	case "", model.CodeStatusNotSuccess, model.CodeNoAssertion:
		return true
	case model.CodeMalformedResponse, model.CodeMultipleAssertions:
		return false
	default:
		t.Errorf("%q: %s", code, message)
		return false
	}
}

// TestGrammar: every element stands where the schemas have it, as often as they
// allow, and nowhere else.
func TestGrammar(t *testing.T) {
	t.Parallel()
	rules := samlRules(t)
	names := slices.Sorted(maps.Keys(rules))
	for _, parent := range names {
		path := pathTo(rules, "p:Response", parent, map[string]bool{})
		if path == nil {
			t.Fatalf("%s is nowhere", parent)
		}
		if (builder{rules: rules, path: path, text: true}).passes(t) != rules[parent].text {
			t.Errorf("text in %s, which shall hold text: %v", parent, rules[parent].text)
		}
		for _, child := range append(names, "a:Advice", "p:Extensions", "d:Object", "d:KeyValue", "a:AuthzDecisionStatement", "a:BaseID") {
			times := rules[parent].children[child]
			for n, want := range map[int]bool{times[0] - 1: false, times[0]: true, min(times[1], 20): true, times[1] + 1: false} {
				if n < 0 || n > 100 {
					continue
				}
				if got := (builder{rules: rules, path: path, child: child, times: n}).passes(t); got != want {
					t.Errorf("%s with %d %s: accepted %v, want %v", parent, n, child, got, want)
				}
			}
		}
	}
}

// TestWhatIsEncrypted is refused by name, wherever it stands.
func TestWhatIsEncrypted(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a:EncryptedAssertion", "a:EncryptedID", "a:EncryptedAttribute", "p:NewEncryptedID"} {
		if got := shapeOf(bare("<" + name + "/>")); got != model.CodeEncryptedAssertion {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestAlgorithmsByName: each place of a signature has its own list.
func TestAlgorithmsByName(t *testing.T) {
	t.Parallel()
	const more, enc = "http://www.w3.org/2001/04/xmldsig-more#", "http://www.w3.org/2001/04/xmlenc#"
	signed := func(c14n, signature, digest, first, second string) string {
		algorithm := func(name, value string) string { return fmt.Sprintf(`<d:%s Algorithm=%q/>`, name, value) }
		sig := `<d:Signature xmlns:d="` + nsSignature + `"><d:SignedInfo>` + algorithm("CanonicalizationMethod", c14n) + algorithm("SignatureMethod", signature) +
			`<d:Reference URI="#_a"><d:Transforms>` + algorithm("Transform", first) + algorithm("Transform", second) + `</d:Transforms>` +
			algorithm("DigestMethod", digest) + `<d:DigestValue/></d:Reference></d:SignedInfo><d:SignatureValue/></d:Signature>`
		return strings.Replace(bare(""), "</a:Issuer>", "</a:Issuer>"+sig, 1)
	}
	good := map[string][]string{
		"c14n": {nsExclusive}, "signature": {more + "rsa-sha256", more + "rsa-sha384", more + "rsa-sha512"},
		"digest": {enc + "sha256", more + "sha384", enc + "sha512"}, "first": {algEnveloped}, "second": {nsExclusive},
	}
	bad := []string{
		"", nsSignature + "rsa-sha1", nsSignature + "sha1", nsSignature + "hmac-sha1", more + "hmac-sha256", more + "md5", more + "rsa-md5", more + "ecdsa-sha256",
		nsSignature + "dsa-sha1", nsExclusive + "WithComments", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "http://www.w3.org/2006/12/xml-c14n11",
		nsSignature + "base64", "http://www.w3.org/TR/1999/REC-xpath-19991116", "http://www.w3.org/TR/1999/REC-xslt-19991116", strings.ToUpper(more + "rsa-sha256"),
	}
	transforms := "enveloped signature, then exclusive canonicalisation"
	expected := map[string]string{"c14n": "exclusive canonicalisation", "signature": "RSA with SHA-256 or better",
		"digest": "SHA-256 or better", "first": transforms, "second": transforms}
	all := slices.Clone(bad)
	for _, g := range good {
		all = append(all, g...)
	}
	for place, list := range good {
		for _, algorithm := range all {
			use := map[string]string{"c14n": nsExclusive, "signature": more + "rsa-sha256", "digest": enc + "sha256", "first": algEnveloped, "second": nsExclusive}
			use[place] = algorithm
			want := model.CodeSignatureAlgorithm
			if slices.Contains(list, algorithm) {
				want = ""
			}
			_, r := inspectShape([]byte(signed(use["c14n"], use["signature"], use["digest"], use["first"], use["second"])))
			if r == nil && want != "" || r != nil && (r.Code != want || r.Received != algorithm || r.Expected != expected[place]) {
				t.Errorf("%s %q: judged %+v, want %q", place, algorithm, r, want)
			}
		}
	}
}

// TestForeignAttributesAreNone: an attribute of another namespace says nothing of
// a signature or a status, whatever its name.
func TestForeignAttributesAreNone(t *testing.T) {
	t.Parallel()
	good := (&builder{rules: samlRules(t), path: []string{"p:Response"}, child: "d:Signature", times: 1}).write("p:Response", 0)
	good = strings.Replace(good, "<p:Response ", `<p:Response xmlns:p="`+nsProtocol+`" xmlns:a="`+nsAssertion+`" xmlns:d="`+nsSignature+`" xmlns:q="urn:q" `, 1)
	if got := shapeOf(good); got != model.CodeNoAssertion {
		t.Fatalf("as it is: %q", got)
	}
	for attribute, want := range map[string]model.Code{
		" Value=": model.CodeStatusNotSuccess, " URI=": model.CodeSignatureInvalid, "CanonicalizationMethod Algorithm=": model.CodeSignatureAlgorithm,
		"SignatureMethod Algorithm=": model.CodeSignatureAlgorithm, "DigestMethod Algorithm=": model.CodeSignatureAlgorithm,
		"Transform Algorithm=": model.CodeSignatureAlgorithm,
	} {
		i := strings.LastIndexByte(attribute, ' ')
		if got := shapeOf(strings.Replace(good, attribute, attribute[:i]+" q:"+attribute[i+1:], 1)); got != want {
			t.Errorf("q:%s: %q, want %q", attribute[i+1:], got, want)
		}
	}
	nameless := strings.NewReplacer(` ID="_1"`, "", `URI="#_1"`, `URI="#"`).Replace(good)
	if got := shapeOf(nameless); got != model.CodeSignatureInvalid {
		t.Errorf("a signature over what has no ID: %q", got)
	}
}
