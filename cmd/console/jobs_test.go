package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// A process that is killed in the middle of an import loses nothing and doubles
// nothing: the next one goes on behind the last part that was done.
func TestAKilledProcessLeavesItsImportToTheNext(t *testing.T) {
	t.Parallel()
	const people = 6000
	url, key := storetest.Database(t), filepath.Join(t.TempDir(), "secret.key")
	st, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	rows := make([]store.ImportRow, people)
	for i := range rows {
		rows[i].User = model.User{Username: fmt.Sprintf("person%d", i), Active: true}
	}
	j, err := st.StartImport(t.Context(), storetest.Actor, rows, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	first := startProcess(t, "serve", "--listen", freeAddress(t), "--public-url", "http://localhost:8080", "--database-url", url, "--secret-key-file", key)
	for j.Done == 0 {
		if j, err = st.Job(t.Context(), j.ID); err != nil {
			t.Fatal(err)
		}
	}
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.Wait() // it says that it was killed
	if j, err = st.Job(t.Context(), j.ID); err != nil || j.Over() || j.Done == people {
		t.Fatalf("it was done before it was killed: %+v, %v", j, err)
	}
	t.Logf("killed after %d of %d rows", j.Done, j.Total)
	second := startProcess(t, "serve", "--listen", freeAddress(t), "--public-url", "http://localhost:8080", "--database-url", url, "--secret-key-file", key)
	for !j.Over() {
		if j, err = st.Job(t.Context(), j.ID); err != nil {
			t.Fatal(err)
		}
	}
	_ = second.Process.Kill()
	_ = second.Wait()
	n, err := st.CountUsers(t.Context())
	if err != nil || n != people || j.State != model.JobDone || j.Made != people {
		t.Errorf("%d users, %+v, %v", n, j, err)
	}
	act, err := st.AuditParts(t.Context(), []int64{j.AuditID}, 1)
	if err != nil || act[j.AuditID].Count != people+1 {
		t.Errorf("the audit has %d entries of it, %v", act[j.AuditID].Count, err)
	}
}

// startProcess starts the program and waits until it is ready.
func startProcess(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...) //nolint:gosec // this test's own binary
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
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "Postern is ready: ") {
			return cmd
		}
	}
	_ = cmd.Wait()
	t.Fatalf("it ended before it was ready:\n%s", log.String())
	return nil
}
