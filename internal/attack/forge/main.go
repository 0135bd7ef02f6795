// Command forge prints one of the messages of internal/attack, to reproduce a
// report about the SAML endpoints. It is a tool for people who work on Postern
// and no part of what is installed.
//
//	go run ./internal/attack/forge --list
//	go run ./internal/attack/forge --variant "XSW3, forged assertion first, signed: both" --key key.pem --certificate cert.pem \
//	    --acs https://sso.example.com/saml/aws/acs --entity-id https://sso.example.com/saml/aws/metadata \
//	    --idp-entity-id https://idp.example.com --request-id _123
//
// The key and certificate are read from PEM files, and made when they are not
// there: put the certificate into the metadata of a test connection.
package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/big"
	"os"
	"time"

	"github.com/postern-sso/postern/internal/attack"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "forge:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	f := flag.NewFlagSet("forge", flag.ContinueOnError)
	list := f.Bool("list", false, "list the variants: class, name, what must become of it")
	name := f.String("variant", "honest", "the variant's name")
	acs := f.String("acs", "", "address of the assertion consumer service")
	entityID := f.String("entity-id", "", "entity ID of the connection (the audience)")
	issuer := f.String("idp-entity-id", "", "entity ID of the identity provider that it trusts")
	request := f.String("request-id", "", "ID of the request that is answered; empty: none")
	subject := f.String("subject", "alice", "who signs in")
	at := f.String("at", "", "time of issue, as 2006-01-02T15:04:05Z; empty: now")
	key := f.String("key", "forge-key.pem", "PEM file with the trusted RSA key; made when it is not there")
	certificate := f.String("certificate", "forge-certificate.pem", "PEM file with its certificate; likewise")
	plain := f.Bool("xml", false, "print XML instead of base64")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *list {
		for _, v := range attack.Variants() {
			want := string(v.Want)
			if want == "" {
				want = "accepted"
			}
			fmt.Fprintf(out, "%2d  %-70s %s\n", v.Row, v.Name, want)
		}
		return nil
	}
	v, err := variant(*name)
	if err != nil {
		return err
	}
	s := attack.Scene{ACS: *acs, Audience: *entityID, Issuer: *issuer, Request: *request, Subject: *subject, Now: time.Now()}
	if *at != "" {
		if s.Now, err = time.Parse(time.RFC3339, *at); err != nil {
			return fmt.Errorf("--at: %w", err)
		}
	}
	if s.Key, s.Certificate, err = pair(*key, *certificate); err != nil {
		return err
	}
	if s.AttackerKey, s.AttackerCertificate, err = newPair(); err != nil {
		return err
	}
	message := v.Mint(&s)
	if !*plain {
		message = base64.StdEncoding.EncodeToString([]byte(message)) + "\n"
	}
	_, err = io.WriteString(out, message)
	return err
}

// variant is looked up before any key is made: a mistyped name leaves no files.
func variant(name string) (attack.Variant, error) {
	for _, v := range attack.Variants() {
		if v.Name == name {
			return v, nil
		}
	}
	return attack.Variant{}, fmt.Errorf("there is no variant %q; --list names them", name)
}

// pair reads the key and its certificate, or makes both.
func pair(keyFile, certificateFile string) (*rsa.PrivateKey, []byte, error) {
	text, err := os.ReadFile(keyFile)
	if errors.Is(err, os.ErrNotExist) {
		return newFiles(keyFile, certificateFile)
	}
	if err != nil {
		return nil, nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, nil, fmt.Errorf("%s is no PEM file", keyFile)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", keyFile, err)
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, nil, fmt.Errorf("%s holds no RSA key", keyFile)
	}
	if text, err = os.ReadFile(certificateFile); err != nil {
		return nil, nil, err
	}
	if block, _ = pem.Decode(text); block == nil {
		return nil, nil, fmt.Errorf("%s is no PEM file", certificateFile)
	}
	return key, block.Bytes, nil
}

func newFiles(keyFile, certificateFile string) (*rsa.PrivateKey, []byte, error) {
	key, certificate, err := newPair()
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	err = errors.Join(
		os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600),
		os.WriteFile(certificateFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}), 0o600))
	return key, certificate, err
}

func newPair() (*rsa.PrivateKey, []byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "forge"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return key, certificate, err
}
