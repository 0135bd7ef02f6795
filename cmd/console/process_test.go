package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/postern-sso/postern/internal/store/storetest"
)

// A service manager starts Postern, reads its log as JSON, lets Prometheus ask
// for figures on an address of their own, and stops it with SIGTERM.
func TestServeUnderAServiceManager(t *testing.T) {
	t.Parallel()
	site, figures := freeAddress(t), freeAddress(t)
	//nolint:gosec // this test's own binary
	cmd := exec.CommandContext(t.Context(), os.Args[0], "serve", "--listen", site, "--metrics-listen", figures, "--log-format", "json",
		"--public-url", "http://localhost:8080", "--database-url", storetest.Database(t), "--secret-key-file", filepath.Join(t.TempDir(), "secret.key"))
	cmd.Env = append(os.Environ(), asProgram+"=1")
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
		var line struct{ Time, Level, Msg, URL string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil || line.Time == "" || line.Level != "INFO" ||
			!strings.HasPrefix(line.URL, "http://localhost:8080") {
			t.Errorf("it prints %q, %v", lines.Text(), err)
		}
		ready = line.Msg == "Postern is ready"
	}
	if !ready {
		_ = cmd.Wait()
		t.Fatalf("it ended before it was ready:\n%s", log.String())
	}
	if status, _ := fetch(t, "http://"+site+"/healthz"); status != http.StatusOK {
		t.Errorf("healthz answers %d", status)
	}
	if status, text := fetch(t, "http://"+figures); status != http.StatusOK || !strings.Contains(text, "\ngo_goroutines ") {
		t.Errorf("the figures: %d\n%.300s", status, text)
	}
	if _, text := fetch(t, "http://"+site+"/metrics"); strings.Contains(text, "go_goroutines") {
		t.Error("the figures are shown to everybody")
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	for _, line := range lines {
		var entry struct{ Time, Level, Msg string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Time == "" || entry.Level == "" || entry.Msg == "" {
			t.Errorf("a line of the log: %q, %v", line, err)
		}
	}
}

func fetch(t *testing.T, url string) (status int, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(data)
}
