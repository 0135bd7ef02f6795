package embeddedpg

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// write and checkWritten show that committed data is still there.
func write(t *testing.T, url string) {
	t.Helper()
	ctx := testContext(t)
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "CREATE TABLE kept (what text); INSERT INTO kept VALUES ('kept')"); err != nil {
		t.Fatal(err)
	}
}

func checkWritten(t *testing.T, url string) {
	t.Helper()
	if got := query(t, url, "SELECT what FROM kept"); got != "kept" {
		t.Errorf("the database holds %q, want what was written before", got)
	}
}

func TestStartStopStart(t *testing.T) {
	t.Parallel()
	needServer(t)
	dataDir := filepath.Join(passableDir(t), "new", "data")

	s := start(t, Options{DataDir: dataDir})
	for sql, want := range map[string]string{
		"SELECT current_database() || ' ' || current_user": "postern postern",
		"SHOW is_superuser":        "off",
		"SHOW listen_addresses":    "",
		"SHOW fsync":               "on",
		"SHOW data_checksums":      "on",
		"SHOW server_encoding":     "UTF8",
		"SHOW log_min_messages":    "log",
		"SELECT ('z' < 'Ä')::text": "true", // by code point, as C.UTF-8 and C have it
	} {
		if got := query(t, s.URL(), sql); got != want {
			t.Errorf("%s: got %q, want %q", sql, got, want)
		}
	}
	home := filepath.Join(dataDir, homeName)
	if got := mode(t, filepath.Join(home, socketName)); got != 0o700 {
		t.Errorf("socket folder has mode %v", got)
	}
	if got := mode(t, filepath.Join(home, socketName, socketFile)); got != 0o700 {
		t.Errorf("socket has mode %v", got)
	}
	if url, ok := Running(dataDir); !ok || url != s.URL() {
		t.Errorf("Running: %q, %v, want %q", url, ok, s.URL())
	}
	write(t, s.URL())

	stop(t, s)
	stop(t, s) // a second call does nothing
	if url, ok := Running(dataDir); ok {
		t.Errorf("Running after Stop: %q", url)
	}

	s = start(t, Options{DataDir: dataDir})
	checkWritten(t, s.URL())
}

func TestKilledPosternLeavesTheServer(t *testing.T) {
	t.Parallel()
	needServer(t)
	dataDir := filepath.Join(passableDir(t), "data")

	h := startHelper(t, dataDir)
	write(t, h.url)
	h.kill(t)
	first := serverPID(t, dataDir)
	if url, ok := Running(dataDir); !ok || url != h.url {
		t.Fatalf("Running after the kill: %q, %v, want %q", url, ok, h.url)
	}

	s := start(t, Options{DataDir: dataDir})
	checkWritten(t, s.URL())
	if got := serverPID(t, dataDir); got != first {
		t.Errorf("server process is %d, want %d, the one that was left", got, first)
	}
	stop(t, s)
	if whoHas(first, s.cluster.data) == holderOurs {
		t.Errorf("the server %d that was taken over runs after Stop", first)
	}
}

func TestLeftServerWithOtherSettingsIsRestarted(t *testing.T) {
	t.Parallel()
	needServer(t)
	dataDir := filepath.Join(passableDir(t), "data")

	h := startHelper(t, dataDir)
	write(t, h.url)
	h.kill(t)
	first := serverPID(t, dataDir)
	opts := filepath.Join(dataDir, homeName, clusterName, "postmaster.opts")
	if err := os.WriteFile(opts, []byte("postgres \"-D\" \"as an older Postern did\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}

	s := start(t, Options{DataDir: dataDir})
	checkWritten(t, s.URL())
	if got := serverPID(t, dataDir); got == first {
		t.Errorf("server process is still %d, want a new one", got)
	}
}

func TestEverythingKilled(t *testing.T) {
	t.Parallel()
	needServer(t)
	dataDir := filepath.Join(passableDir(t), "data")

	h := startHelper(t, dataDir)
	write(t, h.url)
	busy, err := pgx.Connect(t.Context(), h.url) // its server process outlives the postmaster by a moment
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close(t.Context())
	h.kill(t)
	if err := syscall.Kill(serverPID(t, dataDir), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}

	s := start(t, Options{DataDir: dataDir})
	checkWritten(t, s.URL())
}

// A killed server's processes finish their queries first. Two servers on one
// cluster would ruin it, so a start waits for them.
func TestStartWaitsForProcessesOfTheKilledServer(t *testing.T) {
	t.Parallel()
	needServer(t)
	dataDir := filepath.Join(passableDir(t), "data")
	h := startHelper(t, dataDir)
	write(t, h.url)
	pid := busyProcess(t, h.url)
	h.kill(t)
	if err := syscall.Kill(serverPID(t, dataDir), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}

	log := &waitingLog{Handler: slog.DiscardHandler, waiting: func() {
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
			t.Error(err)
		}
	}}
	s, err := Start(testContext(t), Options{DataDir: dataDir, Logger: slog.New(log)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	checkWritten(t, s.URL())
	if !log.seen.Load() {
		t.Error("it started beside a process of the server before")
	}
}

// busyProcess returns the number of a server process that works until it is
// told to end, and does not look whether its server is still there.
func busyProcess(t *testing.T, url string) int {
	t.Helper()
	ctx := testContext(t)
	busy, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	t.Cleanup(work.Wait)
	work.Go(func() {
		if _, err := busy.Exec(ctx, "DO $$ BEGIN LOOP END LOOP; END $$"); err == nil {
			t.Error("an endless loop has ended")
		}
	})
	pid := int(busy.PgConn().PID())
	for query(t, url, fmt.Sprintf("SELECT state FROM pg_stat_activity WHERE pid = %d", pid)) != "active" {
		if ctx.Err() != nil {
			t.Fatal("the query does not begin")
		}
	}
	return pid
}

// waitingLog calls waiting once, when Start says that it waits for old processes.
type waitingLog struct {
	slog.Handler
	seen    atomic.Bool
	waiting func()
}

func (l *waitingLog) Enabled(context.Context, slog.Level) bool { return true }

func (l *waitingLog) Handle(_ context.Context, r slog.Record) error {
	if strings.Contains(r.Message, "waits for processes of the killed") && !l.seen.Swap(true) {
		l.waiting()
	}
	return nil
}

// A pid file may name a process that is alive and no server: after the machine
// or container started again. PostgreSQL alone refuses to start then.
func TestStalePidFileWithReusedNumber(t *testing.T) {
	t.Parallel()
	needServer(t)
	dataDir := filepath.Join(passableDir(t), "data")
	s := start(t, Options{DataDir: dataDir})
	data := filepath.Join(s.cluster.home, clusterName)
	lines, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, s.URL())
	stop(t, s)

	_, rest, _ := strings.Cut(string(lines), "\n")
	other := exec.CommandContext(testContext(t), "cat") // not our own number: PostgreSQL knows its parent's
	if _, err := other.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Process.Kill(); other.Wait() }) //nolint:errcheck // it ends by the signal
	stale := []byte(strconv.Itoa(other.Process.Pid) + "\n" + rest)
	for _, path := range []string{
		filepath.Join(data, "postmaster.pid"),
		filepath.Join(s.cluster.socketDir, socketFile+".lock"),
	} {
		if err := os.WriteFile(path, stale, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if url, ok := Running(dataDir); ok {
		t.Errorf("Running with a stale pid file: %q", url)
	}

	s = start(t, Options{DataDir: dataDir})
	checkWritten(t, s.URL())
}

func TestSecondPosternIsRefused(t *testing.T) {
	t.Parallel()
	needServer(t)
	dataDir := filepath.Join(passableDir(t), "data")
	h := startHelper(t, dataDir)

	_, err := Start(testContext(t), Options{DataDir: dataDir})
	var inUse *InUseError
	if !errors.As(err, &inUse) {
		t.Fatalf("got %v, want an InUseError", err)
	}
	if inUse.PID != h.cmd.Process.Pid {
		t.Errorf("the error names process %d, want %d", inUse.PID, h.cmd.Process.Pid)
	}
	if got := query(t, h.url, "SELECT 'still there'"); got != "still there" {
		t.Errorf("the first Postern's database says %q", got)
	}
	h.kill(t)
	start(t, Options{DataDir: dataDir}) // the kernel released the lock
}

// An interrupted first start leaves a cluster half made.
func TestInterruptedFirstStart(t *testing.T) {
	t.Parallel()
	needServer(t)
	dataDir := passableDir(t)
	half := filepath.Join(dataDir, homeName, clusterName+".new")
	if err := os.MkdirAll(half, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(half, "PG_VERSION"), []byte("15\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, Options{DataDir: dataDir})
	write(t, s.URL())
	if _, err := os.Stat(half); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the half-made cluster is still there: %v", err)
	}
}

func TestPathsThatNoSocketCanHave(t *testing.T) {
	t.Parallel()
	needServer(t)
	for name, folder := range map[string]string{
		"long":  strings.Repeat("long", 30),
		"comma": "a,b",
		"quote": "it's \"odd\" 100% + &",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dataDir := filepath.Join(passableDir(t), folder)
			s := start(t, Options{DataDir: dataDir})
			write(t, s.URL())
			socketDir := s.cluster.socketDir
			if url, ok := Running(dataDir); !ok || url != s.URL() {
				t.Errorf("Running: %q, %v, want %q", url, ok, s.URL())
			}
			if got := mode(t, socketDir); got != 0o700 {
				t.Errorf("socket folder %s has mode %v", socketDir, got)
			}
			stop(t, s)
			if _, err := os.Stat(socketDir); filepath.Dir(socketDir) != s.cluster.home && !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the socket folder %s is still there: %v", socketDir, err)
			}
			s = start(t, Options{DataDir: dataDir})
			checkWritten(t, s.URL())
		})
	}
}

// A server that was left running is found again though its socket is elsewhere.
func TestKilledPosternWithTemporarySocketFolder(t *testing.T) {
	t.Parallel()
	needServer(t)
	dataDir := filepath.Join(passableDir(t), strings.Repeat("long", 30))
	h := startHelper(t, dataDir)
	write(t, h.url)
	h.kill(t)
	first := serverPID(t, dataDir)

	s := start(t, Options{DataDir: dataDir})
	checkWritten(t, s.URL())
	if got := serverPID(t, dataDir); got != first {
		t.Errorf("server process is %d, want %d, the one that was left", got, first)
	}
}

// One folder may have several names; its server is the same.
func TestKilledPosternAndAnotherNameOfTheFolder(t *testing.T) {
	t.Parallel()
	needServer(t)
	base := passableDir(t)
	link := filepath.Join(base, "link")
	if err := os.Symlink(filepath.Join(base, "real"), link); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(base, "real"), 0o755); err != nil {
		t.Fatal(err)
	}
	h := startHelper(t, filepath.Join(link, "data"))
	write(t, h.url)
	h.kill(t)
	real := filepath.Join(base, "real", "data")
	first := serverPID(t, real)
	for _, name := range []string{real, filepath.Join(link, "data")} {
		if url, ok := Running(name); !ok || url != h.url {
			t.Errorf("Running(%s): %q, %v, want %q", name, url, ok, h.url)
		}
	}

	s := start(t, Options{DataDir: real})
	checkWritten(t, s.URL())
	if got := serverPID(t, real); got != first {
		t.Errorf("server process is %d, want %d, the one that was left", got, first)
	}
}

func TestWhoHas(t *testing.T) {
	t.Parallel()
	needServer(t)
	s := start(t, Options{DataDir: filepath.Join(passableDir(t), "data")})
	other := t.TempDir()
	for name, c := range map[string]struct {
		pid  int
		data string
		want holder
	}{
		"the server":                 {s.post.pid, s.cluster.data, holderOurs},
		"the server, another folder": {s.post.pid, other, holderOther},
		"not a server":               {os.Getpid(), s.cluster.data, holderOther},
		"nobody":                     {1 << 30, s.cluster.data, holderGone},
		"no number":                  {0, s.cluster.data, holderGone},
	} {
		if got := whoHas(c.pid, c.data); got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
}
