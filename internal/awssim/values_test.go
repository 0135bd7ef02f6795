package awssim

import (
	"slices"
	"strings"
	"testing"

	dsig "github.com/russellhaering/goxmldsig"
)

func TestMappedValues(t *testing.T) {
	t.Parallel()
	c := Defaults()
	alice, carol := c.person("alice"), c.person("carol")
	alice.MiddleName = "Maria"
	for _, m := range []struct {
		person *Person
		source string
		want   []string
	}{
		{alice, "${user:subject}", []string{"alice"}},
		{alice, "${user:preferredUsername}", []string{"alice"}},
		{alice, "${user:email}", []string{"alice@example.com"}},
		{alice, "${user:name}", []string{"Alice Example"}},
		{alice, "${user:givenName}", []string{"Alice"}},
		{alice, "${user:middleName}", []string{"Maria"}},
		{alice, "${user:familyName}", []string{"Example"}},
		{alice, "${user:AD_GUID}", []string{alice.ID}},
		{alice, "${user:groups}", []string{c.group("Administrators").ID, c.group("Engineers").ID}},
		{alice, "arn:aws:iam::123456789012:role/x", []string{"arn:aws:iam::123456789012:role/x"}},
		{alice, "aws-${user:subject}", []string{"aws-alice"}},
		{alice, "${user:nothing}", nil},
		{alice, "${user.email}", []string{"${user.email}"}},
		{alice, "user:email", []string{"user:email"}},
		{carol, "Username", []string{"Username"}},
		{carol, "${user:email}", nil},
		{carol, "mailto:${user:email}", nil},
		{c.person("dave"), "${user:groups}", nil},
		{alice, "", nil},
	} {
		i := &issue{settings: c, app: &Application{}, person: m.person}
		if got := i.values(m.source); !slices.Equal(got, m.want) {
			t.Errorf("%s for %s: %q, want %q", m.source, m.person.Username, got, m.want)
		}
	}
}

func TestAttributeWithoutValue(t *testing.T) {
	t.Parallel()
	s, app := newSim(t)
	const empty = `<saml2:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xsd:string"/>`
	for _, keep := range []bool{false, true} {
		if err := s.UpdateApplication(app.ID, func(a *Application) { a.EmptyAttributes = keep }); err != nil {
			t.Fatal(err)
		}
		m, err := s.SignIn(app.ID, "carol", "", "")
		if err != nil {
			t.Fatal(err)
		}
		if xml := string(m.XML); strings.Contains(xml, `Name="email"`) != keep || strings.Contains(xml, empty) != keep {
			t.Errorf("empty attributes %v:\n%s", keep, xml)
		}
	}
}

// TestCanonicalForm compares ours with that of a library, on what signatures
// of AWS never need but a canonicalizer must know.
// (The library sorts attributes of several namespaces by local name alone, so
// here both orders are the same.)
func TestCanonicalForm(t *testing.T) {
	t.Parallel()
	inner := el("b:inner", "z:m", "1", "b:a", "2", "plain", "3", "c:x", "\t<&>\"'\r\n").declare("z", "urn:2").declare("b", "urn:1").declare("c", "urn:3").
		add(text("x < y & z > \r\n\tü"), el("a:leaf").declare("a", "urn:2").add(el("a:deeper").declare("a", "urn:other")))
	root := el("a:root", "id", "x").declare("unused", "urn:0").declare("a", "urn:2").declare("b", "urn:other").add(inner, el("b:empty"), el("none"))
	for _, list := range []string{"", "unused", "b"} {
		var wire strings.Builder
		root.wire(&wire)
		want, err := dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList(list).Canonicalize(parse(t, []byte(wire.String())))
		if err != nil {
			t.Fatal(err)
		}
		if got := root.canonical(nil, strings.Fields(list)); string(got) != string(want) {
			t.Errorf("prefix list %q:\ngot  %s\nwant %s", list, got, want)
		}
	}
	// https://www.w3.org/TR/xml-c14n, section 2.2: the namespace comes first, its prefix does not count.
	order := el("x", "a:z", "1", "b:a", "2", "c:a", "3", "d", "4").declare("a", "urn:1").declare("b", "urn:3").declare("c", "urn:2")
	const sorted = `<x xmlns:a="urn:1" xmlns:b="urn:3" xmlns:c="urn:2" d="4" a:z="1" c:a="3" b:a="2"></x>`
	if got := string(order.canonical(nil, nil)); got != sorted {
		t.Errorf("got %s, want %s", got, sorted)
	}
	if got, want := string(el("x", "a", "\x00").add(text("\xff\x01")).canonical(nil, nil)), "<x a=\"\uFFFD\">\uFFFD\uFFFD</x>"; got != want {
		t.Errorf("characters that XML cannot carry: %q, want %q", got, want)
	}
}
