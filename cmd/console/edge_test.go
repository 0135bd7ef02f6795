package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/store/storetest"
)

// A client with an endless header, or one that never ends its request, does not
// keep a connection.
func TestConnectionsHaveLimits(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	startServe(t, "--listen", address, "--database-url", storetest.Database(t), "--data-dir", t.TempDir())
	dial := func(request string) *http.Response {
		t.Helper()
		var d net.Dialer
		conn, err := d.DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if _, err := fmt.Fprint(conn, request); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			return nil // closed
		}
		_ = res.Body.Close() // not read
		return res
	}
	if res := dial("GET /signin HTTP/1.1\r\nHost: localhost\r\nX-Long: " + strings.Repeat("x", 64<<10) + "\r\n\r\n"); res == nil ||
		res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a long header: %+v", res)
	}
	// The test waits until the server gives up; without a limit it never ends.
	if res := dial("GET /signin HTTP/1.1\r\nHost: localhost\r\nX-Slow: "); res != nil && res.StatusCode != http.StatusRequestTimeout &&
		res.StatusCode != http.StatusBadRequest {
		t.Errorf("half a header: %+v", res)
	}
}
