package main

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/store/storetest"
)

// A database that a newer version has changed, or that holds what nobody knows of,
// is refused in one sentence by what would use it.
func TestNewerDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sql, reason string }{
		"for newer versions only": {"update schema set version = 100000, min_program = 100000", "Start the newer version"},
		"with unknown migrations": {"insert into goose_db_version (version_id, is_applied) values (100000, true)", "neither it nor this Postern knows of"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := storetest.Database(t)
			conn, err := pgx.Connect(t.Context(), db)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Exec(t.Context(), c.sql); err != nil {
				t.Fatal(err)
			}
			if err := conn.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			key := []string{"--database-url", db, "--secret-key-file", t.TempDir() + "/secret.key"}
			wantServeFailure(t, key, c.reason)
			wantServeFailure(t, append(key, "--no-migrate"), c.reason)
			for _, args := range [][]string{{"migrate"}, {"admin", "list"}, {"config", "export"}} {
				code, out, errs := command(t, append(args, "--database-url", db)...)
				wantFailure(t, code, out, errs, c.reason)
				if strings.Count(errs, "\n") != 1 {
					t.Errorf("%v says more than a sentence:\n%s", args, errs)
				}
			}
			code, states, out := doctor(t, "--database-url", db)
			if code != 1 || states["migrations"] != stateFail || !strings.Contains(out, c.reason) {
				t.Errorf("doctor: exit %d\n%s", code, out)
			}
		})
	}
}
