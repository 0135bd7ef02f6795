package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/migrations"
)

// owned is a migrated database as its owner.
func owned(t *testing.T) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), storetest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	return st
}

// A database says which programs may run on it, and a migration that it does not
// know of itself is known to nobody.
func TestGate(t *testing.T) {
	t.Parallel()
	newest := migrations.Newest()
	for name, c := range map[string]struct {
		sql     string
		refused string // a part of the sentence; empty: it may run
	}{
		"of this version":              {"", ""},
		"of the next, for both":        {"update schema set version = $1 + 1; insert into goose_db_version (version_id, is_applied) values ($1 + 1, true)", ""},
		"for the next only":            {"update schema set version = $1 + 1, min_program = $1 + 1", "Start the newer version"},
		"for this one only":            {"update schema set min_program = $1", ""},
		"with a migration of nobody":   {"insert into goose_db_version (version_id, is_applied) values ($1 + 1, true)", "which neither it nor this Postern knows of"},
		"one that was taken back":      {"insert into goose_db_version (version_id, is_applied) values ($1 + 1, true), ($1 + 1, false)", ""},
		"that does not say anything":   {"delete from schema", "read which programs may run"},
		"from before there was a gate": {"drop table schema", ""},
		"unknown and without a gate": {"drop table schema; insert into goose_db_version (version_id, is_applied) values ($1 + 1, true)",
			"neither it nor"},
		"behind what was applied itself": {"update schema set version = $1 - 1, min_program = 29", "neither it nor"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := owned(t)
			for _, sql := range strings.Split(c.sql, ";") {
				if _, err := st.Pool().Exec(t.Context(), strings.ReplaceAll(sql, "$1", fmt.Sprint(newest))); err != nil {
					t.Fatal(err)
				}
			}
			err := st.CheckGate(t.Context())
			if (err == nil) != (c.refused == "") || (err != nil && !strings.Contains(err.Error(), c.refused)) {
				t.Fatalf("%v, want a refusal with %q", err, c.refused)
			}
			if err == nil {
				return
			}
			if !errors.Is(err, store.ErrOtherProgram) && name != "that does not say anything" {
				t.Errorf("%v is not ErrOtherProgram", err)
			}
			if applied, again := st.Migrate(t.Context()); again == nil || again.Error() != err.Error() || len(applied) > 0 {
				t.Errorf("migrating did %v, and said %v", applied, again)
			}
		})
	}
}

// A newer program's migrations are not in the way of an older one that may run.
func TestMigrateOnANewerDatabase(t *testing.T) {
	t.Parallel()
	st := owned(t)
	next := fmt.Sprint(migrations.Newest() + 1)
	for _, sql := range []string{"update schema set version = " + next, "insert into goose_db_version (version_id, is_applied) values (" + next + ", true)"} {
		if _, err := st.Pool().Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if applied, err := st.Migrate(t.Context()); err != nil || len(applied) > 0 {
		t.Errorf("migrated %v, %v", applied, err)
	}
	if pending, err := st.PendingMigrations(t.Context()); err != nil || len(pending) > 0 {
		t.Errorf("pending: %v, %v", pending, err)
	}
}

// The role that runs is told what to do, before there is anything and before it
// has its rights.
func TestRunRoleBeforeTheFirstMigration(t *testing.T) {
	t.Parallel()
	if storetest.OneRole() {
		t.Skip("the server is somebody else's, and has one role")
	}
	url := storetest.Database(t)
	owner, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(owner.Close)
	run, err := store.Open(t.Context(), storetest.RunURL(url))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(run.Close)
	role, err := run.CurrentRole(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := owner.Pool().Exec(t.Context(), "revoke all on all tables in schema public from "+role); err != nil {
		t.Fatal(err)
	}
	if _, err := run.PendingMigrations(t.Context()); !errors.Is(err, store.ErrMayNot) {
		t.Errorf("without rights: %v", err)
	}
	if _, err := owner.Pool().Exec(t.Context(), "drop schema public cascade; create schema public; grant usage on schema public to "+role); err != nil {
		t.Fatal(err)
	}
	if pending, err := run.PendingMigrations(t.Context()); err != nil || len(pending) != len(migrations.Numbers()) {
		t.Errorf("before the first: %d pending, %v", len(pending), err)
	}
	if _, err := run.Migrate(t.Context()); !errors.Is(err, store.ErrMayNot) || !strings.Contains(err.Error(), "console migrate") {
		t.Errorf("as the role that runs: %v", err)
	}
}

// Every database says of itself what the newest migration is.
func TestSchemaVersionIsTheNewest(t *testing.T) {
	t.Parallel()
	var version, least int64
	if err := storetest.OpenPool(t).Pool().QueryRow(t.Context(), "select version, min_program from schema").Scan(&version, &least); err != nil {
		t.Fatal(err)
	}
	if version != migrations.Newest() || least > version {
		t.Errorf("the database is of version %d, for programs from %d on; the newest migration is %d", version, least, migrations.Newest())
	}
}
