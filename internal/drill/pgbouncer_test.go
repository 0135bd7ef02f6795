package drill_test

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// peer finds a program of somebody else's: where it is installed, or where
// scripts/setup-peers has unpacked it. Without it the test is skipped, or fails where
// REQUIRE_PEERS=1.
func peer(t *testing.T, names ...string) string {
	t.Helper()
	cache, err := filepath.Abs(filepath.Join(repository, ".cache"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		for _, dir := range []string{cache + "/" + name + "/usr/sbin", "/usr/sbin", "/usr/bin", "/usr/local/bin"} {
			if file := filepath.Join(dir, name); executable(file) {
				return file
			}
		}
	}
	const missing = "%s is not there; scripts/setup-peers fetches it"
	if os.Getenv("REQUIRE_PEERS") == "1" {
		t.Fatalf(missing, names[0])
	}
	t.Skipf(missing, names[0])
	return ""
}

func executable(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode()&0o111 != 0 && !info.IsDir()
}

// openFolder is a folder of the test's own that other accounts may read.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "postern-drill-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil { //nolint:gosec // what runs under another account writes there
		t.Fatal(err)
	}
	return dir
}

// run starts a program that is ended with the test.
func run(t *testing.T, name string, args ...string) (cmd *exec.Cmd, log *lockedBuffer) {
	t.Helper()
	log = &lockedBuffer{}
	cmd = exec.Command(name, args...) //nolint:noctx,gosec // ended below
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = log, log, dieWithUs()
	cmd.Dir = "/"
	if libraries, _ := filepath.Glob(filepath.Dir(name) + "/../lib/*-linux-gnu"); strings.Contains(name, "/.cache/") && len(libraries) > 0 {
		cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+libraries[0]) // unpacked, not installed
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGINT)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s said at last:\n%s", filepath.Base(name), tail(log.String(), 15))
		}
	})
	return cmd, log
}

// pgbouncer puts Debian's PgBouncer in transaction mode before the database, with two
// connections to it, and returns the address of the same database behind it.
func pgbouncer(t *testing.T, database string) string {
	t.Helper()
	program := peer(t, "pgbouncer")
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	dir, address := openFolder(t), freeAddress(t)
	host, port, _ := strings.Cut(address, ":")
	var ini bytes.Buffer
	fmt.Fprintf(&ini, "[databases]\n%[1]s = host=%[2]s dbname=%[1]s user=%[3]s\n[pgbouncer]\nlisten_addr = %[4]s\nlisten_port = %[5]s\nunix_socket_dir =\n"+
		"pool_mode = transaction\ndefault_pool_size = 2\nauth_type = any\nmax_client_conn = 200\nlogfile = %[6]s/log\n",
		strings.TrimPrefix(u.Path, "/"), q.Get("host"), q.Get("user"), host, port, dir)
	file := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(file, ini.Bytes(), 0o644); err != nil { //nolint:gosec // read under another account
		t.Fatal(err)
	}
	args := []string{file}
	if os.Getuid() == 0 {
		args = append([]string{"-u", "postgres"}, args...)
	}
	run(t, program, args...)
	behind := fmt.Sprintf("postgres://%s@%s%s?sslmode=disable", q.Get("user"), address, u.Path)
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		conn, err := pgx.Connect(t.Context(), behind)
		if err == nil {
			_ = conn.Close(t.Context())
			return behind
		}
		if time.Now().After(until) {
			text, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Fatalf("PgBouncer does not answer: %v\n%s", err, text)
		}
	}
}

// Through PgBouncer in transaction mode, where each transaction may get another of two
// connections, Postern migrates, is configured and lets people in, beside a process that
// goes to PostgreSQL itself.
func TestPgBouncerInTransactionMode(t *testing.T) {
	t.Parallel()
	database := storetest.Database(t)
	if storetest.OneRole() {
		t.Skip("the server is somebody else's")
	}
	execute(t, database, "drop schema public cascade; create schema public")
	behind := pgbouncer(t, database)
	p := built(t)
	s := newSite(t, p, behind)
	direct := s
	direct.serve = append(append([]string(nil), s.serve...), "--database-url", database)
	a, b, c := p.serve(t, s.serve...), p.serve(t, s.serve...), p.serve(t, direct.serve...)
	l := newLoad(8, a, b, c)
	l.more(t, 60)
	l.stop()
	if refused := l.refusals(); refused != "" {
		t.Errorf("somebody was refused: %s", refused)
	}
	l.settle(t, "PgBouncer, transaction mode, 2 connections", database).print()
	for _, x := range []*process{a, b, c} {
		x.waitReady(200)
	}
	if out, _ := p.command(t, append([]string{"doctor"}, s.flags...)...); !strings.Contains(out, "pooler") {
		t.Errorf("doctor does not say that a pooler is between:\n%s", out)
	}
}

// A pooler is seen, whatever it lets pass; PostgreSQL itself is not taken for one.
func TestPoolerIsRecognized(t *testing.T) {
	t.Parallel()
	database := storetest.Database(t)
	if storetest.OneRole() {
		t.Skip("the server is somebody else's")
	}
	for address, want := range map[string]bool{database: false, pgbouncer(t, database): true} {
		st, err := store.Open(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(st.Close)
		if st.ThroughPooler() != want {
			t.Errorf("%s: through a pooler %v, want %v", address, st.ThroughPooler(), want)
		}
	}
}
