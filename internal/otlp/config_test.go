package otlp_test

import (
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/otlp"
)

func environment(pairs ...string) func(string) string {
	vars := map[string]string{}
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		vars["OTEL_"+name] = value
	}
	return func(name string) string { return vars[name] }
}

// Where spans go follows the specification: the address for all is a base, that for traces is whole.
func TestURL(t *testing.T) {
	t.Parallel()
	for want, vars := range map[string][]string{
		"http://localhost:4318/v1/traces":      nil,
		"http://c:4318/v1/traces":              {"EXPORTER_OTLP_ENDPOINT=http://c:4318"},
		"https://c/base/v1/traces":             {"EXPORTER_OTLP_ENDPOINT=https://c/base/"},
		"https://c/":                           {"EXPORTER_OTLP_TRACES_ENDPOINT=https://c", "EXPORTER_OTLP_ENDPOINT=http://other"},
		"https://c/api/default/traces/":        {"EXPORTER_OTLP_TRACES_ENDPOINT=https://c/api/default/traces/"},
		"http://insecure-is-said/v1/traces":    {"EXPORTER_OTLP_ENDPOINT=http://insecure-is-said", "EXPORTER_OTLP_INSECURE=true"},
		"http://protobuf-is-said:80/v1/traces": {"EXPORTER_OTLP_ENDPOINT=http://protobuf-is-said:80", "EXPORTER_OTLP_PROTOCOL=http/protobuf"},
	} {
		if c, err := otlp.FromEnvironment(environment(vars...)); err != nil || c.URL != want {
			t.Errorf("%v: %s, %v; want %s", vars, c.URL, err, want)
		}
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	c, err := otlp.FromEnvironment(environment())
	if err != nil || c.Timeout != 10*time.Second || c.Delay != 5*time.Second || c.Sending != 30*time.Second ||
		c.Queue != 2048 || c.Batch != 512 || c.Gzip || c.TLS != nil {
		t.Errorf("by itself: %+v, %v", c, err)
	}
	c, err = otlp.FromEnvironment(environment("EXPORTER_OTLP_HEADERS=other=1", "EXPORTER_OTLP_TRACES_HEADERS= authorization = Basic%20YTpi=, x-scope=a%2Cb ",
		"EXPORTER_OTLP_TIMEOUT=1500", "EXPORTER_OTLP_COMPRESSION=gzip", "EXPORTER_OTLP_TRACES_COMPRESSION=none", "BSP_SCHEDULE_DELAY=100",
		"BSP_EXPORT_TIMEOUT=200", "BSP_MAX_QUEUE_SIZE=3", "BSP_MAX_EXPORT_BATCH_SIZE=4"))
	if err != nil || c.Timeout != 1500*time.Millisecond || c.Gzip || c.Delay != 100*time.Millisecond ||
		c.Sending != 200*time.Millisecond || c.Queue != 3 || c.Batch != 3 {
		t.Errorf("as said: %+v, %v", c, err)
	}
	if len(c.Headers) != 2 || c.Headers.Get("Authorization") != "Basic YTpi=" || c.Headers.Get("X-Scope") != "a,b" {
		t.Errorf("headers: %v", c.Headers)
	}
}

// What cannot be done is refused with the variable's name, and without a value that may be secret.
func TestRefuses(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ vars, want string }{
		{"EXPORTER_OTLP_PROTOCOL=grpc", `OTEL_EXPORTER_OTLP_PROTOCOL is "grpc"`},
		{"EXPORTER_OTLP_TRACES_PROTOCOL=http/json", `OTEL_EXPORTER_OTLP_TRACES_PROTOCOL is "http/json"`},
		{"EXPORTER_OTLP_ENDPOINT=collector:4318", "OTEL_EXPORTER_OTLP_ENDPOINT is no address"},
		{"EXPORTER_OTLP_ENDPOINT=https://c EXPORTER_OTLP_INSECURE=true", "begins with https://"},
		{"EXPORTER_OTLP_HEADERS=s3cret", "OTEL_EXPORTER_OTLP_HEADERS is no list"},
		{"EXPORTER_OTLP_HEADERS=a=s3cret%0d%0ab:c", "OTEL_EXPORTER_OTLP_HEADERS is no list"},
		{"EXPORTER_OTLP_HEADERS=a=s3cret%zz", "OTEL_EXPORTER_OTLP_HEADERS is no list"},
		{"EXPORTER_OTLP_HEADERS=a(=s3cret", "OTEL_EXPORTER_OTLP_HEADERS is no list"},
		{"EXPORTER_OTLP_COMPRESSION=zstd", `OTEL_EXPORTER_OTLP_COMPRESSION is "zstd"`},
		{"EXPORTER_OTLP_TIMEOUT=10s", `OTEL_EXPORTER_OTLP_TIMEOUT is "10s"`},
		{"BSP_MAX_QUEUE_SIZE=0", `OTEL_BSP_MAX_QUEUE_SIZE is "0"`},
		{"EXPORTER_OTLP_CERTIFICATE=" + empty, "begins with http://"},
		{"EXPORTER_OTLP_ENDPOINT=https://c EXPORTER_OTLP_CERTIFICATE=" + empty, "holds no certificate in PEM"},
		{"EXPORTER_OTLP_ENDPOINT=https://c EXPORTER_OTLP_CERTIFICATE=" + empty + "x", "no such file"},
		{"EXPORTER_OTLP_ENDPOINT=https://c EXPORTER_OTLP_CLIENT_KEY=" + empty, "go together"},
		{"EXPORTER_OTLP_ENDPOINT=https://c EXPORTER_OTLP_CLIENT_KEY=" + empty + " EXPORTER_OTLP_CLIENT_CERTIFICATE=" + empty,
			"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY"},
	} {
		_, err := otlp.FromEnvironment(environment(strings.Fields(test.vars)...))
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v, want %q", test.vars, err, test.want)
		}
	}
}

// A collector with a certificate of its own is trusted by the file that says so, and not without.
func TestCertificate(t *testing.T) {
	t.Parallel()
	srv := httptest.NewTLSServer(nil)
	t.Cleanup(srv.Close)
	roots := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{roots: "404", "": "certificate"} { // the server knows no address
		c, err := otlp.FromEnvironment(environment("EXPORTER_OTLP_ENDPOINT="+srv.URL, "EXPORTER_OTLP_CERTIFICATE="+file))
		if err != nil {
			t.Fatal(err)
		}
		e := otlp.New(c)
		if err := otlp.Post(t.Context(), e); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("with %q: %v, want %s", file, err, want)
		}
	}
}
