package main

import (
	"crypto/tls"
	"crypto/x509"
	"log" //nolint:depguard // http.Server and Pebble take one
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"
	"golang.org/x/crypto/acme"
)

// everythingHere is a name server to whom every name is this machine.
func everythingHere(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &dns.Server{Listener: l, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, r *dns.Msg) {
		m := new(dns.Msg).SetReply(r)
		if r.Question[0].Qtype == dns.TypeA {
			m.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: r.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 1}, A: net.IPv4(127, 0, 0, 1)}}
		}
		_ = w.WriteMsg(m) // who asked asks again
	})}
	go func() { _ = s.ActivateAndServe() }() // ends with the test
	t.Cleanup(func() { _ = s.Shutdown() })
	return l.Addr().String()
}

// pebble is an authority that looks for hosts at that port of this machine.
func pebble(t *testing.T, tlsPort int) *acme.Client {
	t.Helper()
	logger := log.New(t.Output(), "pebble: ", 0)
	store := db.NewMemoryStore()
	authority := ca.New(logger, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {Description: "default"}})
	front := wfe.New(logger, store, va.New(logger, 0, tlsPort, false, everythingHere(t), store), authority, []string{"pebble.example"}, false, false, 0, 0)
	srv := httptest.NewTLSServer(front.Handler())
	t.Cleanup(srv.Close)
	return &acme.Client{DirectoryURL: srv.URL + wfe.DirectoryPath, HTTPClient: srv.Client()}
}

// A certificate comes from a real authority's software at the first visit, once,
// and for the hosts that were named only.
func TestACMEGetsACertificate(t *testing.T) {
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, text, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	tlsPort, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	cache, client := t.TempDir(), pebble(t, tlsPort)
	start := func(client *acme.Client) {
		srv := &http.Server{Handler: http.NotFoundHandler(), ErrorLog: log.New(t.Output(), "", 0)}                //nolint:gosec // a test's
		go func() { _ = srv.Serve(tls.NewListener(l, acmeConfig([]string{"sso.example.com"}, cache, client))) }() // ends with the listener
	}
	visit := func(host string) (*x509.Certificate, error) {
		//nolint:gosec // Pebble's root is new each time
		d := tls.Dialer{Config: &tls.Config{ServerName: host, InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}}
		conn, err := d.DialContext(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			return nil, err
		}
		defer func() { _ = conn.Close() }()
		return conn.(*tls.Conn).ConnectionState().PeerCertificates[0], nil
	}
	start(client)
	first, err := visit("sso.example.com")
	if err != nil {
		t.Fatal(err)
	}
	if err := first.VerifyHostname("sso.example.com"); err != nil || !strings.Contains(first.Issuer.CommonName, "Pebble") {
		t.Errorf("the certificate is from %s: %v", first.Issuer, err)
	}
	if _, err := visit("other.example.com"); err == nil {
		t.Error("there is a certificate for a host that was not named")
	}

	// After a restart it is still there, without the authority.
	address := l.Addr().String()
	_ = l.Close() // the restart
	if l, err = lc.Listen(t.Context(), "tcp", address); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	start(&acme.Client{DirectoryURL: "https://127.0.0.1:1/"})
	again, err := visit("sso.example.com")
	if err != nil || again.SerialNumber.Cmp(first.SerialNumber) != 0 {
		t.Errorf("after a restart: %v", err)
	}
}
