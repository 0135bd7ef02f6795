package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/store/storetest"
)

// writeCertificate makes a certificate for localhost and its key, as files.
func writeCertificate(t *testing.T, dir string, serial int64, at time.Time) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"key.pem": {Type: "PRIVATE KEY", Bytes: private}, "cert.pem": {Type: "CERTIFICATE", Bytes: der}} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool.AddCert(certificate)
	return pool
}

// Without --public-url a Postern that speaks https is reached by https: else its
// cookies would travel in the clear, too.
func TestPublicURLOfAPosternThatSpeaksTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeCertificate(t, dir, 1, time.Now())
	files := tlsFlags{Certificate: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	acme := tlsFlags{ACMEHosts: []string{"sso.example.com", "other.example.com"}}
	for want, f := range map[string]serveFlags{
		"http://localhost:8443":         {},
		"https://localhost:8443":        {tlsFlags: files},
		"https://sso.example.com":       {tlsFlags: acme},
		"https://given.example.com":     {tlsFlags: files, PublicURL: "https://Given.example.com/"},
		"https://given.example.com:444": {PublicURL: "https://given.example.com:444"},
	} {
		o, err := f.webOptions(slog.New(slog.DiscardHandler), &net.TCPAddr{Port: 8443})
		if err != nil || o.PublicURL != want || o.PublicURLFixed != (f.PublicURL != "") {
			t.Errorf("%+v: %q, fixed %v, %v; want %s", f.tlsFlags, o.PublicURL, o.PublicURLFixed, err, want)
		}
	}
	db := storetest.Database(t)
	_, states, out := doctor(t, "--database-url", db, "--data-dir", dir, "--tls-certificate", files.Certificate, "--tls-key", files.Key)
	if states["public URL"] != stateOK || !strings.Contains(out, "https://localhost, from the certificate") {
		t.Errorf("doctor finds\n%s", out)
	}
	for _, address := range []string{"http://sso.example.com", "http://localhost:8080"} {
		_, states, _ = doctor(t, "--database-url", db, "--data-dir", dir, "--public-url", address, "--tls-certificate", files.Certificate, "--tls-key", files.Key)
		if states["public URL"] == stateOK {
			t.Errorf("doctor is content with %s", address)
		}
	}
	log := serveLog(t, "--database-url", db, "--secret-key-file", filepath.Join(dir, "secret.key"), "--public-url", "http://localhost:8080",
		"--tls-certificate", files.Certificate, "--tls-key", files.Key)
	if !strings.Contains(log, plainURL) {
		t.Errorf("serve does not warn of http beside TLS:\n%s", log)
	}
}

func TestServeSpeaksTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	roots := writeCertificate(t, dir, 1, time.Now().Add(-time.Minute))
	address := freeAddress(t)
	url := "https://localhost" + port(address)
	_, stop := startServe(t, "--listen", address, "--public-url", url, "--database-url", storetest.Database(t),
		"--secret-key-file", filepath.Join(dir, "secret.key"), "--tls-certificate", filepath.Join(dir, "cert.pem"), "--tls-key", filepath.Join(dir, "key.pem"))
	get := func(roots *x509.CertPool) *http.Response {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/signin", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close() // not read
		return res
	}
	res := get(roots)
	if res.StatusCode != http.StatusOK || !strings.Contains(res.Header.Get("Strict-Transport-Security"), "max-age=") {
		t.Errorf("answered %s with %v", res.Status, res.Header)
	}
	renewed := writeCertificate(t, dir, 2, time.Now())
	if res := get(renewed); res.TLS.PeerCertificates[0].SerialNumber.Int64() != 2 {
		t.Error("the renewed certificate is not served")
	}
	if err := os.WriteFile(filepath.Join(dir, "cert.pem"), []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	get(renewed) // the last good one serves
	if code := stop(); code != 0 {
		t.Errorf("exit %d", code)
	}
}

func TestServeRefusesHalfOfTLS(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--tls-key", "key.pem"}, {"--tls-certificate", "none.pem", "--tls-key", "none.pem"},
		{"--acme-host", "sso.example.com", "--tls-key", "key.pem"}} {
		wantServeFailure(t, append(args, "--data-dir", t.TempDir()), "")
	}
}
