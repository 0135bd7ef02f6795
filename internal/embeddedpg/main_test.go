package embeddedpg

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// helperVariable makes the test binary a Postern that starts the database of
// the folder it names, prints the URL, and waits for its end.
const helperVariable = "EMBEDDEDPG_TEST_DATA_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperVariable); dir != "" {
		s, err := Start(context.Background(), Options{DataDir: dir, packageGlobs: helperGlobs()})
		if err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		fmt.Println(s.URL())
		io.Copy(io.Discard, os.Stdin) //nolint:errcheck // ends with the pipe or by a signal
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// helperGlobs hides the packages' folders from a helper without PATH.
func helperGlobs() []string {
	if os.Getenv("PATH") == "/nonexistent" {
		return []string{"/nonexistent/*"}
	}
	return nil
}

// needServer skips a test on a machine without PostgreSQL, unless REQUIRE_DB
// says that there must be one.
func needServer(t *testing.T) {
	t.Helper()
	if _, err := FindBinaries(""); err != nil {
		if os.Getenv("REQUIRE_DB") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

// passableDir is t.TempDir for a server under another account: t.TempDir lies
// in a folder that only the test's own account may enter.
func passableDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// testContext bounds a test that would otherwise wait for ever when broken.
func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func start(t *testing.T, o Options) *Server {
	t.Helper()
	o.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	s, err := Start(testContext(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	return s
}

func stop(t *testing.T, s *Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// query returns the single text that sql gives on the database at url.
func query(t *testing.T, url, sql string) string {
	t.Helper()
	ctx := testContext(t)
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	var text string
	if err := conn.QueryRow(ctx, sql).Scan(&text); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return text
}

// helper is another Postern process on a data folder.
type helper struct {
	cmd *exec.Cmd
	url string
}

func startHelper(t *testing.T, dataDir string) helper {
	t.Helper()
	cmd := exec.CommandContext(testContext(t), os.Args[0])
	cmd.Env = append(os.Environ(), helperVariable+"="+dataDir)
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "postgres://") {
		t.Fatalf("helper printed %q, %v", line, err)
	}
	h := helper{cmd: cmd, url: strings.TrimSpace(line)}
	t.Cleanup(func() { h.kill(t) })
	return h
}

// kill ends the process as kill -9 does.
func (h helper) kill(t *testing.T) {
	t.Helper()
	if h.cmd.ProcessState != nil {
		return
	}
	if err := h.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	err := h.cmd.Wait()
	if ws, ok := h.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || ws.Signal() != syscall.SIGKILL {
		t.Errorf("helper ended by %v, want SIGKILL", err)
	}
}

func mode(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func serverPID(t *testing.T, dataDir string) int {
	t.Helper()
	pf, err := readPidFile(filepath.Join(dataDir, homeName, clusterName))
	if err != nil {
		t.Fatal(err)
	}
	return pf.pid
}
