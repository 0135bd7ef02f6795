package embeddedpg

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// changes passes on what OnChange tells.
func changes(s *Server) <-chan State {
	told := make(chan State, 1000)
	s.OnChange(func(now State) { told <- now })
	return told
}

// awaitState waits for a state that fits.
func awaitState(t *testing.T, told <-chan State, what string, fits func(State) bool) State {
	t.Helper()
	ctx := testContext(t)
	for {
		select {
		case now := <-told:
			if fits(now) {
				return now
			}
			t.Logf("meanwhile: %+v", now)
		case <-ctx.Done():
			t.Fatalf("it is never %s", what)
		}
	}
}

func awaitDown(t *testing.T, told <-chan State, reason string) State {
	t.Helper()
	return awaitState(t, told, "down: "+reason, func(s State) bool { return s.Down() && strings.Contains(s.Reason, reason) })
}

func awaitUp(t *testing.T, told <-chan State) {
	t.Helper()
	awaitState(t, told, "back", func(s State) bool { return !s.Down() })
}

func killServer(t *testing.T, dataDir string) int {
	t.Helper()
	pid := serverPID(t, dataDir)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	return pid
}

func TestAKilledServerIsStartedAgain(t *testing.T) {
	t.Parallel()
	needServer(t)
	dataDir := filepath.Join(passableDir(t), "data")
	s := start(t, Options{DataDir: dataDir})
	told := changes(s)
	write(t, s.URL())
	for range 3 {
		before := killServer(t, dataDir)
		down := awaitDown(t, told, "killed")
		if time.Since(down.Since) > time.Minute {
			t.Errorf("it ended at %s, a while ago", down.Since)
		}
		awaitUp(t, told)
		checkWritten(t, s.URL())
		if now := serverPID(t, dataDir); now == before {
			t.Errorf("the server is still process %d", now)
		}
	}
	if s.State().Down() {
		t.Errorf("it runs, and its state is %+v", s.State())
	}
	pid := serverPID(t, dataDir)
	stop(t, s)
	if whoHas(pid, s.cluster.data) == holderOurs {
		t.Error("it runs after Stop")
	}
}

// A server that an earlier Postern left is no child of this one: its end is seen all
// the same.
func TestAServerTakenOverIsStartedAgain(t *testing.T) {
	t.Parallel()
	needServer(t)
	dataDir := filepath.Join(passableDir(t), "data")
	h := startHelper(t, dataDir)
	write(t, h.url)
	h.kill(t)
	first := serverPID(t, dataDir)

	s := start(t, Options{DataDir: dataDir})
	if got := serverPID(t, dataDir); got != first {
		t.Fatalf("server process is %d, want %d, the one that was left", got, first)
	}
	told := changes(s)
	killServer(t, dataDir)
	awaitDown(t, told, "PostgreSQL is gone")
	awaitUp(t, told)
	checkWritten(t, s.URL())
}

// A server that stops with PANIC at every start is tried again until it can start.
func TestAServerWithABrokenFileComesBackWithTheFile(t *testing.T) {
	t.Parallel()
	needServer(t)
	dataDir := filepath.Join(passableDir(t), "data")
	s := start(t, Options{DataDir: dataDir})
	told := changes(s)
	write(t, s.URL())

	control := filepath.Join(s.cluster.data, "global", "pg_control")
	if err := os.Rename(control, control+".away"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(control, nil, 0o644); err != nil { //nolint:gosec // the server's account reads it
		t.Fatal(err)
	}
	if err := os.Chmod(control, 0o666); err != nil { //nolint:gosec // whatever the umask
		t.Fatal(err)
	}
	killServer(t, dataDir)
	down := awaitDown(t, told, "killed")
	again := awaitState(t, told, "down for the broken file", func(s State) bool { return s.Down() && strings.Contains(s.Reason, "pg_control") })
	if !again.Since.Equal(down.Since) {
		t.Errorf("it is down since %s, want %s, when it ended", again.Since, down.Since)
	}
	if err := os.Rename(control+".away", control); err != nil {
		t.Fatal(err)
	}
	mended := time.Now()
	awaitUp(t, told)
	t.Logf("back after %s", time.Since(mended))
	checkWritten(t, s.URL())
}

// On a full disk the server cannot even write which process it is.
func TestAServerOnAFullDiskComesBackWithRoom(t *testing.T) {
	t.Parallel()
	needRoot(t)
	dataDir := filepath.Join(passableDir(t), "data")
	if err := os.Mkdir(dataDir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("postern-test", dataDir, "tmpfs", 0, "size=160m,mode=0755"); err != nil {
		t.Skipf("a small disk cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dataDir, 0); err != nil {
			t.Error(err)
		}
	})
	s := start(t, Options{DataDir: dataDir})
	told := changes(s)
	write(t, s.URL())
	ballast := fill(t, dataDir)
	panicByWriting(t, connString(s.cluster.socketDir, superUser, appDatabase))
	if pf, err := readPidFile(s.cluster.data); err == nil { // it came up again by itself: then it is killed
		_ = syscall.Kill(pf.pid, syscall.SIGKILL)
	}
	awaitDown(t, told, "the disk of the database is full")
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	mended := time.Now()
	awaitUp(t, told)
	t.Logf("back after %s", time.Since(mended))
	checkWritten(t, s.URL())
}

// fill writes a file until the disk has no room.
func fill(t *testing.T, dir string) (path string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size >= 1; size /= 2 {
		block := make([]byte, size)
		for {
			if _, err := f.Write(block); err != nil {
				break
			}
		}
	}
	return f.Name()
}

// panicByWriting writes until the server has no room left for its log of changes.
func panicByWriting(t *testing.T, url string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(testContext(t), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Logf("connect: %v", err)
		return
	}
	defer conn.Close(ctx)
	for range 200 {
		if _, err := conn.Exec(ctx, "UPDATE kept SET what = what; SELECT pg_switch_wal()"); err != nil {
			t.Logf("writing: %v", err)
			return
		}
	}
}

func TestLastComplaint(t *testing.T) {
	t.Parallel()
	const at = "2026-11-30 22:10:03.123 UTC [4711] "
	for text, want := range map[string]string{
		"": "",
		"postgres: could not find the database system\nExpected to find it\n\tin x": "PostgreSQL says: could not find the database system " +
			"Expected to find it in x",
		at + "LOG:  database system is shut down\n":                                         "",
		at + "FATAL:  terminating connection due to unexpected postmaster exit\n":           "",
		at + "FATAL:  database \"x\" does not exist\n" + at + "FATAL:  role \"y\" is odd\n": "",
		at + "FATAL:  database files are incompatible with server\n": "" +
			"PostgreSQL says: database files are incompatible with server",
		at + "PANIC:  a\n" + at + "FATAL:  b\n" + at + "PANIC:  c\n" + at + "FATAL:  d": "PostgreSQL says: c",
		at + "FATAL:  could not write: No space left on device": "" +
			"the disk of the database is full (PostgreSQL: could not write: No space left on device)",
		at + "PANIC:  could not write: Input/output error\n": "" +
			"the disk of the database fails (PostgreSQL: could not write: Input/output error)",
		at + "PANIC:  x: Read-only file system\n": "" +
			"the disk of the database can only be read (PostgreSQL: x: Read-only file system)",
	} {
		if got := lastComplaint(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
