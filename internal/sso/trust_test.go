package sso_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/sso"
)

func TestCertificatesAreAddedAndRemoved(t *testing.T) {
	t.Parallel()
	o := sso.MetadataOptions{Now: time.Now()}
	first := sceneMetadata()
	old, next := base64.StdEncoding.EncodeToString(pairs()[0].certificate), base64.StdEncoding.EncodeToString(pairs()[1].certificate)
	offered, err := sso.ParseMetadata([]byte(strings.Replace(strings.Replace(first, old, next, 1), "Location=", `Location="https://evil.example/" x=`, 1)), o)
	if err != nil {
		t.Fatal(err)
	}
	both, err := sso.AddCertificates(first, offered, o)
	if err != nil {
		t.Fatal(err)
	}
	read := func(text string) *sso.IdentityProvider {
		idp, err := sso.ParseMetadata([]byte(text), o)
		if err != nil {
			t.Fatal(err)
		}
		return idp
	}
	if idp := read(both); len(idp.Certificates) != 2 || idp.RedirectURL != sceneIdP {
		t.Errorf("%d certificates, sign-in at %s", len(idp.Certificates), idp.RedirectURL)
	}
	if again, err := sso.AddCertificates(both, offered, o); err != nil || again != both {
		t.Errorf("adding it again changes something: %v", err)
	}
	fresh, gone := sso.CompareCertificates(read(first), offered)
	if len(fresh) != 1 || len(gone) != 1 {
		t.Errorf("%d new, %d gone", len(fresh), len(gone))
	}
	one, err := sso.RemoveCertificate(both, gone[0].Fingerprint, o)
	if err != nil {
		t.Fatal(err)
	}
	if idp := read(one); len(idp.Certificates) != 1 || idp.Certificates[0].Fingerprint != fresh[0].Fingerprint {
		t.Errorf("left: %+v", idp.Certificates)
	}
	if _, err := sso.RemoveCertificate(one, fresh[0].Fingerprint, o); !errors.Is(err, sso.ErrLastCertificate) {
		t.Errorf("removing the last one: %v", err)
	}
	// Whatever ParseMetadata trusts can be taken out again.
	for _, use := range []string{`use=""`, ""} {
		loose := strings.ReplaceAll(both, `use="signing"`, use)
		for _, c := range read(loose).Certificates {
			one, err := sso.RemoveCertificate(loose, c.Fingerprint, o)
			if err != nil {
				t.Errorf("%q: %v", use, err)
				continue
			}
			if idp := read(one); len(idp.Certificates) != 1 || idp.Certificates[0].Fingerprint == c.Fingerprint {
				t.Errorf("%q: left: %+v", use, idp.Certificates)
			}
		}
	}
	other := read(strings.Replace(first, "MTIzNDU2", "OTk5", 1))
	if _, err := sso.AddCertificates(first, other, o); !errors.Is(err, sso.ErrOtherIdP) {
		t.Errorf("certificates of another: %v", err)
	}
}

// TestCertificatesInTheirPlace: what is added is metadata as the schema has it,
// whatever prefixes are used around it, and what is removed leaves nothing behind.
func TestCertificatesInTheirPlace(t *testing.T) {
	t.Parallel()
	o := sso.MetadataOptions{Now: fuzzedAt}
	third := fixedPair(3).certificate
	offered, err := sso.ParseMetadata([]byte(standard(func(m *written) { m.keys = signingKey("", pairs()[1].certificate, third) })), o)
	if err != nil {
		t.Fatal(err)
	}
	trusted := strings.NewReplacer("<EntityDescriptor xmlns=", "<md:EntityDescriptor xmlns:md=", "</Entity", "</md:Entity", "<IDP", "<md:IDP", "</IDP", "</md:IDP",
		"<Key", "<md:Key", "</Key", "</md:Key", "<Single", "<md:Single").Replace(standard(func(m *written) {
		m.keys = signingKey(`use="encryption"`, third) + signingKey(`use="signing"`, pairs()[0].certificate)
	}))
	both, err := sso.AddCertificates(trusted, offered, o)
	if err != nil {
		t.Fatal(err)
	}
	idp, err := sso.ParseMetadata([]byte(both), o)
	if err != nil || len(idp.Certificates) != 3 || string(idp.Certificates[1].Raw) != string(pairs()[1].certificate) ||
		string(idp.Certificates[2].Raw) != string(third) {
		t.Fatalf("%v: not those three, in that order: %+v", err, idp)
	}
	if last, first := strings.LastIndex(both, "KeyDescriptor"), strings.Index(both, "SingleSignOnService"); last > first ||
		strings.Count(both, `<KeyDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" use="signing"`) != 2 {
		t.Errorf("not together, or not for signing:\n%s", both)
	}
	one, err := sso.RemoveCertificate(both, idp.Certificates[2].Fingerprint, o)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(one, "<md:KeyDescriptor")+strings.Count(one, "<KeyDescriptor") != 3 || strings.Count(one, base64.StdEncoding.EncodeToString(third)) != 1 {
		t.Errorf("something is left behind, or the key for encryption is gone:\n%s", one)
	}
}

// TestTrustIsNotChangedByHalves: what cannot be done is an error, and what is
// there already is left as it is, to the byte.
func TestTrustIsNotChangedByHalves(t *testing.T) {
	t.Parallel()
	o := sso.MetadataOptions{Now: fuzzedAt}
	trusted := strings.Replace(standard(nil), `protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"`,
		`protocolSupportEnumeration='urn:oasis:names:tc:SAML:2.0:protocol'`, 1)
	idp, err := sso.ParseMetadata([]byte(trusted), o)
	if err != nil {
		t.Fatal(err)
	}
	if same, err := sso.AddCertificates(trusted, idp, o); err != nil || same != trusted {
		t.Errorf("%v: nothing to add, and it became\n%s", err, same)
	}
	if same, err := sso.RemoveCertificate(trusted, "AA", o); err != nil {
		t.Errorf("one that is not there: %v\n%s", err, same)
	}
	mine := idp.Certificates[0].Fingerprint
	if text, err := sso.AddCertificates("<x/>", idp, o); err == nil {
		t.Errorf("added to what is no metadata: %s", text)
	}
	if text, err := sso.RemoveCertificate("<x/>", mine, o); err == nil {
		t.Errorf("removed from what is no metadata: %s", text)
	}
	hidden := many("", `<x:IDPSSODescriptor xmlns:x="urn:x"/>`, standard(func(m *written) { // the first by name alone
		m.keys = signingKey("", pairs()[0].certificate, pairs()[1].certificate)
	}))
	if _, err := sso.RemoveCertificate(hidden, mine, o); !errors.Is(err, sso.ErrStillTrusted) {
		t.Errorf("a certificate that was not taken out: %v", err)
	}
}
