package webtest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/postern-sso/postern/web/outgoing"
)

// MetadataServer answers on this machine with what the handler says.
func MetadataServer(t testing.TB, tls bool, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = nil
	if tls {
		srv.StartTLS()
	} else {
		srv.Start()
	}
	t.Cleanup(srv.Close)
	return srv
}

func Sends(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }
}

// RefusedFetch fetches and returns what the administrator would read.
func RefusedFetch(t *testing.T, m outgoing.Fetcher, address string) string {
	t.Helper()
	body, err := m.Fetch(context.Background(), address)
	var failed *outgoing.Error
	if !errors.As(err, &failed) {
		t.Fatalf("fetch %s: %d bytes and %v, want a refusal in words", address, len(body), err)
	}
	return failed.Text
}
