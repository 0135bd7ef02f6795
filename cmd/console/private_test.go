package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A dead private PostgreSQL does not stay dead: readyz says why it is away, and is
// ready again with it.
func TestServeKeepsItsPrivateDatabaseRunning(t *testing.T) {
	t.Parallel()
	dir := privateFolder(t)
	address := freeAddress(t)
	_, stop := startServe(t, "--listen", address, "--data-dir", dir)
	control := filepath.Join(dir, "postgres", "data", "global", "pg_control")
	if err := os.Rename(control, control+".away"); err != nil {
		t.Fatal(err)
	}
	pid := lines(t, filepath.Join(dir, "postgres", "data", "postmaster.pid"))[0]
	killServer(t, pid)
	want := func(status int, words ...string) {
		t.Helper()
		for until := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
			got, text := fetch(t, "http://"+address+"/readyz")
			missing := false
			for _, w := range words {
				missing = missing || !strings.Contains(text, w)
			}
			if got == status && !missing {
				return
			}
			if time.Now().After(until) {
				t.Fatalf("readyz still answers %d: %s", got, text)
			}
		}
	}
	want(http.StatusServiceUnavailable, "the private PostgreSQL has ended and is being started again", "pg_control", "since ")
	if err := os.Rename(control+".away", control); err != nil {
		t.Fatal(err)
	}
	want(http.StatusOK, "ready")
	if code := stop(); code != 0 {
		t.Errorf("exit %d", code)
	}
}

func lines(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(text), "\n")
}
