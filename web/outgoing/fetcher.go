// Package outgoing fetches from addresses that people type in, and is no way into
// the network that Postern stands in.
package outgoing

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// Limits of fetching AWS's metadata, which has a few KiB.
const (
	MaxMetadata       = model.MaxMetadata // bytes
	FetchPatience     = 10 * time.Second
	maxFetchRedirects = 5
)

// Error says in a sentence or two why metadata could not be fetched, for
// the administrator who typed the address. It wraps the cause, for the log.
type Error struct {
	Text    string
	Cause   error
	Addr    netip.Addr // that was not dialed, since it is not public
	Private bool       // Fetcher.Private would have let it be dialed
	Inside  bool       // the address is inside the network, where nothing may be asked
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Text + " (" + e.Cause.Error() + ")"
	}
	return e.Text
}

func (e *Error) Unwrap() error { return e.Cause }

// Fetcher fetches addresses that administrators type in. It is no way
// into the network that Postern stands in: the address is judged when it is
// dialed, after the name was looked up, and again for every redirect.
type Fetcher struct {
	loopback bool // this machine may be asked, and by plain http: for the simulated AWS
	Private  bool // addresses inside the network may be asked
	Roots    *x509.CertPool
	Patience time.Duration // how long it may take in all
	Resolver *net.Resolver // nil: the machine's
}

// NewFetcher makes one that asks public addresses only, and this machine where
// loopback says so.
func NewFetcher(loopback bool) Fetcher {
	return Fetcher{loopback: loopback, Patience: FetchPatience}
}

// Fetch gets what is at the address, at most maxMetadata bytes. What the
// administrator can do something about comes back as a *fetchError.
func (m Fetcher) Fetch(ctx context.Context, address string) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return nil, &Error{Text: "This is not a web address.", Cause: err}
	}
	if err := m.JudgeURL(u); err != nil {
		return nil, err
	}
	asked := ctx
	ctx, cancel := context.WithTimeout(ctx, m.Patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, &Error{Text: "This is not a web address.", Cause: err}
	}
	req.Header.Set("Accept", "application/samlmetadata+xml, application/xml, text/xml")
	res, err := m.Client().Do(req)
	if err != nil {
		return nil, ExplainFetch(asked, u, err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, &Error{Text: fmt.Sprintf("%s answered with status %d instead of the metadata. Copy the address from AWS once more.",
			u.Hostname(), res.StatusCode)}
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, MaxMetadata+1))
	if err != nil {
		return nil, ExplainFetch(asked, u, err)
	}
	if len(body) > MaxMetadata {
		return nil, &Error{Text: "What is at this address is larger than " + model.Size(MaxMetadata) + ", so it is not AWS's metadata."}
	}
	return body, nil
}

// Client uses no proxy from the environment: behind one, the judgement of the
// address would be about the proxy.
func (m Fetcher) Client() *http.Client {
	dialer := net.Dialer{Timeout: FetchPatience, Control: m.JudgeDial, Resolver: m.Resolver}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, DisableKeepAlives: true, ForceAttemptHTTP2: true,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: m.Roots},
			TLSHandshakeTimeout:    FetchPatience,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) > maxFetchRedirects {
				return &Error{Text: fmt.Sprintf("The address leads from one to the next more than %d times.", maxFetchRedirects)}
			}
			return m.JudgeURL(req.URL)
		},
	}
}

// JudgeURL allows https, and plain http to this machine where that may be asked.
func (m Fetcher) JudgeURL(u *url.URL) error {
	switch {
	case u.User != nil:
		return &Error{Text: "Leave out the user name or password before the “@”."}
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && m.loopback && loopbackHost(u.Hostname()):
		return nil
	default:
		return &Error{Text: fmt.Sprintf("Metadata is fetched by https:// only, and this leads to %s://%s. Over anything else somebody on the way could put in "+
			"a certificate of their own.", u.Scheme, u.Hostname())}
	}
}

func loopbackHost(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && addr.IsLoopback())
}

// JudgeDial refuses addresses inside the network that Postern stands in. It is
// called with the very address that is about to be connected to, so that a
// name cannot lead to one place when it is judged and to another when dialed.
func (m Fetcher) JudgeDial(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("dial %q: %w", address, err)
	}
	addr := ap.Addr().WithZone("").Unmap()
	if addr.IsLoopback() && m.loopback {
		return nil
	}
	if m.Private && addr.IsPrivate() && !awsInstance.Contains(addr) {
		return nil
	}
	if !public(addr) {
		return &Error{Inside: true, Addr: addr, Private: addr.IsPrivate() && !awsInstance.Contains(addr),
			Text: fmt.Sprintf("The address leads to %s, which is not on the public internet. Postern fetches metadata from public addresses "+
				"only, as AWS's are.", addr)}
	}
	return nil
}

// notPublic are ranges that netip has no name for. Source: the IANA registries
// of special-purpose IPv4 and IPv6 addresses.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),       // this network
	netip.MustParsePrefix("100.64.0.0/10"),   // carrier-grade NAT; AWS uses it inside VPCs
	netip.MustParsePrefix("192.0.0.0/24"),    // protocol assignments
	netip.MustParsePrefix("192.0.2.0/24"),    // documentation
	netip.MustParsePrefix("198.18.0.0/15"),   // benchmarks
	netip.MustParsePrefix("198.51.100.0/24"), // documentation
	netip.MustParsePrefix("203.0.113.0/24"),  // documentation
	netip.MustParsePrefix("240.0.0.0/4"),     // reserved, and broadcast
	netip.MustParsePrefix("::/96"),           // IPv4-compatible, deprecated
	netip.MustParsePrefix("64:ff9b:1::/48"),  // translation inside one network
	netip.MustParsePrefix("100::/64"),        // discard
	netip.MustParsePrefix("2001::/23"),       // protocol assignments, Teredo among them
	netip.MustParsePrefix("2001:db8::/32"),   // documentation
	netip.MustParsePrefix("2002::/16"),       // 6to4: holds any IPv4 address
	netip.MustParsePrefix("fec0::/10"),       // site-local, deprecated
}

// awsInstance is where AWS puts what a machine may ask about itself, its
// credentials among them: private by its number, and never to be asked. The one
// by IPv4 is link-local, and never private.
var awsInstance = netip.MustParsePrefix("fd00:ec2::/32")

// nat64 is where networks without IPv4 put the IPv4 internet (RFC 6052).
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// public tells whether an address is on the public internet: not private, not
// link-local (where cloud machines find their metadata service), not multicast.
func public(addr netip.Addr) bool {
	if nat64.Contains(addr) {
		b := addr.As16()
		return public(netip.AddrFrom4([4]byte(b[12:])))
	}
	if !addr.IsGlobalUnicast() || addr.IsPrivate() { // neither loopback, link-local, multicast nor unspecified
		return false
	}
	for _, p := range notPublic {
		if p.Contains(addr) {
			return false
		}
	}
	return true
}

// ExplainFetch puts a failure of the network into words. The administrator's
// own leaving is no failure and stays what it is.
func ExplainFetch(asked context.Context, u *url.URL, err error) error {
	if asked.Err() != nil {
		return asked.Err()
	}
	var (
		ours    *Error
		dns     *net.DNSError
		timeout interface{ Timeout() bool }
		cert    *tls.CertificateVerificationError
	)
	var whole *url.Error
	if errors.As(err, &whole) {
		err = whole.Err // without the address, which may hold a secret
	}
	host := u.Hostname()
	inside := errors.As(err, &ours) && ours.Inside
	text := fmt.Sprintf("%s could not be reached from the machine that Postern runs on. A firewall may stand in the way.", host)
	switch {
	case errors.As(err, &ours):
		text = ours.Text
	case errors.As(err, &timeout) && timeout.Timeout():
		text = fmt.Sprintf("%s did not answer within %d seconds. A firewall may stand between Postern and the internet.", host, int(FetchPatience/time.Second))
	case errors.As(err, &dns):
		text = fmt.Sprintf("The name %s cannot be found. Check the spelling, and that this machine can look up names on the internet.", host)
	case errors.As(err, &cert):
		text = fmt.Sprintf("The certificate of %s is not trusted here, so what it says could be anybody's. A proxy that opens TLS is a common cause.", host)
	}
	return &Error{Text: text, Cause: err, Inside: inside}
}
