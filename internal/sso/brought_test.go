package sso_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/postern-sso/postern/internal/sso"
)

var broughtKey = func() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}()

// someCertificate makes a small certificate with that serial number.
func someCertificate(t *testing.T, serial int64) []byte {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "amazonaws.com"},
		NotBefore: time.Unix(1e9, 0), NotAfter: time.Unix(2e9, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, broughtKey.Public(), broughtKey)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func pemOf(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func inUTF16(text string) string {
	out := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(text)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return string(out)
}

// A certificate comes in many forms, and all of them are read.
func TestCertificatesAreReadInEveryForm(t *testing.T) {
	t.Parallel()
	a, b := someCertificate(t, 1), someCertificate(t, 2)
	text, both := pemOf("CERTIFICATE", a), pemOf("CERTIFICATE", a)+pemOf("CERTIFICATE", b)
	in64 := base64.StdEncoding.EncodeToString
	lines := func(s string, n int) string {
		var out []string
		for ; len(s) > n; s = s[n:] {
			out = append(out, s[:n])
		}
		return strings.Join(append(out, s), "\r\n")
	}
	metadata := `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example"><IDPSSODescriptor ` +
		`protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>` +
		`<X509Certificate>` + in64(a) + `</X509Certificate></X509Data></KeyInfo></KeyDescriptor><SingleSignOnService ` +
		`Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/sso"/></IDPSSODescriptor></EntityDescriptor>`
	for name, tt := range map[string]struct {
		data    string
		want    [][]byte
		remarks int
	}{
		"PEM":                     {text, [][]byte{a}, 0},
		"PEM, two":                {both, [][]byte{a, b}, 0},
		"PEM, the same twice":     {text + text, [][]byte{a}, 1},
		"PEM, Windows lines":      {strings.ReplaceAll(text, "\n", "\r\n"), [][]byte{a}, 0},
		"PEM, one line":           {strings.ReplaceAll(text, "\n", " "), [][]byte{a}, 0},
		"PEM as in a program":     {strings.ReplaceAll(both, "\n", `\n`), [][]byte{a, b}, 0},
		"PEM in a reply":          {"> " + strings.ReplaceAll(text, "\n", "\n> "), [][]byte{a}, 0},
		"PEM with an explanation": {"subject=CN = amazonaws.com\n" + text, [][]byte{a}, 0},
		"PEM in UTF-16":           {inUTF16(text), [][]byte{a}, 0},
		"PEM after a mark":        {"\ufeff" + text, [][]byte{a}, 0},
		"PEM, older label":        {pemOf("X509 CERTIFICATE", a), [][]byte{a}, 0},
		"PEM, trusted":            {pemOf("TRUSTED CERTIFICATE", append(bytes.Clone(a), 0x30, 0x00)), [][]byte{a}, 0},
		"PEM with a key beside":   {pemOf("PRIVATE KEY", []byte("secret")) + both, [][]byte{a, b}, 1},
		"DER":                     {string(a), [][]byte{a}, 0},
		"DER, two":                {string(a) + string(b), [][]byte{a, b}, 0},
		"base64 of DER":           {in64(a), [][]byte{a}, 0},
		"base64 in lines":         {lines(in64(a), 64), [][]byte{a}, 0},
		"base64 without padding":  {strings.TrimRight(in64(a), "="), [][]byte{a}, 0},
		"base64 for addresses":    {base64.URLEncoding.EncodeToString(a), [][]byte{a}, 0},
		"base64, two":             {in64(a) + "\n\n" + in64(b) + "\n", [][]byte{a, b}, 0},
		"base64 of PEM":           {lines(in64([]byte(both)), 76), [][]byte{a, b}, 0},
		"metadata":                {metadata, [][]byte{a}, 0},
		"base64 of metadata":      {in64([]byte(metadata)), [][]byte{a}, 0},
	} {
		got, err := sso.ReadCertificates([]byte(tt.data), sso.MetadataOptions{Now: time.Now()})
		if err != nil || len(got.Certificates) != len(tt.want) || len(got.Remarks) != tt.remarks {
			t.Errorf("%s: %d certificates, remarks %q, %v", name, len(got.Certificates), got.Remarks, err)
			continue
		}
		for i, c := range got.Certificates {
			if !bytes.Equal(c.Raw, tt.want[i]) {
				t.Errorf("%s: certificate %d is another one", name, i)
			}
		}
		again, err := sso.ReadCertificates([]byte(got.PEM()), sso.MetadataOptions{Now: time.Now()})
		if err != nil || len(again.Certificates) != len(tt.want) || len(again.Remarks) != 0 {
			t.Errorf("%s: what the form keeps is read as %d certificates, %v", name, len(again.Certificates), err)
		}
	}
}

// What is no certificate is called by its name.
func TestWhatIsNoCertificateIsNamed(t *testing.T) {
	t.Parallel()
	must := func(der []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	pkcs8 := must(x509.MarshalPKCS8PrivateKey(broughtKey))
	request := must(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "x"}}, broughtKey))
	public := must(x509.MarshalPKIXPublicKey(broughtKey.Public()))
	bundle := must(asn1.Marshal(struct {
		Type asn1.ObjectIdentifier
		Data asn1.RawValue
	}{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}, asn1.RawValue{Class: 2, Tag: 0, IsCompound: true, Bytes: []byte{0x30, 0}}}))
	pfx := must(asn1.Marshal(struct {
		Version int
		Data    struct{ Type asn1.ObjectIdentifier }
	}{3, struct{ Type asn1.ObjectIdentifier }{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}}}))
	sealed := must(asn1.Marshal(struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}{pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}}, []byte("sealed")}))
	a := someCertificate(t, 1)
	good := pemOf("CERTIFICATE", a)
	for name, tt := range map[string]struct{ data, code string }{
		"nothing": {"", "empty"}, "blanks": {" \n\t", "empty"}, "a mark alone": {"\ufeff\n", "empty"},
		"a private key": {pemOf("PRIVATE KEY", pkcs8), "private_key"}, "a key in DER": {string(pkcs8), "private_key"},
		"a key of RSA": {pemOf("RSA PRIVATE KEY", pkcs8), "private_key"}, "a sealed key": {string(sealed), "private_key"},
		"a sealed key in PEM": {pemOf("ENCRYPTED PRIVATE KEY", sealed), "private_key"},
		"a key of SSH":        {pemOf("OPENSSH PRIVATE KEY", []byte("x")), "private_key"},
		"a request":           {pemOf("CERTIFICATE REQUEST", request), "request"}, "a request in DER": {string(request), "request"},
		"a request, older label": {pemOf("NEW CERTIFICATE REQUEST", request), "request"},
		"a request in base64":    {base64.StdEncoding.EncodeToString(request), "request"},
		"a public key":           {pemOf("PUBLIC KEY", public), "public_key"}, "a public key of SSH": {"ssh-rsa AAAAB3Nza me@host", "public_key"},
		"PKCS #7": {pemOf("PKCS7", bundle), "pkcs7"}, "PKCS #7 in DER": {string(bundle), "pkcs7"}, "CMS": {pemOf("CMS", bundle), "pkcs7"},
		"PKCS #12": {string(pfx), "pkcs12"}, "PKCS #12 in base64": {base64.StdEncoding.EncodeToString(pfx), "pkcs12"},
		"parameters":            {pemOf("DH PARAMETERS", []byte("x")), "other_pem"},
		"half a certificate":    {good[:len(good)/2], "damaged"},
		"half of a second one":  {good + good[:len(good)/2], "damaged"},
		"a letter less":         {strings.Replace(good, "MII", "MI", 1), "damaged"},
		"DER cut off":           {string(a[:len(a)-5]), "damaged"},
		"DER and something":     {string(a) + "hello", "damaged"},
		"an address":            {"https://portal.sso.us-east-1.amazonaws.com/saml/metadata/x", "address"},
		"a fingerprint":         {strings.Repeat("AB:", 31) + "AB", "fingerprint"},
		"an archive":            {"PK\x03\x04abc", "archive"},
		"a sentence":            {"Please find the certificate attached.", "unknown"},
		"a web page":            {"<!doctype html><html><body>Sign in</body></html>", "html_page"},
		"metadata of a website": {`<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="x"></EntityDescriptor>`, "no_idp"},
		"too much":              {strings.Repeat("A", 1<<20+1), "too_large"},
	} {
		_, err := sso.ReadCertificates([]byte(tt.data), sso.MetadataOptions{Now: time.Now()})
		var said *sso.PasteError
		if !errors.As(err, &said) || said.Code != tt.code || said.Title == "" || said.Remedy == "" {
			t.Errorf("%s: %v, want %s", name, err, tt.code)
		}
	}
	var many strings.Builder
	for i := range 21 {
		many.WriteString(pemOf("CERTIFICATE", someCertificate(t, int64(i+1))))
	}
	if _, err := sso.ReadCertificates([]byte(many.String()), sso.MetadataOptions{}); err == nil || !strings.Contains(err.Error(), "too many") {
		t.Errorf("21 certificates: %v", err)
	}
}

// Whatever is brought, reading it does not panic, and takes time in its length.
func FuzzReadCertificates(f *testing.F) {
	for _, seed := range []string{"", "0\x82\x01", "MIIB", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "<a/>", "====",
		"A=A=A=", "\xff\xfe0"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := sso.ReadCertificates(data, sso.MetadataOptions{})
		if (err == nil) != (len(b.Certificates) > 0) {
			t.Errorf("%d certificates, %v", len(b.Certificates), err)
		}
	})
}
