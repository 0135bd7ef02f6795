package awssim

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// Certificate is a signing certificate of an application, with its key.
type Certificate struct {
	Certificate string `yaml:"certificate"` // PEM
	Key         string `yaml:"key"`         // PEM, PKCS #8
	Algorithm   string `yaml:"algorithm"`   // SHA-1 or SHA-256: of the certificate and of all that its key signs
	Active      bool   `yaml:"active,omitempty"`
}

// The algorithms of a certificate, as AWS names them.
const (
	SHA1   = "SHA-1"
	SHA256 = "SHA-256"
)

// defaultMonths is the validity of the certificate that comes with an application.
const defaultMonths = 60

// newCertificate makes a certificate as AWS does: self-signed, X.509 v3 without
// any extension, valid from this second on for whole months.
func newCertificate(key *rsa.PrivateKey, algorithm string, now time.Time, months int) (Certificate, error) {
	signature := x509.SHA256WithRSA
	if algorithm == SHA1 {
		signature = x509.SHA1WithRSA
	}
	var serial [4]byte
	if _, err := rand.Read(serial[:]); err != nil {
		return Certificate{}, err
	}
	name, err := asn1.Marshal(amazonName())
	if err != nil {
		return Certificate{}, fmt.Errorf("certificate name: %w", err)
	}
	start := now.UTC().Truncate(time.Second)
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial[:]), SignatureAlgorithm: signature,
		RawSubject: name, NotBefore: start, NotAfter: start.AddDate(0, months, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return Certificate{}, fmt.Errorf("make a certificate: %w", err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Certificate{}, fmt.Errorf("write a key: %w", err)
	}
	return Certificate{
		Certificate: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		Key:         string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})),
		Algorithm:   algorithm,
	}, nil
}

// amazonName is CN=amazonaws.com, OU=IDAS, O=Amazon, C=US in the order and with
// the string types of AWS's certificates, which differ from Go's own choice.
func amazonName() pkix.RDNSequence {
	part := func(last, tag int, value string) []pkix.AttributeTypeAndValue {
		return []pkix.AttributeTypeAndValue{{
			Type:  asn1.ObjectIdentifier{2, 5, 4, last},
			Value: asn1.RawValue{Tag: tag, Bytes: []byte(value)},
		}}
	}
	return pkix.RDNSequence{
		part(3, asn1.TagUTF8String, "amazonaws.com"),
		part(11, asn1.TagUTF8String, "IDAS"),
		part(10, asn1.TagUTF8String, "Amazon"),
		part(6, asn1.TagPrintableString, "US"),
	}
}

// parse returns the certificate's parsed form.
func (c Certificate) parse() (*x509.Certificate, error) {
	block, _ := pem.Decode([]byte(c.Certificate))
	if block == nil {
		return nil, errors.New("the certificate is not PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}

// signer returns what signs with this certificate's key.
func (c Certificate) signer() (*signer, error) {
	cert, err := c.parse()
	if err != nil {
		return nil, fmt.Errorf("read a certificate: %w", err)
	}
	block, _ := pem.Decode([]byte(c.Key))
	if block == nil {
		return nil, errors.New("the key is not PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read a key: %w", err)
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the key is a %T; AWS signs with RSA", parsed)
	}
	s := &signer{key: key, certificate: cert.Raw, hash: crypto.SHA256}
	if c.Algorithm == SHA1 {
		s.hash = crypto.SHA1
	}
	return s, nil
}

// active returns the certificate that signs.
func (a *Application) active() (Certificate, error) {
	for _, c := range a.Certificates {
		if c.Active {
			return c, nil
		}
	}
	return Certificate{}, fmt.Errorf("application %s has no active certificate", a.Name)
}
