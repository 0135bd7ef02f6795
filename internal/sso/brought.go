package sso

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// Brought is what somebody brought to be trusted: certificates by themselves, or
// metadata that has some.
type Brought struct {
	Certificates []Certificate     // each once, in the order of the file
	Provider     *IdentityProvider // whose metadata it is; nil: these were certificates alone
	Remarks      []string          // what else the file had, and was left out
}

// maxBrought is how many certificates one file may have. AWS has two at the most.
const maxBrought = 20

// ReadCertificates reads certificates in whatever form they come: metadata, PEM,
// DER, or base64 of either, several at once. What is none of these is named: its
// error is a *PasteError. Nothing is left out without a remark.
func ReadCertificates(data []byte, o MetadataOptions) (Brought, error) {
	if len(data) > maxMetadata {
		return Brought{}, broughtErrors["too_large"]
	}
	text := plainText(data)
	switch {
	case len(bytes.TrimSpace(data)) == 0 || strings.TrimSpace(text) == "":
		return Brought{}, broughtErrors["empty"]
	case strings.HasPrefix(text, "<"):
		return fromMetadata([]byte(text), o)
	case strings.Contains(text, "-----BEGIN"):
		return fromPEM(text, o.Now)
	case data[0] == 0x30: // a SEQUENCE, as all DER here; base64 text never begins with a zero
		if b, err := fromDER(data, o.Now); err == nil || !utf8.Valid(data) {
			return b, err
		}
	}
	return fromBase64(text, o)
}

// plainText is what was brought as text: without byte order mark, out of UTF-16.
func plainText(data []byte) string {
	var order func([]byte) uint16
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		order = func(b []byte) uint16 { return uint16(b[0]) | uint16(b[1])<<8 }
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		order = func(b []byte) uint16 { return uint16(b[1]) | uint16(b[0])<<8 }
	default:
		return strings.TrimSpace(strings.TrimPrefix(string(data), "\ufeff"))
	}
	var units []uint16
	for rest := data[2:]; len(rest) >= 2; rest = rest[2:] {
		units = append(units, order(rest))
	}
	return strings.TrimSpace(string(utf16.Decode(units)))
}

func fromMetadata(data []byte, o MetadataOptions) (Brought, error) {
	provider, err := ParseMetadata(data, o)
	if err != nil {
		return Brought{}, err
	}
	return Brought{Certificates: provider.Certificates, Provider: provider}, nil
}

// pemBlock is a block as people paste it: in one line, quoted in a mail, or
// written as in a program, with \n.
var pemBlock = regexp.MustCompile(`(?s)-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END ([A-Z0-9 ]+)-----`)

func fromPEM(text string, now time.Time) (Brought, error) {
	text = strings.NewReplacer(`\r`, "\n", `\n`, "\n").Replace(text)
	blocks := pemBlock.FindAllStringSubmatch(text, -1)
	if len(blocks) != strings.Count(text, "-----BEGIN") {
		return Brought{}, broughtErrors["damaged"]
	}
	var b Brought
	var other *PasteError
	for n, block := range blocks {
		kind := block[1]
		if code := pemKind(kind); code != "" {
			other = broughtErrors[code]
			b.Remarks = append(b.Remarks, fmt.Sprintf("Part %d of the file was left out: %s.", n+1, other.Title))
			continue
		}
		der, err := base64.StdEncoding.DecodeString(squeezed(block[2]))
		if err != nil || kind != block[3] {
			return Brought{}, broughtErrors["damaged"]
		}
		if kind == "TRUSTED CERTIFICATE" { // OpenSSL writes what it is trusted for behind it
			var first asn1.RawValue
			if _, err := asn1.Unmarshal(der, &first); err == nil {
				der = first.FullBytes
			}
		}
		if err := b.add(der, now); err != nil {
			return Brought{}, broughtErrors["damaged"]
		}
	}
	if len(b.Certificates) == 0 {
		return Brought{}, other
	}
	return b, b.tooMany()
}

// pemKind is the code of what a PEM block holds; empty for a certificate.
func pemKind(label string) string {
	switch {
	case label == "CERTIFICATE", label == "X509 CERTIFICATE", label == "TRUSTED CERTIFICATE":
		return ""
	case strings.HasSuffix(label, "PRIVATE KEY"):
		return "private_key"
	case strings.HasSuffix(label, "CERTIFICATE REQUEST"):
		return "request"
	case strings.HasSuffix(label, "PUBLIC KEY"):
		return "public_key"
	case strings.HasPrefix(label, "PKCS"), label == "CMS":
		return "pkcs7"
	case strings.HasSuffix(label, "CRL"):
		return "crl"
	}
	return "other_pem"
}

// squeezed is text without what is between the letters of base64.
func squeezed(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '-':
			return '+' // base64 as in addresses
		case r == '_':
			return '/'
		case r <= ' ', r == '>', r == '"', r == '\'', r == ',', r == '\u00a0', r == '\u200b', r == '\ufeff':
			return -1
		}
		return r
	}, text)
}

func (b *Brought) add(der []byte, now time.Time) error {
	c, err := parseCertificate(der, now)
	if err != nil {
		return err
	}
	if hasFingerprint(b.Certificates, c.Fingerprint) {
		b.Remarks = append(b.Remarks, "The certificate that begins with "+c.Fingerprint[:17]+" is there more than once; it is shown once.")
		return nil
	}
	b.Certificates = append(b.Certificates, c)
	return nil
}

func (b *Brought) tooMany() error {
	if len(b.Certificates) > maxBrought {
		return broughtErrors["too_many"]
	}
	return nil
}

// fromDER reads one certificate behind the other.
func fromDER(data []byte, now time.Time) (Brought, error) {
	var b Brought
	for rest := data; len(bytes.TrimSpace(rest)) > 0; {
		var one asn1.RawValue
		after, err := asn1.Unmarshal(rest, &one)
		if err == nil {
			err = b.add(one.FullBytes, now)
		}
		if err != nil && len(b.Certificates) > 0 {
			return Brought{}, broughtErrors["damaged"]
		}
		if err != nil {
			return Brought{}, broughtErrors[derKind(data)]
		}
		rest = after
	}
	return b, b.tooMany()
}

// Object identifiers with which PKCS #7 and PKCS #12 begin.
var (
	oidPKCS7 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7}
	pemStart = []byte("-----BEGIN")
)

// derKind is the code of DER that is no certificate.
func derKind(der []byte) string {
	for _, known := range []struct {
		code  string
		parse func([]byte) error
	}{
		{"private_key", func(d []byte) error { _, err := x509.ParsePKCS8PrivateKey(d); return err }},
		{"private_key", func(d []byte) error { _, err := x509.ParsePKCS1PrivateKey(d); return err }},
		{"private_key", func(d []byte) error { _, err := x509.ParseECPrivateKey(d); return err }},
		{"request", func(d []byte) error { _, err := x509.ParseCertificateRequest(d); return err }},
		{"public_key", func(d []byte) error { _, err := x509.ParsePKIXPublicKey(d); return err }},
		{"crl", func(d []byte) error { _, err := x509.ParseRevocationList(d); return err }},
	} {
		if known.parse(der) == nil {
			return known.code
		}
	}
	return envelopeKind(der)
}

// envelopeKind looks at how DER begins: PKCS #7 with its object identifier, PKCS
// #12 with its version and that, an encrypted key with the algorithm.
func envelopeKind(der []byte) string {
	var outer asn1.RawValue
	if _, err := asn1.Unmarshal(der, &outer); err != nil {
		return "damaged"
	}
	var oid asn1.ObjectIdentifier
	_, err := asn1.Unmarshal(outer.Bytes, &oid)
	if err == nil && len(oid) > len(oidPKCS7) && oid[:len(oidPKCS7)].Equal(oidPKCS7) {
		return "pkcs7"
	}
	var version int
	if rest, err := asn1.Unmarshal(outer.Bytes, &version); err == nil && version == 3 && len(rest) > 0 {
		return "pkcs12"
	}
	var algorithm struct {
		ID         asn1.ObjectIdentifier
		Parameters asn1.RawValue `asn1:"optional"`
	}
	var sealed []byte
	if rest, err := asn1.Unmarshal(outer.Bytes, &algorithm); err == nil {
		if _, err = asn1.Unmarshal(rest, &sealed); err == nil {
			return "private_key"
		}
	}
	return "unknown"
}

// fromBase64 reads base64 of PEM or DER, one behind the other. Padding inside
// ends one and begins the next.
func fromBase64(text string, o MetadataOptions) (Brought, error) {
	var data []byte
	for rest := squeezed(text); rest != ""; {
		part := rest
		if at := strings.IndexByte(rest, '='); at >= 0 {
			end := at + len(rest[at:]) - len(strings.TrimLeft(rest[at:], "="))
			part = rest[:end]
		}
		rest = rest[len(part):]
		decoded, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(part, "="))
		if err != nil {
			return Brought{}, notCertificate(text)
		}
		data = append(data, decoded...)
	}
	switch {
	case bytes.Contains(data, pemStart):
		return fromPEM(string(data), o.Now)
	case bytes.HasPrefix(bytes.TrimSpace(data), []byte("<")):
		return fromMetadata(data, o)
	case len(data) > 0 && data[0] == 0x30:
		return fromDER(data, o.Now)
	}
	return Brought{}, notCertificate(text)
}

// notCertificate names a text that holds no certificate.
func notCertificate(text string) *PasteError {
	lower := strings.ToLower(text)
	switch {
	case strings.HasPrefix(lower, "http://"), strings.HasPrefix(lower, "https://"):
		return broughtErrors["address"]
	case fingerprintText.MatchString(text):
		return broughtErrors["fingerprint"]
	case strings.HasPrefix(text, "PK\x03\x04"):
		return broughtErrors["archive"]
	case strings.HasPrefix(lower, "ssh-"):
		return broughtErrors["public_key"]
	}
	return broughtErrors["unknown"]
}

var fingerprintText = regexp.MustCompile(`^(?i)(sha-?(1|256)( fingerprint)?[=: ]*)?([0-9a-f]{2}[: ]?){19,31}[0-9a-f]{2}$`)

// PEM writes the certificates alone, as they came. It is what a form keeps of a
// file that had more.
func (b Brought) PEM() string {
	var text strings.Builder
	for _, c := range b.Certificates {
		text.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	return text.String()
}
