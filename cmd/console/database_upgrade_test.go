package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/embeddedpg"
)

// Everything comes over into a newer PostgreSQL, and back again where that is wanted.
// The newer one is this machine's under another version: two are rarely there.
func TestDatabaseUpgrade(t *testing.T) {
	dir := privateFolder(t)
	_, stop := startServe(t, "--data-dir", dir)
	if code, _, errs := command(t, "admin", "add", "ada@example.com", "--data-dir", dir); code != 0 {
		t.Fatal(errs)
	}
	code, out, errs := command(t, "database", "upgrade", "--data-dir", dir)
	wantFailure(t, code, out, errs, "in use by another Postern", "Nothing was changed")
	stop()
	was := restored(t, "--data-dir", dir)
	code, out, errs = command(t, "database", "upgrade", "--data-dir", dir)
	wantFailure(t, code, out, errs, "no newer PostgreSQL is installed", "Install a newer one first")

	real, err := embeddedpg.FindBinaries("")
	if err != nil {
		t.Fatal(err)
	}
	programs := filepath.Join(filepath.Dir(dir), "programs")
	if err := os.Mkdir(programs, 0o755); err != nil { //nolint:gosec // others run them
		t.Fatal(err)
	}
	for _, name := range []string{"postgres", "initdb"} {
		script := fmt.Sprintf("#!/bin/sh\nif [ \"$1\" = --version ]; then echo 'postgres (PostgreSQL) 99.1'; exit; fi\nexec %s/%s \"$@\"\n", real, name)
		if err := os.WriteFile(filepath.Join(programs, name), []byte(script), 0o755); err != nil { //nolint:gosec // a program
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", programs+":"+os.Getenv("PATH"))
	_, states, told := doctor(t, "--data-dir", dir)
	if states["private PostgreSQL"] != stateWarn || !strings.Contains(told, "PostgreSQL 99 is installed, and the private database is still of version") {
		t.Errorf("doctor: %s", told)
	}
	code, out, errs = command(t, "database", "upgrade", "--data-dir", dir)
	if code != 0 || !strings.Contains(out, "to 99") || !strings.Contains(out, "--confirm") {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	if is := restored(t, "--data-dir", dir); is != was {
		t.Errorf("administrators: %s, and were %s", is, was)
	}
	_, stop = startServe(t, "--data-dir", dir)
	if code := stop(); code != 0 {
		t.Errorf("serve afterwards: exit %d", code)
	}
	code, out, errs = command(t, "database", "upgrade", "--data-dir", dir)
	wantFailure(t, code, out, errs, "is still kept", "--undo")
	if code, out, errs = command(t, "database", "upgrade", "--undo", "--data-dir", dir); code != 0 || !strings.Contains(out, "as it was before") {
		t.Errorf("--undo: exit %d: %s%s", code, out, errs)
	}
	code, out, errs = command(t, "database", "upgrade", "--confirm", "--data-dir", dir)
	wantFailure(t, code, out, errs, "no database from before an upgrade is kept")
	if is := restored(t, "--data-dir", dir); is != was {
		t.Errorf("administrators: %s, and were %s", is, was)
	}
}
