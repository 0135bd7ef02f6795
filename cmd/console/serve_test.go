package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/postern-sso/postern/internal/embeddedpg"
	"github.com/postern-sso/postern/internal/seal"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// startServe runs "console serve" on a free port until stop, which returns the
// exit code. It returns once Postern says that it is ready.
func startServe(t testing.TB, args ...string) (printed string, stop func() (code int)) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	out := newReadyWriter("Postern is ready: ")
	var log bytes.Buffer
	ended := make(chan int, 1)
	args = append([]string{"serve", "--listen", "127.0.0.1:0", "--public-url", "http://localhost:8080"}, args...)
	go func() { ended <- run(ctx, args, streams{strings.NewReader(""), out, &log}) }()
	stop = sync.OnceValue(func() int {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { stop() })
	select {
	case <-out.ready:
	case code := <-ended:
		ended <- code
		t.Fatalf("serve ended with exit %d before it was ready:\n%s", code, log.String())
	}
	return out.String(), stop
}

// wantServeFailure runs "console serve" on a free port and judges how it fails.
// One that comes up instead is stopped, so that the test ends.
func wantServeFailure(t *testing.T, args []string, reasons ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := newReadyWriter("Postern is ready: ")
	go func() {
		select {
		case <-out.ready:
			cancel()
		case <-ctx.Done():
		}
	}()
	var errs bytes.Buffer
	code := run(ctx, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...), streams{strings.NewReader(""), out, &errs})
	wantFailure(t, code, out.String(), errs.String(), reasons...)
}

func TestServeRefusesFlags(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ flag, value, reason string }{
		"path in the public URL":  {"--public-url", "https://example.com/sso", `--public-url "https://example.com/sso": Leave out the path`},
		"public URL of no host":   {"--public-url", "sso.example.com", `--public-url "sso.example.com": The address must begin with https://`},
		"public URL in the clear": {"--public-url", "http://sso.example.com", `--public-url "http://sso.example.com": The address must begin with https://`},
		"address without a port":  {"--listen", "127.0.0.1", `--listen "127.0.0.1": want ADDRESS:PORT`},
		"proxy is not a network":  {"--trusted-proxies", "proxy", `--trusted-proxies "proxy": want a network`},
		"database URL of no sort": {"--database-url", "postgres://u:pw@host:port/", "the database URL cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantServeFailure(t, []string{"--data-dir", filepath.Join(t.TempDir(), "data"), c.flag, c.value}, c.reason)
		})
	}
}

func TestServeWithoutMigrating(t *testing.T) {
	t.Parallel()
	db, key := emptyDatabase(t), filepath.Join(t.TempDir(), "secret.key")
	args := []string{"--no-migrate", "--database-url", db, "--secret-key-file", key}
	wantServeFailure(t, args, "migrations are pending; run “console migrate” first")
	if code, _, errs := command(t, "migrate", "--database-url", db); code != 0 {
		t.Fatalf("migrate: exit %d, %q", code, errs)
	}
	_, stop := startServe(t, args...)
	if code := stop(); code != 0 {
		t.Errorf("after migrating: exit %d", code)
	}
}

func TestServeOtherKey(t *testing.T) {
	t.Parallel()
	db, dir := storetest.Database(t), t.TempDir()
	right, wrong := filepath.Join(dir, "right.key"), filepath.Join(dir, "wrong.key")
	_, stop := startServe(t, "--database-url", db, "--secret-key-file", right)
	if code := stop(); code != 0 {
		t.Fatalf("serve: exit %d", code)
	}
	if info, err := os.Stat(right); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file: %v, %v; want mode 0600", info, err)
	}
	wantServeFailure(t, []string{"--database-url", db, "--secret-key-file", wrong}, "is not there", "--secret-key-file", wrong)
	if _, err := os.Stat(wrong); !os.IsNotExist(err) {
		t.Fatalf("a new key was left behind (%v): the next start would say that another one is wrong", err)
	}
	if _, err := seal.LoadOrCreate(wrong); err != nil {
		t.Fatal(err)
	}
	wantServeFailure(t, []string{"--database-url", db, "--secret-key-file", wrong},
		"the secret key is not the one that this database was sealed with", "--secret-key-file", wrong)
	code, states, _ := doctor(t, "--database-url", db, "--secret-key-file", wrong)
	if code != 1 || states["secret key"] != stateFail {
		t.Errorf("doctor: exit %d, %v", code, states)
	}
}

var claimLine = regexp.MustCompile(`(?m)^Claim the console \(once, within 24 hours\): http://localhost:8080/claim\?token=\S{26,}$`)

func TestServeClaimLink(t *testing.T) {
	t.Parallel()
	db, key := storetest.Database(t), filepath.Join(t.TempDir(), "secret.key")
	out, stop := startServe(t, "--database-url", db, "--secret-key-file", key)
	if !claimLine.MatchString(out) || !strings.HasSuffix(out, "\nPostern is ready: http://localhost:8080\n") {
		t.Errorf("serve prints\n%s", out)
	}
	stop()
	if code, _, errs := command(t, "admin", "add", "ann@example.com", "--database-url", db); code != 0 {
		t.Fatalf("admin add: exit %d, %q", code, errs)
	}
	if out, _ := startServe(t, "--database-url", db, "--secret-key-file", key); out != "Postern is ready: http://localhost:8080\n" {
		t.Errorf("with an administrator serve prints\n%s", out)
	}
}

// privateFolder is short, because the path of a socket is limited, and open to
// the account that PostgreSQL runs under when the tests run as root.
func privateFolder(t *testing.T) string {
	t.Helper()
	var missing *embeddedpg.NotFoundError
	if _, err := embeddedpg.FindBinaries(""); errors.As(err, &missing) && os.Getenv("REQUIRE_DB") == "" {
		t.Skip(err)
	}
	dir, err := os.MkdirTemp("", "postern") // t.TempDir is long and closed to other accounts
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "data")
}

func TestServePrivateDatabase(t *testing.T) {
	t.Parallel()
	dir := privateFolder(t)
	_, stop := startServe(t, "--data-dir", dir)
	server, running := embeddedpg.Running(dir)
	if !running {
		t.Fatal("the private PostgreSQL does not run")
	}
	if code, out, errs := command(t, "admin", "add", "ann@example.com", "--data-dir", dir); code != 0 {
		t.Errorf("admin add beside serve: exit %d\n%s%s", code, out, errs)
	}
	code, out, errs := command(t, "admin", "list", "--data-dir", dir)
	if code != 0 || out != "ann@example.com\towner\tnever signed in\n" {
		t.Errorf("admin list beside serve: exit %d\n%s%s", code, out, errs)
	}
	if now, running := embeddedpg.Running(dir); !running || now != server {
		t.Errorf("after the commands PostgreSQL runs: %v, at %q, was at %q", running, now, server)
	}
	wantServeFailure(t, []string{"--data-dir", dir}, dir)
	if code, states, out := doctor(t, "--data-dir", dir); code != 0 || states["secret key"] != stateOK {
		t.Errorf("doctor beside serve: exit %d\n%s", code, out)
	}

	if code := stop(); code != 0 {
		t.Errorf("serve: exit %d", code)
	}
	if _, running := embeddedpg.Running(dir); running {
		t.Error("the private PostgreSQL still runs")
	}
	code, out, errs = command(t, "admin", "list", "--data-dir", dir)
	if code != 0 || !strings.HasPrefix(out, "ann@example.com\t") {
		t.Errorf("admin list without serve: exit %d\n%s%s", code, out, errs)
	}
	if _, running := embeddedpg.Running(dir); running {
		t.Error("admin list left PostgreSQL running")
	}
}

// What net/http has to say goes into the log as everything else does.
func TestServeHTTPLogsAsEverythingElse(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l, err := listen(ctx, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	out := newReadyWriter("panic serving")
	ended := make(chan error, 1)
	go func() {
		ended <- serveHTTP(ctx, l, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("broken") }), logFlags{LogFormat: "json"}.logger(out))
	}()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+l.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if res, err := http.DefaultClient.Do(r); err == nil {
		_ = res.Body.Close() // not read
		t.Error("a handler that panics answered")
	}
	<-out.ready
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	var line struct{ Level, Msg string }
	if err := json.Unmarshal([]byte(out.String()), &line); err != nil || line.Level != "WARN" {
		t.Errorf("the log has %q, %v", out.String(), err)
	}
}
