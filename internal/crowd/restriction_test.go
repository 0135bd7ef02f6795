package crowd

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"github.com/postern-sso/postern/internal/store"
)

func userKind(t testing.TB) entityKind {
	t.Helper()
	kind, err := kindOf("user")
	if err != nil {
		t.Fatal(err)
	}
	return kind
}

func TestReadQuery(t *testing.T) {
	t.Parallel()
	is := func(property string, match store.Match, text string) store.Restriction {
		return store.Restriction{Property: property, Match: match, Text: text}
	}
	a, b, c := is("name", store.MatchEquals, "a"), is("email", store.MatchStartsWith, "b"), is("lastName", store.MatchContains, "c d")
	for query, want := range map[string]store.Restriction{
		"":                              {},
		"  ":                            {},
		"name=a":                        a,
		"name = 'a'":                    a,
		`name = "say \"hi\""`:           is("name", store.MatchEquals, `say "hi"`),
		"name = \"and\" AND email = b*": {All: []store.Restriction{is("name", store.MatchEquals, "and"), b}},
		"name = a or email = b* and lastName='*c d*'":   {Any: []store.Restriction{a, {All: []store.Restriction{b, c}}}},
		"(name = a or email = b*) and lastName='*c d*'": {All: []store.Restriction{{Any: []store.Restriction{a, b}}, c}},
		"active = TRUE":            {Property: "active", Match: store.MatchEquals, Bool: true},
		"createdDate > 2026-01-31": {Property: "createdDate", Match: store.MatchGreater, Time: time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)},
	} {
		if got, err := readQuery(userKind(t), query); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n gave %+v, %v\n want %+v", query, got, err, want)
		}
	}
	for _, bad := range []string{"name", "name =", "name = = a", "name = (", "name = <", "name a b", "= a", "name = a or", "name = a)",
		"(name = a", "()", "name = 'a",
		"shoe = 9", "active > true", "active = perhaps", "createdDate = soon", "name = a email = b", "name ! a",
		strings.Repeat("(", 100) + "name = a", strings.Repeat("name = a and ", 1000) + "name = a"} {
		if got, err := readQuery(userKind(t), bad); err == nil {
			t.Errorf("%.60s gave %+v", bad, got)
		}
	}
}

func TestReadRestrictionRefuses(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		"<a><b></a>", "text", "<null-search-restriction/><null-search-restriction/>",
		"<null-search-restriction>&unknown;</null-search-restriction>",
		`<?xml version="1.0"?><!DOCTYPE x><null-search-restriction/>`,
		`<boolean-search-restriction boolean-logic="nor"><restrictions><null-search-restriction/></restrictions></boolean-search-restriction>`,
		`<boolean-search-restriction boolean-logic="and"/>`,
		`<boolean-search-restriction boolean-logic="or"><restrictions/></boolean-search-restriction>`,
		`<boolean-search-restriction boolean-logic="or"><restriction><null-search-restriction/></restriction></boolean-search-restriction>`,
		`<null-search-restriction><property-search-restriction/></null-search-restriction>`,
		`<property-search-restriction><property><name>email</name><type>STRING</type></property><match-mode>NULL</match-mode><values/></property-search-restriction>`,
		`{"restriction-type":"boolean-search-restriction","boolean-logic":"and","restrictions":[]}`,
		`{"restriction-type":"null-search-restriction","property-search-restriction":{}}`,
		`{"restriction-type":"null-search-restriction"} {}`,
		strings.Repeat(`<boolean-search-restriction boolean-logic="and"><restrictions>`, 20) +
			strings.Repeat(`</restrictions></boolean-search-restriction>`, 20),
		strings.Repeat("<a>", 10_000),
		`{"restriction-type":"property-search-restriction","property":{"name":"name","type":"BOOLEAN"},"match-mode":"CONTAINS","value":"a"}`,
		`{"restriction-type":"property-search-restriction","property":{"name":"name"},"match-mode":"CONTAINS","value":["a"]}`,
		strings.Repeat(`{"restriction-type":"boolean-search-restriction","boolean-logic":"and","restrictions":[`, 100),
		`[]`, `{"restriction-type":7}`,
	} {
		if got, err := readRestriction(userKind(t), "", []byte(bad)); err == nil {
			t.Errorf("%.80s gave %+v", bad, got)
		}
	}
}

// mayBe fails unless a restriction is one that the store understands.
func mayBe(t *testing.T, r store.Restriction, depth int) {
	if depth > 2*maxDepth {
		t.Fatal("deeper than allowed")
	}
	for _, part := range append(r.All, r.Any...) {
		mayBe(t, part, depth+1)
	}
	if r.Property != "" && store.UserPropertyType(r.Property) == 0 {
		t.Fatalf("unknown property %q", r.Property)
	}
}

func FuzzReadQuery(f *testing.F) {
	for _, seed := range []string{`name = "a*" and (active = true or createdDate > 2026-01-31)`, `email='\'`, "((", "a=b or"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if r, err := readQuery(userKind(t), text); err == nil {
			mayBe(t, r, 0)
		}
	})
}

func FuzzReadRestriction(f *testing.F) {
	for _, seed := range []string{
		"<null-search-restriction/>",
		`<boolean-search-restriction boolean-logic="or"><restrictions><property-search-restriction><property><name>email</name>` +
			`<type>STRING</type></property><match-mode>CONTAINS</match-mode><value>&amp;</value></property-search-restriction></restrictions>` +
			`</boolean-search-restriction>`,
		`{"restriction-type":"property-search-restriction","property":{"name":"active","type":"BOOLEAN"},"match-mode":"EXACTLY_MATCHES","value":true}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if r, err := readRestriction(userKind(t), "", body); err == nil {
			mayBe(t, r, 0)
		}
	})
}

func TestWantsJSON(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]bool{
		"": false, "application/xml": false, "application/json": true, "*/*": false, "text/html, */*;q=0.1": false,
		"application/json;q=0.5, application/xml": false, "application/xml;q=0.5, application/json": true,
		"application/xml, application/json": false, "application/json;q=odd": false,
	} {
		if got := wantsJSON([]string{accept}); got != want {
			t.Errorf("%q: %v", accept, got)
		}
	}
}

// A name that no app has takes as long as a wrong password.
func TestDecoyIsAsSlowAsSecretsOfApps(t *testing.T) {
	t.Parallel()
	params, _, _, err := argon2id.DecodeHash(decoyHash)
	if err != nil || params.Memory != argon2id.DefaultParams.Memory || params.Iterations != argon2id.DefaultParams.Iterations {
		t.Errorf("the decoy is made with %+v, %v", params, err)
	}
	if _, err := newGate(time.Now).check(t.Context(), "nobody", "10.0.0.1", "x", nil); !errors.Is(err, errWrongPassword) {
		t.Errorf("an unknown name: %v", err)
	}
}
