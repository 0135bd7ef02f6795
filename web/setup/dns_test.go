package setup_test

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/postern-sso/postern/web/outgoing"
	"github.com/postern-sso/postern/web/webtest"
)

// namesLeadTo is a resolver to which every name is that address.
func namesLeadTo(t *testing.T, address string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0") //nolint:noctx // it is closed with the test
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		query := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(query)
			if err != nil {
				return // closed
			}
			_, _ = conn.WriteTo(dnsAnswer(query[:n], netip.MustParseAddr(address)), from) // unanswered, the test fails
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// dnsAnswer answers a query with the address, or with nothing where the query is
// for addresses of the other kind (RFC 1035 §4.1).
func dnsAnswer(query []byte, to netip.Addr) []byte {
	question := query[12:]
	question = question[:bytes.IndexByte(question, 0)+5] // the name, the type and the class
	kind := byte(1)                                      // A
	if to.Is6() {
		kind = 28 // AAAA
	}
	answer := append([]byte{}, query[:2]...)
	answer = append(answer, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0)
	answer = append(answer, question...)
	if question[len(question)-3] != kind {
		return answer
	}
	answer[7] = 1
	answer = append(answer, 0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 60, 0, byte(to.BitLen()/8))
	return append(answer, to.AsSlice()...)
}

// A name is judged by the address that it leads to when it is dialed.
func TestRow16FetchJudgesWhereNamesLead(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"10.0.0.1", "169.254.169.254", "127.0.0.1", "100.64.0.1", "fd00:ec2::254", "fe80::1", "::ffff:10.0.0.1"} {
		m := outgoing.NewFetcher(false)
		m.Resolver = namesLeadTo(t, address)
		text := webtest.RefusedFetch(t, m, "https://portal.sso.eu-central-1.amazonaws.com./saml/metadata/x")
		if said := "leads to " + strings.TrimPrefix(address, "::ffff:") + ","; !strings.Contains(text, said) {
			t.Errorf("%s: said %q", address, text)
		}
	}
}
