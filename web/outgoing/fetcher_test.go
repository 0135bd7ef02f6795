package outgoing_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/web/outgoing"
	"github.com/postern-sso/postern/web/setup"
	"github.com/postern-sso/postern/web/webtest"
)

func leadsTo(address string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, address, http.StatusFound) }
}

func TestRow16FetchMetadata(t *testing.T) {
	t.Parallel()
	srv := webtest.MetadataServer(t, false, webtest.Sends("<metadata/>"))
	body, err := outgoing.NewFetcher(true).Fetch(context.Background(), srv.URL)
	if err != nil || string(body) != "<metadata/>" {
		t.Errorf("fetched %q, %v", body, err)
	}
}

func TestRow16FetchFollowsRedirects(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		hops int
		ok   bool
	}{{1, true}, {outgoing.MaxFetchRedirects, true}, {outgoing.MaxFetchRedirects + 1, false}} {
		t.Run(fmt.Sprint(test.hops), func(t *testing.T) {
			t.Parallel()
			srv := webtest.MetadataServer(t, false, func(w http.ResponseWriter, r *http.Request) {
				var hop int
				if _, err := fmt.Sscanf(r.URL.Path, "/%d", &hop); err != nil || hop == 0 {
					fmt.Fprint(w, "there")
					return
				}
				http.Redirect(w, r, fmt.Sprintf("/%d", hop-1), http.StatusFound)
			})
			body, err := outgoing.NewFetcher(true).Fetch(context.Background(), fmt.Sprintf("%s/%d", srv.URL, test.hops))
			if got := err == nil && string(body) == "there"; got != test.ok {
				t.Errorf("fetched: %t, want %t (%v)", got, test.ok, err)
			}
		})
	}
}

// None of these may be asked: each is refused before a byte is sent.
func TestRow16FetchRefusesAddresses(t *testing.T) {
	t.Parallel()
	asked := func(http.ResponseWriter, *http.Request) { t.Error("the server was asked") }
	open, closed := outgoing.NewFetcher(true), outgoing.NewFetcher(false)
	plain, tls := webtest.MetadataServer(t, false, asked), webtest.MetadataServer(t, true, asked)
	for name, test := range map[string]struct {
		fetcher outgoing.Fetcher
		address string
		say     string
	}{
		"no address":              {open, "portal.sso", "not a web address"},
		"another scheme":          {open, "file:///etc/passwd", "not a web address"},
		"gopher":                  {open, "gopher://127.0.0.1/", "https:// only"},
		"plain http":              {open, "http://portal.sso.eu-central-1.amazonaws.com/", "https:// only"},
		"plain http, live site":   {closed, plain.URL, "https:// only"},
		"this machine, live site": {closed, tls.URL, "not on the public internet"},
		"its name, live site":     {closed, strings.Replace(tls.URL, "127.0.0.1", "localhost", 1), "not on the public internet"},
		"private":                 {open, "https://10.0.0.1/", "not on the public internet"},
		"cloud metadata service":  {open, "https://169.254.169.254/latest/meta-data/", "not on the public internet"},
		"mapped into IPv6":        {open, "https://[::ffff:10.0.0.1]/", "not on the public internet"},
		"a password":              {open, "https://me:secret@portal.example.com/", "user name or password"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if text := webtest.RefusedFetch(t, test.fetcher, test.address); !strings.Contains(text, test.say) || strings.Contains(text, "secret") {
				t.Errorf("said %q, want something about %q", text, test.say)
			}
		})
	}
}

// What a server leads to is judged like what was typed.
func TestRow16FetchJudgesRedirects(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ to, say string }{
		"to a private network":    {"https://192.168.1.1/", "not on the public internet"},
		"to the metadata service": {"https://169.254.169.254/", "not on the public internet"},
		"to plain http":           {"http://portal.example.com/", "https:// only"},
		"to a file":               {"file:///etc/passwd", "https:// only"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := webtest.MetadataServer(t, false, leadsTo(test.to))
			if text := webtest.RefusedFetch(t, outgoing.NewFetcher(true), srv.URL); !strings.Contains(text, test.say) {
				t.Errorf("said %q, want something about %q", text, test.say)
			}
		})
	}
}

func TestRow16FetchFailures(t *testing.T) {
	t.Parallel()
	gone := webtest.MetadataServer(t, false, webtest.Sends(""))
	gone.Close()
	for name, test := range map[string]struct{ address, say string }{
		"not found":         {webtest.MetadataServer(t, false, http.NotFound).URL, "status 404"},
		"too large":         {webtest.MetadataServer(t, false, webtest.Sends(strings.Repeat("x", outgoing.MaxMetadata+1))).URL, "larger than 1 MiB"},
		"unknown authority": {webtest.MetadataServer(t, true, webtest.Sends("")).URL, "not trusted"},
		"nobody there":      {gone.URL, "could not be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if text := webtest.RefusedFetch(t, outgoing.NewFetcher(true), test.address); !strings.Contains(text, test.say) {
				t.Errorf("said %q, want something about %q", text, test.say)
			}
		})
	}
}

func TestRow16FetchLargest(t *testing.T) {
	t.Parallel()
	srv := webtest.MetadataServer(t, true, webtest.Sends(strings.Repeat("x", outgoing.MaxMetadata)))
	m := outgoing.NewFetcher(true)
	m.Roots = x509.NewCertPool()
	m.Roots.AddCert(srv.Certificate())
	body, err := m.Fetch(context.Background(), srv.URL)
	if err != nil || len(body) != outgoing.MaxMetadata {
		t.Errorf("fetched %d bytes, %v", len(body), err)
	}
}

// The administrator left: that is no failure to be shown.
func TestFetchCanceled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	srv := webtest.MetadataServer(t, false, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	_, err := outgoing.NewFetcher(true).Fetch(ctx, srv.URL)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	var failed *outgoing.Error
	if errors.As(err, &failed) {
		t.Errorf("shown as %q", failed.Text)
	}
}

func TestPublic(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"52.94.5.1": true, "8.8.8.8": true, "2600:1f00::1": true, "64:ff9b::808:808": true,
		"127.0.0.1": false, "::1": false, "0.0.0.0": false, "::": false,
		"10.1.2.3": false, "172.16.0.1": false, "192.168.0.1": false, "fd00:ec2::254": false,
		"169.254.169.254": false, "fe80::1": false, "100.64.0.1": false, "100.100.100.200": false,
		"224.0.0.1": false, "239.255.255.250": false, "ff02::1": false, "255.255.255.255": false, "240.0.0.1": false,
		"192.0.0.192": false, "198.18.0.1": false, "::10.0.0.1": false, "64:ff9b::a00:1": false,
		"64:ff9b:1::1": false, "2002:a00:1::": false, "2001::1": false, "fec0::1": false,
	} {
		if got := outgoing.Public(netip.MustParseAddr(address).Unmap()); got != want {
			t.Errorf("public(%s) = %t, want %t", address, got, want)
		}
	}
}

// Private addresses are asked where the flag says so, and what a machine in the
// cloud may ask about itself never is.
func TestRow16FetchFromPrivateAddresses(t *testing.T) {
	t.Parallel()
	allowed, usual := outgoing.Fetcher{Private: true}, outgoing.Fetcher{}
	for address, want := range map[string]bool{
		"10.1.2.3:443": true, "172.16.0.1:8443": true, "192.168.1.1:443": true, "[fd12:3456::1]:443": true, "[::ffff:10.1.2.3]:443": true,
		"169.254.169.254:443": false, "[::ffff:169.254.169.254]:443": false, "[fd00:ec2::254]:443": false, "[fe80::1%eth0]:443": false,
		"127.0.0.1:443": false, "[::1]:443": false, "100.100.100.200:443": false, "0.0.0.0:443": false, "224.0.0.1:443": false,
		"[64:ff9b::a01:203]:443": false, "[2002:a01:203::]:443": false,
	} {
		if err := allowed.JudgeDial("tcp", address, nil); (err == nil) != want {
			t.Errorf("%s with the flag: %v", address, err)
		}
		if err := usual.JudgeDial("tcp", address, nil); err == nil {
			t.Errorf("%s may be asked without the flag", address)
		}
	}
	if err := allowed.JudgeURL(&url.URL{Scheme: "http", Host: "10.1.2.3"}); err == nil {
		t.Error("with the flag plain http may be asked")
	}
}

// The flag is for administrators: the holder of a setup link may be outside.
func TestRow16PrivateAddressesAreClosedToSetupLinks(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepMetadata)
	s.Opts.AllowPrivateMetadata = true
	h, path := s.Opened()
	res := h.HandOver(path, h.Get(path).Version(), map[string]string{"metadata_url": "https://10.0.0.1/metadata"}, "")
	if text := res.Find(".problems"); !strings.Contains(text, "not on the public internet") {
		t.Errorf("the holder reads %q", text)
	}
	if err := s.Setup.StepFetcher(setup.SetupCase{}).JudgeDial("tcp", "10.0.0.1:443", nil); err != nil {
		t.Errorf("an administrator reads %v", err)
	}
}
