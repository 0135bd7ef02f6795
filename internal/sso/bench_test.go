package sso_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/sso"
)

// BenchmarkVerify is everything between the form and the identity, for one
// AWS-shaped message with both signatures and five attributes.
func BenchmarkVerify(b *testing.B) {
	a := newAWS(b, nil)
	r := a.request()
	xml := a.signIn(string(r.XML))
	trust, expect := a.trust(), a.expect(r.ID)
	b.ReportAllocs()
	b.SetBytes(int64(len(xml)))
	for b.Loop() {
		m, _, refusal := sso.Open(xml, trust)
		if refusal != nil {
			b.Fatal(refusal)
		}
		if _, _, refusal := m.Judge(expect); refusal != nil {
			b.Fatal(refusal)
		}
	}
}

// BenchmarkTwoRSAVerifications is the floor: no verification of two signatures
// can take less.
func BenchmarkTwoRSAVerifications(b *testing.B) {
	key, err := testKey()
	if err != nil {
		b.Fatal(err)
	}
	digest := sha256.Sum256([]byte("message"))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		for range 2 {
			if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest[:], signature); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkCrewjam is crewjam's ParseXMLResponse on the same message.
func BenchmarkCrewjam(b *testing.B) {
	a := newAWS(b, nil)
	a.now = time.Now().UTC().Truncate(time.Millisecond) // crewjam asks the clock
	r := a.request()
	xml := a.signIn(string(r.XML))
	sp, acs := crewjamProvider(b, a), mustURL(b, acsURL)
	b.ReportAllocs()
	b.SetBytes(int64(len(xml)))
	for b.Loop() {
		if _, err := sp.ParseXMLResponse(xml, []string{r.ID}, acs); err != nil {
			b.Fatal(err)
		}
	}
}
