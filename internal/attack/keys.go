package attack

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	mathrand "math/rand/v2"
	"time"
)

// FixedKey makes the same RSA key and certificate from a number every time, so
// that a message that a fuzzer kept verifies in the next process, too. Anybody can
// make it: it is for tests.
func FixedKey(seed uint64) (*rsa.PrivateKey, []byte) {
	random := mathrand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16), byte(seed >> 24)})
	key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{E: 65537}}
	for key.D == nil {
		p, q := prime(random, 1024), prime(random, 1024)
		key.N = new(big.Int).Mul(p, q)
		one := big.NewInt(1)
		phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		key.D = new(big.Int).ModInverse(big.NewInt(int64(key.E)), phi) // nil: the next primes
		key.Primes = []*big.Int{p, q}
	}
	key.Precompute()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "AWS SSO"},
		NotBefore: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2055, 1, 1, 0, 0, 0, 0, time.UTC)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err) // the template is a constant
	}
	return key, certificate
}

// prime is the first prime behind a random number of so many bits, of which the
// two highest are set.
func prime(random *mathrand.ChaCha8, bits int) *big.Int {
	b := make([]byte, bits/8)
	_, _ = random.Read(b) // never fails
	b[0] |= 0xC0
	p := new(big.Int).SetBytes(b)
	p.SetBit(p, 0, 1)
	for two := big.NewInt(2); !p.ProbablyPrime(20); {
		p.Add(p, two)
	}
	return p
}
