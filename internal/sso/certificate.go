package sso

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// Certificate is a signing certificate of an identity provider. Its key is
// trusted because an administrator imported it; no chain is built.
type Certificate struct {
	Raw         []byte // DER
	Fingerprint string // SHA-256, upper-case hex with colons
	Subject     string
	NotBefore   time.Time
	NotAfter    time.Time
	KeyType     string // "RSA-2048"
	Findings    []Finding

	parsed *x509.Certificate
}

// Finding is something about metadata or a certificate that people should know.
type Finding struct {
	Code     string // permanent
	Blocking bool   // a login cannot work
	Text     string
}

// ExpiresSoon is how long before its end a certificate is worth a warning.
// AWS's console turns yellow at the same 90 days.
const ExpiresSoon = 90 * 24 * time.Hour

// ParseCertificate reads a certificate from DER, and judges it at that time.
func ParseCertificate(der []byte, now time.Time) (Certificate, error) {
	return parseCertificate(der, now)
}

func parseCertificate(der []byte, now time.Time) (Certificate, error) {
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return Certificate{}, err
	}
	c := Certificate{
		Raw: der, Fingerprint: fingerprint(der), Subject: parsed.Subject.String(),
		NotBefore: parsed.NotBefore, NotAfter: parsed.NotAfter, KeyType: keyType(parsed), parsed: parsed,
	}
	c.Findings = certificateFindings(c, now)
	return c, nil
}

// fingerprint is the SHA-256 of a certificate as people compare it.
func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	parts := make([]string, len(sum))
	for i, b := range sum {
		parts[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(parts, ":")
}

func keyType(c *x509.Certificate) string {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA-%d", key.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA-" + key.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	default:
		return c.PublicKeyAlgorithm.String()
	}
}

// days are counted with their noun.
func days(n int) string {
	if n == 1 {
		return "1 day"
	}
	return strconv.Itoa(n) + " days"
}

func certificateFindings(c Certificate, now time.Time) []Finding {
	var found []Finding
	end := model.Day(c.NotAfter)
	switch {
	case now.After(c.NotAfter):
		found = append(found, Finding{Code: "cert_expired", Text: "The certificate expired on " + end +
			". Sign-in goes on working with it. In AWS: Manage certificate → Generate new certificate."})
	case now.Before(c.NotBefore):
		found = append(found, Finding{Code: "cert_not_yet_valid", Text: "The certificate is valid only from " +
			model.Day(c.NotBefore) + " on. Look at the clock of this machine."})
	case c.NotAfter.Sub(now) < ExpiresSoon:
		found = append(found, Finding{Code: "cert_expires_soon", Text: fmt.Sprintf("The certificate expires in %s, on %s.",
			days(int(c.NotAfter.Sub(now).Hours()/24)), end)})
	}
	if key, ok := c.parsed.PublicKey.(*rsa.PublicKey); !ok || key.N.BitLen() < minRSABits {
		found = append(found, Finding{Code: "cert_weak_key", Blocking: true, Text: "The certificate has the key " + c.KeyType +
			". Postern accepts RSA keys of at least 2048 bits. In AWS: Manage certificate → Generate new certificate, Key size 2048."})
	}
	switch c.parsed.SignatureAlgorithm { //nolint:exhaustive // only what AWS offers and is weak
	case x509.SHA1WithRSA, x509.MD5WithRSA, x509.ECDSAWithSHA1:
		found = append(found, Finding{Code: "cert_sha1", Text: "The certificate was made with SHA-1. AWS then signs logins with SHA-1 too, which Postern refuses. " +
			"In AWS: Manage certificate → Generate new certificate, Algorithm SHA-256."})
	}
	return found
}
