package sso

import (
	"strings"
	"testing"
	"unicode"

	"github.com/postern-sso/postern/internal/model"
)

// plain is the layout as text, two blanks for each level.
func plain(lines []Line) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(strings.Repeat("  ", l.Depth))
		for _, p := range l.Parts {
			b.WriteString(p.Text)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// marked lists the texts of the marked parts.
func marked(lines []Line) string {
	var all []string
	for _, l := range lines {
		for _, p := range l.Parts {
			if p.Marked {
				all = append(all, p.Text)
			}
		}
	}
	return strings.Join(all, " ")
}

// unspaced is a text without its blanks.
func unspaced(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

func TestPrettyIsIndented(t *testing.T) {
	t.Parallel()
	got := plain(Pretty([]byte(`<?xml version="1.0"?><r:R ID="_1"><I>a &amp; b</I> <E/><C a='1' b = "<2>">
		<D></D><T>
		one
		two</T></C></r:R>`), nil))
	want := `<?xml version="1.0"?>
<r:R ID="_1">
  <I>a &amp; b</I>
  <E/>
  <C a='1' b = "<2>">
    <D></D>
    <T>
      one
      		two
    </T>
  </C>
</r:R>
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	long := `<Response Destination="https://postern.example.com/saml/aws/acs" ID="_0123456789" IssueInstant="2026-11-23T14:00:00Z"></Response>`
	if got, want := plain(Pretty([]byte(long), nil)), `<Response
    Destination="https://postern.example.com/saml/aws/acs"
    ID="_0123456789"
    IssueInstant="2026-11-23T14:00:00Z"></Response>
`; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// sample has each place that a refusal may be about.
const sample = `<p:Response ID="_r" Version="2.0" Destination="https://old/acs" InResponseTo="_q" IssueInstant="2026-11-23T14:00:00Z">
<Issuer>https://aws</Issuer><p:Status><p:StatusCode Value="urn:denied"/></p:Status>
<Assertion ID="_a" Version="2.0" IssueInstant="2026-11-23T14:00:01Z"><Issuer>https://other</Issuer>
<ds:Signature><ds:SignedInfo><ds:SignatureMethod Algorithm="sha1"/><ds:Reference URI="#_a"/></ds:SignedInfo>
<ds:KeyInfo><ds:X509Certificate>MIIC</ds:X509Certificate></ds:KeyInfo></ds:Signature>
<Subject><NameID>ana</NameID><SubjectConfirmation Method="bearer">
<SubjectConfirmationData Recipient="https://old/acs" InResponseTo="_q" NotOnOrAfter="2026-11-23T14:05:00Z"/></SubjectConfirmation></Subject>
<Conditions NotBefore="2026-11-23T13:55:00Z" NotOnOrAfter="2026-11-23T15:00:00Z">
<AudienceRestriction><Audience>https://us</Audience><Audience>https://them</Audience></AudienceRestriction></Conditions>
<AttributeStatement><Attribute Name="username"><AttributeValue>ana.lima</AttributeValue></Attribute></AttributeStatement></Assertion></p:Response>`

func TestPrettyMarksWhatTheRefusalIsAbout(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code     model.Code
		received string
		want     string
	}{
		{model.CodeAudienceMismatch, "https://them", "https://them"},
		{model.CodeDestinationMismatch, "https://old/acs", `"https://old/acs"`},
		{model.CodeRecipientMismatch, "https://old/acs", `"https://old/acs"`},
		{model.CodeIssuerMismatch, "https://other", "https://other"},
		{model.CodeExpired, "2026-11-23T15:00:00Z", `"2026-11-23T15:00:00Z"`},
		{model.CodeExpired, "", `"2026-11-23T14:05:00Z" "2026-11-23T15:00:00Z"`},
		{model.CodeNotYetValid, "2026-11-23T13:55:00Z", `"2026-11-23T13:55:00Z"`},
		{model.CodeInResponseToUnknown, "_q", `"_q" "_q"`},
		{model.CodeStatusNotSuccess, "urn:denied", `"urn:denied"`},
		{model.CodeReplayed, "_a", `"_a"`},
		{model.CodeSignatureAlgorithm, "sha1", `"sha1"`},
		{model.CodeCertificateUnknown, "AB:CD", "X509Certificate MIIC"},
		{model.CodeUserUnknown, "ana.lima", "ana.lima"},
		{model.CodeUserDeactivated, "ana", "ana"},
		{model.CodeInternal, "ana", ""},
	}
	for _, tt := range tests {
		got := strings.ReplaceAll(marked(Pretty([]byte(sample), &model.Refusal{Code: tt.code, Received: tt.received})), "ds:", "")
		if got != tt.want {
			t.Errorf("%s with %q marks %q, want %q", tt.code, tt.received, got, tt.want)
		}
	}
	if got := marked(Pretty([]byte(sample), nil)); got != "" {
		t.Errorf("without a refusal %q is marked", got)
	}
}

// TestPrettyTakesAnything: whatever comes, all of it is printed, and in a
// number of lines that a browser can show.
func TestPrettyTakesAnything(t *testing.T) {
	t.Parallel()
	inputs := map[string]string{
		"empty":        "",
		"text":         "no XML at all\nin two lines",
		"open tag":     `<a b="c`,
		"open tags":    "<a <b <c",
		"comment":      "<!-- never <closed>",
		"bad utf-8":    "<a>\xff</a>",
		"end only":     "</a></b>",
		"bare":         "<",
		"no name":      "<></><//>",
		"attributes":   `<a b c="1" =2 d='"'>x</a>`,
		"cdata":        "<a><![CDATA[</a>]]></a>",
		"deep":         strings.Repeat("<a>", 60_000),
		"wide":         strings.Repeat("<a/>", 60_000),
		"many lines":   "<a>" + strings.Repeat("x\n", 60_000) + "</a>",
		"angles":       strings.Repeat("<", 200_000),
		"tag of lines": "<a " + strings.Repeat("b=\"\"\n", 60_000) + ">",
		"quotes":       strings.Repeat(`<a b="`, 30_000),
		"equals signs": "<a " + strings.Repeat("=", 200_000) + ">",
		"doctype":      "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
	}
	for name, input := range inputs {
		for _, code := range []model.Code{model.CodeAudienceMismatch, model.CodeDTDForbidden, model.CodeMalformedResponse} {
			lines := Pretty([]byte(input), &model.Refusal{Code: code})
			if got, want := unspaced(plain(lines)), unspaced(strings.ToValidUTF8(input, "\uFFFD")); got != want {
				t.Errorf("%s: %d characters become %d", name, len(want), len(got))
			}
			if len(lines) > prettyLines+100 {
				t.Errorf("%s: %d lines", name, len(lines))
			}
		}
	}
}

func FuzzPretty(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(`<a b="c' d='e">x</a>`))
	f.Add([]byte("<!--<a>--><?x?><b \n c = 'd'/>\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := Pretty(data, &model.Refusal{Code: model.CodeExpired, Received: "x"})
		if got, want := unspaced(plain(lines)), unspaced(strings.ToValidUTF8(string(data), "\uFFFD")); got != want {
			t.Fatalf("%q becomes %q", want, got)
		}
	})
}
