package sso_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

const (
	redirectBinding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
	postBinding     = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
)

// written is metadata in parts.
type written struct{ entityID, attributes, before, keys, endpoints string }

func signingKey(use string, certificates ...[]byte) string {
	var b strings.Builder
	for _, c := range certificates {
		b.WriteString("<d:X509Certificate>" + base64.StdEncoding.EncodeToString(c) + "</d:X509Certificate>")
	}
	return `<KeyDescriptor ` + use + `><d:KeyInfo xmlns:d="http://www.w3.org/2000/09/xmldsig#"><d:X509Data>` + b.String() +
		`</d:X509Data></d:KeyInfo></KeyDescriptor>`
}

func endpoint(kind, binding, location string) string {
	return fmt.Sprintf(`<%s Binding=%q Location=%q/>`, kind, binding, location)
}

// standard is metadata that is good.
func standard(change func(*written)) string {
	m := written{entityID: "https://idp.example/", keys: signingKey(`use="signing"`, pairs()[0].certificate),
		endpoints: endpoint("SingleSignOnService", redirectBinding, "https://idp.example/sso")}
	if change != nil {
		change(&m)
	}
	return `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="` + m.entityID + `"` + m.attributes + `>` + m.before +
		`<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">` + m.keys + m.endpoints + `</IDPSSODescriptor></EntityDescriptor>`
}

// pasteCode is the code of what is wrong with metadata; empty: nothing.
func pasteCode(t *testing.T, text string, o sso.MetadataOptions) string {
	t.Helper()
	o.Now = fuzzedAt
	_, err := sso.ParseMetadata([]byte(text), o)
	var paste *sso.PasteError
	if err != nil && !errors.As(err, &paste) {
		t.Fatalf("%v is no PasteError", err)
	}
	if paste == nil {
		return ""
	}
	return paste.Code
}

func TestMetadataLimits(t *testing.T) {
	t.Parallel()
	deep := func(n int) string {
		return standard(func(m *written) {
			m.before = "<Extensions>" + strings.Repeat("<x>", n) + strings.Repeat("</x>", n) + "</Extensions>"
		})
	}
	wide := func(n int) string {
		return standard(func(m *written) { m.before = strings.Repeat("<Organization/>", n) })
	}
	attributes := func(n int) string {
		return standard(func(m *written) {
			for i := range n {
				m.attributes += fmt.Sprintf(` x%d="1"`, i)
			}
		})
	}
	named := func(n int) string {
		return standard(func(m *written) { m.entityID = "urn:" + strings.Repeat("x", n-4) })
	}
	sized := func(n int) string {
		text := standard(nil)
		return strings.Replace(text, "<IDPSSODescriptor", "<!--"+strings.Repeat("x", n-len(text)-7)+"--><IDPSSODescriptor", 1)
	}
	for name, c := range map[string]struct {
		metadata func(int) string
		limit    int
		code     string // of one more
	}{
		"elements deep":             {deep, 64 - 2, "hostile_xml"},
		"elements":                  {wide, 2000 - 7, "hostile_xml"},
		"attributes of one element": {attributes, 64 - 2, "hostile_xml"},
		"characters of a name":      {named, 1024, "not_metadata"},
		"bytes":                     {sized, 1 << 20, "too_large"},
	} {
		if got := pasteCode(t, c.metadata(c.limit), sso.MetadataOptions{}); got != "" {
			t.Errorf("%d %s: %s", c.limit, name, got)
		}
		if got := pasteCode(t, c.metadata(c.limit+1), sso.MetadataOptions{}); got != c.code {
			t.Errorf("%d %s: %q, want %s", c.limit+1, name, got, c.code)
		}
	}
	for before, code := range map[string]string{
		"\ufeff \n": "", "<?xml version=\"1.0\"?>": "", "<!-- x -->": "", "<!ELEMENT x ANY>": "hostile_xml", "<!doctype x>": "hostile_xml",
		"<!ENTITY x 'y'>": "hostile_xml",
	} {
		if got := pasteCode(t, before+standard(nil), sso.MetadataOptions{}); got != code {
			t.Errorf("%q before it: %q, want %q", before, got, code)
		}
	}
	if got := pasteCode(t, standard(func(m *written) { m.entityID = "" }), sso.MetadataOptions{}); got != "not_metadata" {
		t.Errorf("without a name: %q", got)
	}
	if got := pasteCode(t, standard(nil)+standard(nil), sso.MetadataOptions{}); got != "not_xml" {
		t.Errorf("twice: %q", got)
	}
}

// TestMetadataEndpoints: people are sent to https alone, or to this machine where
// that is asked for.
func TestMetadataEndpoints(t *testing.T) {
	t.Parallel()
	const refused = "not_metadata" // crewjam's reader refuses it before it is looked at
	for location, c := range map[string]struct{ code, onLoopback string }{
		"https://idp.example/sso": {"", ""}, "https://idp.example:8443/sso?x=1": {"", ""},
		"http://idp.example/sso":         {"unsupported_url", "unsupported_url"},
		"http://localhost:8081/sso":      {"unsupported_url", ""},
		"http://127.0.0.1/sso":           {"unsupported_url", ""},
		"http://[::1]:1/sso":             {"unsupported_url", ""},
		"http://127.0.0.2/sso":           {"unsupported_url", "unsupported_url"},
		"http://localhost.evil.example/": {"unsupported_url", "unsupported_url"},
		"https://idp.example/sso#x":      {"unsupported_url", "unsupported_url"},
		"https://u@idp.example/sso":      {"unsupported_url", "unsupported_url"},
		"https:///sso":                   {"unsupported_url", "unsupported_url"},
		"https://idp.example/%zz":        {refused, refused},
		"httpx://idp.example/":           {refused, refused},
		"ftp://idp.example/":             {"unsupported_url", "unsupported_url"},
		"javascript:alert(1)//http":      {"unsupported_url", "unsupported_url"},
	} {
		for binding, attribute := range map[string]string{redirectBinding: "redirect", postBinding: "POST"} {
			text := standard(func(m *written) { m.endpoints = endpoint("SingleSignOnService", binding, location) + m.endpoints })
			if got := pasteCode(t, text, sso.MetadataOptions{}); got != c.code {
				t.Errorf("%s by %s: %q, want %q", location, attribute, got, c.code)
			}
			if got := pasteCode(t, text, sso.MetadataOptions{AllowLoopbackHTTP: true}); got != c.onLoopback {
				t.Errorf("%s by %s, loopback allowed: %q, want %q", location, attribute, got, c.onLoopback)
			}
		}
	}
	const soap = "urn:oasis:names:tc:SAML:2.0:bindings:SOAP"
	post := func(m *written) {
		m.endpoints = endpoint("SingleSignOnService", postBinding, "https://idp.example/post")
	}
	if got := pasteCode(t, standard(post), sso.MetadataOptions{}); got != "no_redirect" {
		t.Errorf("POST alone: %q", got)
	}
	idp, err := sso.ParseMetadata([]byte(standard(func(m *written) {
		m.endpoints = endpoint("SingleLogoutService", redirectBinding, "http://idp.example/out") + endpoint("SingleLogoutService",
			redirectBinding, "https://idp.example/out1") +
			endpoint("SingleLogoutService", redirectBinding, "https://idp.example/out2") + `<NameIDFormat> urn:a </NameIDFormat><NameIDFormat> </NameIDFormat>` +
			endpoint("SingleSignOnService", soap, "http://idp.example/soap") +
			endpoint("SingleSignOnService", redirectBinding, "https://idp.example/1") + endpoint("SingleSignOnService", redirectBinding, "https://idp.example/2") +
			endpoint("SingleSignOnService", postBinding, "https://idp.example/3") + endpoint("SingleSignOnService", postBinding, "https://idp.example/4")
	})), sso.MetadataOptions{Now: fuzzedAt})
	if err != nil {
		t.Fatal(err)
	}
	if idp.RedirectURL != "https://idp.example/1" || idp.PostURL != "https://idp.example/3" || idp.LogoutURL != "https://idp.example/out1" ||
		!slices.Equal(idp.NameIDFormats, []string{"urn:a"}) {
		t.Errorf("not the first of each: %+v", idp)
	}
}

// TestMetadataKeys: what is for signing is trusted, each once, and nothing else.
func TestMetadataKeys(t *testing.T) {
	t.Parallel()
	first, second := pairs()[0].certificate, pairs()[1].certificate
	for name, c := range map[string]struct {
		keys  string
		count int
		code  string
	}{
		"for signing":              {signingKey(`use="signing"`, first), 1, ""},
		"for any use":              {signingKey(``, first), 1, ""},
		"for encryption":           {signingKey(`use="encryption"`, first), 0, "no_certificate"},
		"for something":            {signingKey(`use="Signing"`, first), 0, "no_certificate"},
		"beside encryption":        {signingKey(`use="encryption"`, second) + signingKey(`use="signing"`, first), 1, ""},
		"two in one":               {signingKey(`use="signing"`, first, second), 2, ""},
		"two":                      {signingKey(`use="signing"`, first) + signingKey(``, second), 2, ""},
		"the same twice":           {signingKey(`use="signing"`, first, first) + signingKey(``, first), 1, ""},
		"with line feeds":          {strings.Replace(signingKey(``, first), "MII", "\n MII\r\n\t", 1), 1, ""},
		"no base64":                {strings.Replace(signingKey(``, first), "MII", "%II", 1), 0, "bad_certificate"},
		"no certificate":           {signingKey(``, []byte("x")), 0, "bad_certificate"},
		"a good one and a bad":     {signingKey(``, first, []byte("x")), 0, "bad_certificate"},
		"none":                     {"", 0, "no_certificate"},
		"more behind it":           {strings.Replace(signingKey(``, first), "</d:X509C", "%%%%</d:X509C", 1), 0, "bad_certificate"},
		"a bad one of another use": {signingKey(`use="encryption"`, []byte("x")) + signingKey(``, first), 1, ""},
	} {
		text := standard(func(m *written) { m.keys = c.keys })
		if got := pasteCode(t, text, sso.MetadataOptions{}); got != c.code {
			t.Errorf("%s: %q, want %q", name, got, c.code)
			continue
		}
		if c.code != "" {
			continue
		}
		idp, err := sso.ParseMetadata([]byte(text), sso.MetadataOptions{Now: fuzzedAt})
		if err != nil || len(idp.Certificates) != c.count || hasFinding(idp, "several_certificates") != (c.count > 1) {
			t.Errorf("%s: %+v, %v", name, idp, err)
		}
		if string(idp.Certificates[0].Raw) != string(first) {
			t.Errorf("%s: another certificate than that for signing", name)
		}
	}
}

// TestAcceptsNameIDFormat: AWS refuses any format but that of its Subject row.
func TestAcceptsNameIDFormat(t *testing.T) {
	t.Parallel()
	email := "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
	for name, c := range map[string]struct {
		formats []string
		asked   model.NameIDFormat
		want    bool
	}{
		"none asked":        {[]string{email}, model.NameIDNone, true},
		"none named":        {nil, model.NameIDEmail, true},
		"the one":           {[]string{email}, model.NameIDEmail, true},
		"the second":        {[]string{"urn:x", email}, model.NameIDEmail, true},
		"another":           {[]string{email}, model.NameIDPersistent, false},
		"what is no format": {[]string{email}, "kerberos", false},
	} {
		idp := &sso.IdentityProvider{NameIDFormats: c.formats}
		if got := idp.AcceptsNameIDFormat(c.asked); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestMetadataOfOthers: what is no metadata of an identity provider is called by
// its name.
func TestMetadataOfOthers(t *testing.T) {
	t.Parallel()
	a := newAWS(t, nil)
	const assertionNS, protocolNS = "urn:oasis:names:tc:SAML:2.0:assertion", "urn:oasis:names:tc:SAML:2.0:protocol"
	for text, code := range map[string]string{
		`<Assertion xmlns="` + assertionNS + `"/>`:   "saml_response",
		`<Response xmlns="` + protocolNS + `"/>`:     "saml_response",
		`<AuthnRequest xmlns="` + protocolNS + `"/>`: "saml_request",
		`<Assertion xmlns="` + protocolNS + `"/>`:    "not_metadata",
		`<EntityDescriptor/>`:                        "not_metadata",
		``:                                           "empty", "\ufeff\n ": "empty", "metadata": "not_xml", "<\x00?\x00": "not_xml",
		`<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="%zz"/>`: "no_idp",
	} {
		if got := pasteCode(t, text, sso.MetadataOptions{}); got != code {
			t.Errorf("%s: %q, want %q", text, got, code)
		}
	}
	elsewhere := standard(func(m *written) { m.entityID = a.idp.EntityID })
	if got := pasteCode(t, elsewhere, sso.MetadataOptions{}); got != "" {
		t.Errorf("AWS's name with another's address: %q", got)
	}
	ours := standard(func(m *written) { m.entityID = entityID })
	if got := pasteCode(t, ours, sso.MetadataOptions{OurEntityID: entityID}); got != "own_metadata" {
		t.Errorf("an identity provider of our own name: %q", got)
	}
	if got := pasteCode(t, ours, sso.MetadataOptions{OurEntityID: entityID + "2"}); got != "" {
		t.Errorf("an identity provider of another name: %q", got)
	}
}

// TestUnmappedSubjectIsTold: AWS names no format until its Subject row is mapped.
func TestUnmappedSubjectIsTold(t *testing.T) {
	t.Parallel()
	a := newAWS(t, nil)
	good := a.descriptor()
	unmapped := cut(good, "<md:NameIDFormat>", "</md:NameIDFormat>")
	for text, want := range map[string]bool{good: false, unmapped: true, standard(nil): false} {
		idp, err := sso.ParseMetadata([]byte(text), sso.MetadataOptions{Now: a.now})
		if err != nil || hasFinding(idp, "name_id_format_missing") != want {
			t.Errorf("%v: %+v", err, idp.Findings)
		}
	}
}
