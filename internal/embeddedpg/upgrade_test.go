package embeddedpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
)

// newerServer makes a folder of programs that say they are of version 99, and are
// those of this machine: a second major version is rarely there.
func newerServer(t *testing.T) string {
	t.Helper()
	real, err := FindBinaries("")
	if err != nil {
		t.Fatal(err)
	}
	dir := passableDir(t)
	for _, name := range []string{"postgres", "initdb"} {
		script := fmt.Sprintf("#!/bin/sh\nif [ \"$1\" = --version ]; then echo 'postgres (PostgreSQL) 99.1'; exit; fi\nexec %s/%s \"$@\"\n", real, name)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil { //nolint:gosec // a program
			t.Fatal(err)
		}
	}
	return dir
}

// moved copies what write wrote.
func moved(ctx context.Context, from, to string) error {
	var text string
	old, err := pgx.Connect(ctx, from)
	if err != nil {
		return err
	}
	defer old.Close(ctx)
	if err := old.QueryRow(ctx, "SELECT what FROM kept").Scan(&text); err != nil {
		return err
	}
	young, err := pgx.Connect(ctx, to)
	if err != nil {
		return err
	}
	defer young.Close(ctx)
	_, err = young.Exec(ctx, "CREATE TABLE kept AS SELECT '"+text+"' AS what")
	return err
}

func TestUpgrade(t *testing.T) {
	t.Parallel()
	needServer(t)
	dataDir := filepath.Join(passableDir(t), "data")
	ctx := testContext(t)
	newer := Options{DataDir: dataDir, ServerBinaries: newerServer(t)}
	s := start(t, Options{DataDir: dataDir})
	write(t, s.URL())
	var inUse *InUseError
	if _, err := Upgrade(ctx, newer, moved); !errors.As(err, &inUse) {
		t.Errorf("while it runs: %v", err)
	}
	stop(t, s)
	if _, err := Upgrade(ctx, Options{DataDir: dataDir}, moved); !errors.Is(err, ErrNoNewer) {
		t.Errorf("without a newer version: %v", err)
	}
	broken := errors.New("broken")
	if _, err := Upgrade(ctx, newer, func(context.Context, string, string) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("with a fault on the way: %v", err)
	}
	again := start(t, Options{DataDir: dataDir})
	checkWritten(t, again.URL())
	stop(t, again)

	v, err := Upgrade(ctx, newer, moved)
	if err != nil || v.Newest != 99 || !v.Opens {
		t.Fatalf("%+v, %v", v, err)
	}
	if v, err := FindVersions(ctx, newer); err != nil || v.Kept == 0 {
		t.Errorf("%+v, %v: want the old one kept", v, err)
	}
	after := start(t, newer)
	checkWritten(t, after.URL())
	query(t, after.URL(), "INSERT INTO kept VALUES ('later') RETURNING what")
	stop(t, after)
	if _, err := Upgrade(ctx, newer, moved); !errors.Is(err, ErrUnconfirmed) {
		t.Errorf("a second time: %v", err)
	}
	aside, err := Undo(newer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(aside, "PG_VERSION")); err != nil {
		t.Errorf("what was undone is gone: %v", err)
	}
	undone := start(t, Options{DataDir: dataDir})
	if got := query(t, undone.URL(), "SELECT count(*)::text FROM kept"); got != "1" {
		t.Errorf("after undoing there are %s rows, want that of before", got)
	}
	stop(t, undone)
	if err := Confirm(newer); !errors.Is(err, ErrNothingKept) {
		t.Errorf("nothing is kept: %v", err)
	}
	if _, err := Upgrade(ctx, newer, moved); err != nil {
		t.Fatal(err)
	}
	if err := Confirm(newer); err != nil {
		t.Fatal(err)
	}
	if v, err := FindVersions(ctx, newer); err != nil || v.Kept != 0 || v.Cluster == 0 {
		t.Errorf("%+v, %v: want nothing kept", v, err)
	}
}

// Interrupted while it changes places, the old database is back at the next start,
// and no empty one.
func TestAnInterruptedExchangeIsMended(t *testing.T) {
	t.Parallel()
	needServer(t)
	dataDir := filepath.Join(passableDir(t), "data")
	s := start(t, Options{DataDir: dataDir})
	write(t, s.URL())
	stop(t, s)
	if err := os.Rename(s.cluster.data, filepath.Join(s.cluster.home, beforeName)); err != nil {
		t.Fatal(err)
	}
	again := start(t, Options{DataDir: dataDir})
	checkWritten(t, again.URL())
}
