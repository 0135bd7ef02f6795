package main

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/acme"

	"github.com/postern-sso/postern/internal/store/storetest"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	address, dir := freeAddress(t), t.TempDir()
	code, out, errs := command(t, "health", "--listen", address)
	if code != 1 || out != "" || !strings.Contains(errs, "refused") {
		t.Errorf("before it runs: exit %d, %q, %q", code, out, errs)
	}
	_, stop := startServe(t, "--listen", address, "--database-url", storetest.Database(t), "--secret-key-file", filepath.Join(dir, "secret.key"))
	for _, args := range [][]string{{}, {"--ready"}} {
		if code, out, errs := command(t, append([]string{"health", "--listen", address}, args...)...); code != 0 || out != "ok\n" {
			t.Errorf("%v: exit %d, %q, %q", args, code, out, errs)
		}
	}
	stop()
	if code, _, _ := command(t, "health", "--listen", address); code != 1 {
		t.Errorf("after it has ended: exit %d", code)
	}
}

// By TLS the certificate need not name 127.0.0.1, since it never does.
func TestHealthOverTLS(t *testing.T) {
	t.Parallel()
	address, dir := freeAddress(t), t.TempDir()
	writeCertificate(t, dir, 1, time.Now())
	files := []string{"--tls-certificate", filepath.Join(dir, "cert.pem"), "--tls-key", filepath.Join(dir, "key.pem")}
	startServe(t, append([]string{"--listen", address, "--public-url", "https://localhost" + port(address),
		"--database-url", storetest.Database(t), "--secret-key-file", filepath.Join(dir, "secret.key")}, files...)...)
	if code, out, errs := command(t, append([]string{"health", "--listen", address}, files...)...); code != 0 || out != "ok\n" {
		t.Errorf("exit %d, %q, %q", code, out, errs)
	}
	if code, _, errs := command(t, "health", "--listen", address); code != 1 {
		t.Errorf("by http: exit %d, %q", code, errs)
	}
}

// A health check every few seconds must not be what asks an authority for certificates.
func TestHealthAsksForNoCertificate(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 10)
	authority := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		w.WriteHeader(http.StatusTeapot)
	}))
	t.Cleanup(authority.Close)
	listener, err := listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config := acmeConfig([]string{"sso.example.com"}, t.TempDir(), &acme.Client{DirectoryURL: authority.URL})
	go func() { _ = http.Serve(tls.NewListener(listener, config), http.NotFoundHandler()) }() //nolint:gosec // ends with the listener
	args := []string{"health", "--listen", listener.Addr().String(), "--acme-host", "sso.example.com"}
	if code, out, errs := command(t, args...); code != 0 || out != "ok\n" {
		t.Errorf("exit %d, %q, %q", code, out, errs)
	}
	if code, _, errs := command(t, append(args, "--ready")...); code != 1 || !strings.Contains(errs, "--acme-host") {
		t.Errorf("--ready: exit %d, %q", code, errs)
	}
	_ = listener.Close()
	if code, _, _ := command(t, args...); code != 1 {
		t.Errorf("of nobody: exit %d", code)
	}
	select {
	case path := <-asked:
		t.Errorf("the authority was asked for %s", path)
	default:
	}
}

// What is not ready says why, and where nobody answers in time that is said, too.
func TestHealthSaysWhy(t *testing.T) {
	t.Parallel()
	ill := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/readyz" {
			http.Error(w, "not ready: the database is read-only", http.StatusServiceUnavailable)
			return
		}
		http.Redirect(w, r, "/elsewhere", http.StatusSeeOther)
	}))
	t.Cleanup(ill.Close)
	address := ill.Listener.Addr().String()
	if code, _, errs := command(t, "health", "--ready", "--listen", address); code != 1 || !strings.Contains(errs, "503") || !strings.Contains(errs, "read-only") {
		t.Errorf("not ready: exit %d, %q", code, errs)
	}
	if code, _, errs := command(t, "health", "--listen", address); code != 1 || !strings.Contains(errs, "303") {
		t.Errorf("redirected: exit %d, %q", code, errs)
	}
	for _, bad := range []string{"127.0.0.1:0", "8080", ""} {
		if code, _, errs := command(t, "health", "--listen", bad); code != 1 || !strings.Contains(errs, "ADDRESS:PORT") {
			t.Errorf("--listen %q: exit %d, %q", bad, code, errs)
		}
	}
}

func TestCallable(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]string{":8080": "127.0.0.1:8080", "0.0.0.0:80": "127.0.0.1:80", "[::]:8080": "[::1]:8080",
		"10.0.0.1:8080": "10.0.0.1:8080", "localhost:8080": "localhost:8080", "[::1]:8080": "[::1]:8080"} {
		if got, err := callable(listen); got != want || err != nil {
			t.Errorf("%s is asked at %s, %v; want %s", listen, got, err, want)
		}
	}
}

func TestSecretNew(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "secret.key")
	code, out, errs := command(t, "secret", "new", file)
	text, err := os.ReadFile(file)
	if code != 0 || err != nil || !strings.Contains(out, file) {
		t.Fatalf("exit %d, %q, %q, %v", code, out, errs, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Errorf("the file: %v, %v", info.Mode(), err)
	}
	if code, _, errs := command(t, "secret", "new", file); code != 1 || !strings.Contains(errs, "there already") {
		t.Errorf("a second time: exit %d, %q", code, errs)
	}
	if after, err := os.ReadFile(file); err != nil || string(after) != string(text) {
		t.Error("the key was changed")
	}
	startServe(t, "--database-url", storetest.Database(t), "--secret-key-file", file)
}

// Where Posterns have the key in the environment it is changed from a machine with
// the file: each start takes the file as it is then.
func TestKeyInTheEnvironmentIsRotated(t *testing.T) {
	t.Setenv("POSTERN_SECRET_KEY", "")
	db, key := storetest.Database(t), filepath.Join(t.TempDir(), "secret.key")
	if code, _, errs := command(t, "secret", "new", key); code != 0 {
		t.Fatal(errs)
	}
	serve := func() {
		t.Helper()
		text, err := os.ReadFile(key)
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv("POSTERN_SECRET_KEY", string(text))
		_, stop := startServe(t, "--database-url", db, "--data-dir", filepath.Join(t.TempDir(), "none"))
		if code := stop(); code != 0 {
			t.Errorf("serve: exit %d", code)
		}
		t.Setenv("POSTERN_SECRET_KEY", "")
	}
	serve()
	for _, args := range [][]string{{"rotate", "--prepare"}, {"rotate", "--settle", "0s"}, {"forget"}} {
		if code, _, errs := command(t, append(append([]string{"secret"}, args...), "--database-url", db, "--secret-key-file", key)...); code != 0 {
			t.Fatalf("%v: %s", args, errs)
		}
		serve()
	}
}
