package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/seal"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/kit"
)

// beating is a heartbeat on a database of its own, as its owner.
func beating(t *testing.T) (h *heartbeat, now *time.Time, exec func(sql string)) {
	t.Helper()
	st, err := store.Open(t.Context(), storetest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	sealer, err := seal.LoadOrCreate(filepath.Join(t.TempDir(), "secret.key"))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now()
	h = &heartbeat{db: st, sealer: sealer, free: func(string) (uint64, error) { return leastFree, nil }, dirs: []string{"data"},
		ready: &kit.Readiness{Now: func() time.Time { return at }}, log: slog.New(slog.DiscardHandler)}
	return h, &at, func(sql string) {
		t.Helper()
		if _, err := st.Pool().Exec(context.WithoutCancel(t.Context()), sql); err != nil {
			t.Fatal(err)
		}
		st.Pool().Reset() // what was set for the database counts for new connections
	}
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	h, now, exec := beating(t)
	want := func(what, reason string) {
		t.Helper()
		h.look(t.Context())
		if got := h.ready.Against(); (got == "") != (reason == "") || !strings.Contains(got, reason) {
			t.Errorf("%s: %q, want %q", what, got, reason)
		}
	}
	if got := h.ready.Against(); !strings.Contains(got, "it starts") {
		t.Errorf("before the first heartbeat: %q", got)
	}
	want("at the start", "")

	h.free = func(string) (uint64, error) { return leastFree - 1, nil }
	want("with a full disk here", diskFull)
	h.free = func(string) (uint64, error) { return 0, errors.New("broken") }
	want("with a disk that cannot be looked at", diskUnknown)
	h.free = func(string) (uint64, error) { return 0, fs.ErrNotExist }
	want("without a folder", "")

	exec("do $$ begin execute format('alter database %I set default_transaction_read_only = on', current_database()); end $$")
	want("on a read-only database", readOnly)
	exec("set transaction read write; do $$ begin execute format('alter database %I reset default_transaction_read_only', current_database()); end $$")
	want("when it takes again what is written", "")

	exec("update schema set version = 100000, min_program = 100000")
	want("on a database of a newer version", "Start the newer version")
	exec("update schema set min_program = 1; delete from goose_db_version where version_id = 2")
	want("with a migration that was not applied", pendingFound)
	exec("insert into goose_db_version (version_id, is_applied) values (2, true)")
	seals := func(key string) {
		t.Helper()
		if err := h.db.SaveSettings(t.Context(), storetest.Actor, func(s *store.Settings) error { s.KeyFingerprint = key; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	seals("another")
	want("when another key seals", wrongKey)
	seals(h.sealer.Fingerprint())
	want("when this one does", "")

	*now = now.Add(time.Minute)
	if got := h.ready.Against(); !strings.Contains(got, "the database took nothing since") {
		t.Errorf("when nobody has looked for a minute: %q", got)
	}
	want("when somebody has looked", "")
	h.db.Close()
	want("when the database does not answer", notAnswering)
}

// A full disk of the database is told from one that does not answer.
func TestFullDiskOfTheDatabase(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]string{store.ErrDiskFull: databaseFull, store.ErrReadOnly: readOnly, context.DeadlineExceeded: notAnswering} {
		if got := whyNot(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}

func TestFreeSpace(t *testing.T) {
	t.Parallel()
	if free, err := freeSpace(t.TempDir()); err != nil || free == 0 {
		t.Errorf("%d bytes are free, %v", free, err)
	}
	if _, err := freeSpace(filepath.Join(t.TempDir(), "nothing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of a folder that is not there: %v", err)
	}
}
