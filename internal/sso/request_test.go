package sso_test

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"io"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/postern-sso/postern/internal/sso"
)

// What deflates requests is used again, by many at once: each request arrives as it was.
func TestEachRedirectCarriesItsOwnRequest(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for n := range 50 {
				sent := []byte(sso.NewRequestID() + strings.Repeat("<a/>", n))
				to, err := sso.Request{XML: sent, Location: "https://aws.example.com/saml"}.RedirectURL("")
				if err != nil {
					t.Error(err)
					return
				}
				if arrived := inflated(t, to); !bytes.Equal(arrived, sent) {
					t.Errorf("sent %q, arrived %q", sent, arrived)
				}
			}
		})
	}
	wg.Wait()
}

func inflated(t *testing.T, address string) []byte {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Error(err)
		return nil
	}
	deflated, err := base64.StdEncoding.DecodeString(u.Query().Get("SAMLRequest"))
	if err != nil {
		t.Error(err)
		return nil
	}
	plain, err := io.ReadAll(flate.NewReader(bytes.NewReader(deflated)))
	if err != nil {
		t.Error(err)
	}
	return plain
}

// BenchmarkRedirect is the address that sends a person to AWS.
func BenchmarkRedirect(b *testing.B) {
	r := sso.Request{XML: []byte(strings.Repeat("<samlp:AuthnRequest>", 25)), Location: "https://aws.example.com/saml"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.RedirectURL("handle"); err != nil {
			b.Fatal(err)
		}
	}
}
