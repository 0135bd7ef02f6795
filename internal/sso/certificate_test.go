package sso

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"slices"
	"testing"
	"time"
)

// TestCertificateFindings: what people are told of a certificate, to the second.
func TestCertificateFindings(t *testing.T) {
	t.Parallel()
	rsaKey := func(bits uint) any { return &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), bits-1)} }
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	end := begin.AddDate(5, 0, 0)
	for name, c := range map[string]struct {
		now       time.Time
		key       any
		algorithm x509.SignatureAlgorithm
		keyType   string
		blocking  bool
		codes     []string
	}{
		"good":              {now: begin.AddDate(1, 0, 0), key: rsaKey(2048), keyType: "RSA-2048"},
		"its first second":  {now: begin, key: rsaKey(2048), keyType: "RSA-2048"},
		"one before":        {now: begin.Add(-time.Second), key: rsaKey(2048), keyType: "RSA-2048", codes: []string{"cert_not_yet_valid"}},
		"90 days":           {now: end.Add(-90 * 24 * time.Hour), key: rsaKey(2048), keyType: "RSA-2048"},
		"less than 90 days": {now: end.Add(-90*24*time.Hour + time.Second), key: rsaKey(2048), keyType: "RSA-2048", codes: []string{"cert_expires_soon"}},
		"its last second":   {now: end, key: rsaKey(2048), keyType: "RSA-2048", codes: []string{"cert_expires_soon"}},
		"one after":         {now: end.Add(time.Second), key: rsaKey(2048), keyType: "RSA-2048", codes: []string{"cert_expired"}},
		"a bit too short":   {now: begin, key: rsaKey(2047), keyType: "RSA-2047", blocking: true, codes: []string{"cert_weak_key"}},
		"4096 bits":         {now: begin, key: rsaKey(4096), keyType: "RSA-4096"},
		"ECDSA": {now: begin, key: &ecdsa.PublicKey{Curve: elliptic.P256()}, keyType: "ECDSA-P-256", blocking: true,
			codes: []string{"cert_weak_key"}},
		"Ed25519":          {now: begin, key: ed25519.PublicKey{}, keyType: "Ed25519", blocking: true, codes: []string{"cert_weak_key"}},
		"another kind":     {now: begin, keyType: "0", blocking: true, codes: []string{"cert_weak_key"}},
		"SHA-1":            {now: begin, key: rsaKey(2048), keyType: "RSA-2048", algorithm: x509.SHA1WithRSA, codes: []string{"cert_sha1"}},
		"MD5":              {now: begin, key: rsaKey(2048), keyType: "RSA-2048", algorithm: x509.MD5WithRSA, codes: []string{"cert_sha1"}},
		"ECDSA with SHA-1": {now: begin, key: rsaKey(2048), keyType: "RSA-2048", algorithm: x509.ECDSAWithSHA1, codes: []string{"cert_sha1"}},
		"SHA-256":          {now: begin, key: rsaKey(2048), keyType: "RSA-2048", algorithm: x509.SHA256WithRSA},
		"old, weak, with SHA-1": {now: end.AddDate(1, 0, 0), key: rsaKey(1024), keyType: "RSA-1024", blocking: true, algorithm: x509.SHA1WithRSA,
			codes: []string{"cert_expired", "cert_weak_key", "cert_sha1"}},
	} {
		parsed := &x509.Certificate{PublicKey: c.key, SignatureAlgorithm: c.algorithm}
		cert := Certificate{NotBefore: begin, NotAfter: end, KeyType: keyType(parsed), parsed: parsed}
		var codes []string
		blocking := false
		for _, f := range certificateFindings(cert, c.now) {
			codes, blocking = append(codes, f.Code), blocking || f.Blocking
			if f.Text == "" {
				t.Errorf("%s: %s says nothing", name, f.Code)
			}
		}
		if !slices.Equal(codes, c.codes) || blocking != c.blocking || cert.KeyType != c.keyType {
			t.Errorf("%s: %v, blocking %v, %s", name, codes, blocking, cert.KeyType)
		}
		if _, weak := strongKey(cert); (weak != nil) != c.blocking {
			t.Errorf("%s: refused: %v", name, weak)
		}
	}
}

// TestFingerprint: as AWS's console and openssl print it.
func TestFingerprint(t *testing.T) {
	t.Parallel()
	const ofNothing = "E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:41:E4:64:9B:93:4C:A4:95:99:1B:78:52:B8:55"
	if got := fingerprint(nil); got != ofNothing {
		t.Errorf("%s", got)
	}
	if got := fingerprintOf("%"); got != "" {
		t.Errorf("what is no base64 has the fingerprint %s", got)
	}
}

// TestDaysLeft: whole days, and the day itself.
func TestDaysLeft(t *testing.T) {
	t.Parallel()
	end := time.Date(2031, 1, 1, 12, 0, 0, 0, time.UTC)
	cert := Certificate{NotAfter: end, parsed: &x509.Certificate{}}
	found := certificateFindings(cert, end.Add(-50*24*time.Hour+time.Minute))
	if found[0].Text != "The certificate expires in 49 days, on 1 January 2031." {
		t.Errorf("%s", found[0].Text)
	}
}
