package sso_test

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/postern-sso/postern/internal/sso"
)

// utf16le is text as Windows saves it.
func utf16le(text string) string {
	var b bytes.Buffer
	for _, u := range utf16.Encode([]rune(text)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

func utf16be(text string) string {
	little := []byte(utf16le(text))
	for i := 0; i+1 < len(little); i += 2 {
		little[i], little[i+1] = little[i+1], little[i]
	}
	return string(little)
}

// Whatever the file says of its encoding, and whatever it was saved as, it is the
// same metadata; what is kept of it can be changed later, and is UTF-8.
func TestMetadataInOtherEncodings(t *testing.T) {
	t.Parallel()
	a := newAWS(t, nil)
	good := string(a.sim.Metadata(a.app))
	declared := func(name string) string { return strings.Replace(good, `encoding="UTF-8"`, `encoding="`+name+`"`, 1) }
	if declared("x") == good {
		t.Fatal("the simulated metadata declares no encoding")
	}
	named := func(name string) string {
		return strings.Replace(declared(name), "<md:IDPSSODescriptor", "<!-- M\xfcnchen --><md:IDPSSODescriptor", 1)
	}
	for name, text := range map[string]string{
		"utf-16 over plain text":   declared("utf-16"),
		"UTF-16LE over plain text": declared("UTF-16LE"),
		"ISO-8859-1":               declared("ISO-8859-1"),
		"us-ascii":                 declared("us-ascii"),
		"windows-1252":             declared("windows-1252"),
		"unknown over plain text":  declared("x-mac-unknown"),
		"single quotes":            strings.Replace(good, `encoding="UTF-8"`, `encoding='utf-16'`, 1),
		"ISO-8859-1, used":         named("ISO-8859-1"),
		"windows-1252, used":       named("windows-1252"),
		"real UTF-16, with mark":   "\xff\xfe" + utf16le(declared("utf-16")),
		"real UTF-16, no mark":     utf16le(declared("utf-16")),
		"the other order":          "\xfe\xff" + utf16be(declared("utf-16")),
		"the other order, no mark": utf16be(declared("utf-16")),
		"UTF-16 that says UTF-8":   "\xff\xfe" + utf16le(good),
		"UTF-8 with its mark":      "\xef\xbb\xbf" + declared("utf-16"),
	} {
		o := sso.MetadataOptions{Now: a.now}
		idp, err := sso.ParseMetadata([]byte(text), o)
		if err != nil || idp.EntityID != a.idp.EntityID || idp.Certificates[0].Fingerprint != a.idp.Certificates[0].Fingerprint {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p, err := sso.RecognisePaste(text, o); err != nil || p.Kind != sso.PasteMetadataXML {
			t.Errorf("%s, pasted: %+v, %v", name, p, err)
		}
		kept := string(sso.MetadataText([]byte(text)))
		if _, err := sso.RemoveCertificate(kept, idp.Certificates[0].Fingerprint, o); !errors.Is(err, sso.ErrLastCertificate) {
			t.Errorf("%s, kept: %v", name, err)
		}
		if _, err := sso.RemoveCertificate(text, "no such", o); err != nil {
			t.Errorf("%s, kept as it came: %v", name, err)
		}
	}
}

// A certificate may stand in metadata as in a file of its own, and be taken out.
func TestMetadataCertificateForms(t *testing.T) {
	t.Parallel()
	der := pairs()[0].certificate
	file := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	plain := base64.StdEncoding.EncodeToString(der)
	for name, text := range map[string]string{
		"base64": plain, "wrapped": strings.ReplaceAll(file, "\n", "\n    "), "PEM": file,
		"PEM on one line": strings.ReplaceAll(file, "\n", " "), "base64 of PEM": base64.StdEncoding.EncodeToString([]byte(file)),
		"with carriage returns": strings.ReplaceAll(file, "\n", "&#13;\n"),
	} {
		key := strings.Replace(signingKey(`use="signing"`, der), plain, text, 1)
		two := standard(func(m *written) { m.keys = key + signingKey(`use="signing"`, pairs()[1].certificate) })
		o := sso.MetadataOptions{Now: fuzzedAt}
		idp, err := sso.ParseMetadata([]byte(two), o)
		if err != nil || len(idp.Certificates) != 2 || !bytes.Equal(idp.Certificates[0].Raw, der) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := sso.RemoveCertificate(two, idp.Certificates[0].Fingerprint, o); err != nil {
			t.Errorf("%s, taken out: %v", name, err)
		}
	}
}

// remarksOf are the codes of what is remarked about metadata, without what every
// metadata here has in common.
func remarksOf(t *testing.T, text string) []string {
	t.Helper()
	idp, err := sso.ParseMetadata([]byte(text), sso.MetadataOptions{Now: fuzzedAt})
	if err != nil {
		t.Error(err)
		return nil
	}
	var codes []string
	for _, f := range idp.Findings {
		if f.Blocking {
			t.Errorf("%s blocks", f.Code)
		}
		if f.Code != "other_idp" && !strings.HasPrefix(f.Code, "cert_") {
			codes = append(codes, f.Code)
		}
	}
	return codes
}

func TestMetadataRemarks(t *testing.T) {
	t.Parallel()
	awsToken := "https://portal.sso.us-east-1.amazonaws.com/saml/assertion/" + token
	aws := func(m *written) {
		m.entityID = awsToken
		m.endpoints = endpoint("SingleLogoutService", redirectBinding, awsToken+"/logout") +
			`<NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:unspecified</NameIDFormat>` +
			endpoint("SingleSignOnService", redirectBinding, awsToken)
	}
	account := func(m *written) {
		aws(m)
		m.endpoints = strings.Replace(m.endpoints, "unspecified", "persistent", 1)
	}
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"a sign-out below the sign-in": {standard(aws), nil},
		"a time to cache":              {standard(func(m *written) { m.attributes = ` cacheDuration="PT1H"` }), nil},
		"an odd time to cache":         {standard(func(m *written) { m.attributes = ` cacheDuration="1 hour"` }), []string{"time_unreadable"}},
		"a time to cache below":        {strings.Replace(standard(nil), "<IDPSSODescriptor ", `<IDPSSODescriptor cacheDuration="P1D" `, 1), nil},
		"an end without a zone":        {standard(func(m *written) { m.attributes = ` validUntil="2999-01-01T00:00:00"` }), nil},
		"an end that has passed":       {standard(func(m *written) { m.attributes = ` validUntil='2001-01-01T00:00:00'` }), []string{"valid_until_passed"}},
		"an end that is no time":       {standard(func(m *written) { m.attributes = ` validUntil="soon"` }), []string{"time_unreadable"}},
		"requests are to be signed": {strings.Replace(standard(nil), "<IDPSSODescriptor ",
			`<IDPSSODescriptor WantAuthnRequestsSigned="true" `, 1), []string{"wants_signed_requests"}},
		"requests are not to be signed":  {strings.Replace(standard(nil), "<IDPSSODescriptor ", `<IDPSSODescriptor WantAuthnRequestsSigned="false" `, 1), nil},
		"an account's tile":              {standard(account), []string{"account_tile"}},
		"persistent, with a declaration": {`<?xml version="1.0" encoding="UTF-8"?>` + standard(account), nil},
	} {
		if got := remarksOf(t, c.text); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// What is wrong with another provider's file is not mended in AWS.
func TestMetadataOfOthersHasNoRemedyOfAWS(t *testing.T) {
	t.Parallel()
	post := func(m *written) {
		m.entityID = "https://sso.example.com/realms/staff"
		m.endpoints = endpoint("SingleSignOnService", postBinding, "https://sso.example.com/post")
	}
	noKey := func(m *written) { m.entityID, m.keys = "http://www.okta.com/exk1", "" }
	for name, c := range map[string]struct{ text, code, name string }{
		"POST only":      {standard(post), "no_redirect", "Keycloak"},
		"no certificate": {standard(noKey), "no_certificate", "Okta"},
	} {
		_, err := sso.ParseMetadata([]byte(c.text), sso.MetadataOptions{Now: fuzzedAt})
		var paste *sso.PasteError
		if !errors.As(err, &paste) || paste.Code != c.code || !strings.Contains(paste.Remedy, c.name) || strings.Contains(paste.Error(), "Download") {
			t.Errorf("%s: %v", name, err)
		}
	}
	weak := standard(func(m *written) { m.keys = signingKey("", pairs()[0].certificate) })
	idp, err := sso.ParseMetadata([]byte(weak), sso.MetadataOptions{Now: fuzzedAt.AddDate(90, 0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range idp.Findings {
		if strings.Contains(f.Text, "in AWS:") || strings.Contains(f.Text, "In AWS:") {
			t.Errorf("%s: %s", f.Code, f.Text)
		}
	}
}

// A federation's file is called that, however large it is.
func TestFederationFile(t *testing.T) {
	t.Parallel()
	a := newAWS(t, nil)
	one := a.descriptor()
	for name, n := range map[string]int{"two": 2, "more elements than metadata has": 300, "more bytes than metadata has": 900} {
		text := many("", strings.Repeat(one, n))
		_, err := sso.ParseMetadata([]byte(text), sso.MetadataOptions{Now: a.now})
		var paste *sso.PasteError
		if !errors.As(err, &paste) || paste.Code != "several_idps" || !strings.Contains(paste.Title, "identity providers") {
			t.Errorf("%s (%d bytes): %v", name, len(text), err)
		}
	}
}
