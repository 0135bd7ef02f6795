package main

import (
	"bufio"
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

// With --otel spans go where OpenTelemetry's variables say, and those that are left are
// sent when the program ends; without it there are none.
func TestServeSendsSpans(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		env  []string
		sent bool
	}{
		"with --otel": {[]string{"POSTERN_OTEL=true"}, true}, "without": {nil, false},
		"disabled for every program": {[]string{"POSTERN_OTEL=true", "OTEL_SDK_DISABLED=true"}, false},
		"no exporter":                {[]string{"POSTERN_OTEL=true", "OTEL_TRACES_EXPORTER=none"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, site := webtest.NewCollector(t), freeAddress(t)
			env := append([]string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + c.URL, "OTEL_SERVICE_NAME=postern-of-the-test"}, test.env...)
			stop := startProgram(t, env, "--listen", site)
			if status, _ := fetch(t, "http://"+site+"/me"); status != http.StatusOK {
				t.Errorf("/me answers %d", status)
			}
			stop()
			if sent := len(c.Spans()) > 0; sent != test.sent {
				t.Fatalf("spans came: %v, want %v", sent, test.sent)
			}
			for _, s := range c.Spans() {
				if s.Service != "postern-of-the-test" {
					t.Errorf("a span of the service %q", s.Service)
				}
			}
		})
	}
}

// startProgram starts serve in a process of its own and waits until it is ready. The
// function stops it as a service manager does.
func startProgram(t *testing.T, env []string, flags ...string) func() {
	t.Helper()
	args := append([]string{"serve", "--public-url", "http://localhost:8080", "--database-url", storetest.Database(t),
		"--secret-key-file", filepath.Join(t.TempDir(), "secret.key")}, flags...)
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...) //nolint:gosec // this test's own binary
	cmd.Env = append(append(os.Environ(), asProgram+"=1"), env...)
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := false
	for lines := bufio.NewScanner(out); !ready && lines.Scan(); {
		ready = strings.HasPrefix(lines.Text(), "Postern is ready")
	}
	if !ready {
		_ = cmd.Wait()
		t.Fatalf("it ended before it was ready:\n%s", log.String())
	}
	return func() {
		t.Helper()
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("after SIGTERM: %v\n%s", err, log.String())
		}
	}
}

// What would send nothing is said at the start.
func TestOTelThatCannotSend(t *testing.T) {
	for name, test := range map[string]struct{ variable, value, want string }{
		"another protocol":            {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "http/protobuf only"},
		"another protocol for traces": {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json", "http/protobuf only"},
		"another exporter":            {"OTEL_TRACES_EXPORTER", "zipkin", "otlp only"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(test.variable, test.value)
			code, _, errs := command(t, "serve", "--otel", "--listen", "127.0.0.1:0", "--data-dir", t.TempDir())
			if code != 1 || !strings.Contains(errs, test.variable) || !strings.Contains(errs, test.want) {
				t.Errorf("exit %d: %s", code, errs)
			}
		})
	}
}
