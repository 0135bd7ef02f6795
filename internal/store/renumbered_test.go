package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver
	"github.com/pressly/goose/v3"

	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/migrations"
)

// once is the number that a migration had before it got the one it has.
var once = map[int64]int64{25: 26, 26: 27, 27: 28, 28: 30, 29: 31} //nolint:gochecknoglobals // a constant

// A database of each version from between, when some migrations had other numbers, is
// refused with the statement that mends it; then it comes up as any other.
func TestDatabaseOfOtherNumbersIsToldWhatToDo(t *testing.T) {
	t.Parallel()
	want := schemaOf(t, storetest.OpenPool(t))
	for _, had := range [][]int64{{28}, {24, 28}, {24, 28, 30, 31}, {24, 26, 28, 30, 31}, {24, 26, 27, 28, 30, 31}} {
		t.Run(fmt.Sprint(had), func(t *testing.T) {
			t.Parallel()
			st := emptied(t)
			applyAs(t, st, had)
			_, err := st.Migrate(t.Context())
			if !errors.Is(err, store.ErrOtherProgram) || !strings.Contains(err.Error(), "from before 0.1.0") {
				t.Fatalf("migrating says %v", err)
			}
			_, statement, _ := strings.Cut(err.Error(), "start again: ")
			if _, err := st.Pool().Exec(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
			if _, err := st.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := schemaOf(t, st); !slices.Equal(got, want) {
				t.Errorf("it has become another database: %d parts, want %d", len(got), len(want))
			}
			if pending, err := st.PendingMigrations(t.Context()); err != nil || len(pending) != 0 {
				t.Errorf("pending: %v, %v", pending, err)
			}
		})
	}
}

// Changes with numbers that were given beforehand land in any order: a database that
// has the later one gets the earlier one as well.
func TestEarlierNumberThatComesLater(t *testing.T) {
	t.Parallel()
	st := emptied(t)
	files := fstest.MapFS{}
	for n, name := range migrations.Numbers() {
		if n != 48 { // what later ones do not build on
			files[name] = &fstest.MapFile{Data: migration(t, n)}
		}
	}
	up(t, st, files)
	if applied, err := st.Migrate(t.Context()); err != nil || len(applied) != 1 || applied[0] != "00048_aws_group_names.sql" {
		t.Errorf("applied %v, %v", applied, err)
	}
	if err := st.CheckGate(t.Context()); err != nil {
		t.Error(err)
	}
}

// emptied is a database to which nothing was done, as its owner.
func emptied(t *testing.T) *store.Store {
	t.Helper()
	st := owned(t)
	if _, err := st.Pool().Exec(t.Context(), "drop schema public cascade; create schema public"); err != nil {
		t.Fatal(err)
	}
	return st
}

// applyAs applies the first 23 migrations and those that had the numbers, under them.
func applyAs(t *testing.T, st *store.Store, had []int64) {
	t.Helper()
	files := fstest.MapFS{}
	for n, name := range migrations.Numbers() {
		old := n
		if once[n] != 0 {
			old = once[n]
		}
		if n <= 29 && (old <= 23 || slices.Contains(had, old)) {
			files[fmt.Sprintf("%05d%s", old, name[5:])] = &fstest.MapFile{Data: migration(t, n)}
		}
	}
	up(t, st, files)
}

func migration(t *testing.T, n int64) []byte {
	t.Helper()
	text, err := fs.ReadFile(migrations.FS, migrations.Numbers()[n])
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func up(t *testing.T, st *store.Store, files fs.FS) {
	t.Helper()
	db, err := sql.Open("pgx", st.Pool().Config().ConnString())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	p, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// schemaOf is what a database is made of, a line a part, in order.
func schemaOf(t *testing.T, st *store.Store) (parts []string) {
	t.Helper()
	err := st.Pool().QueryRow(t.Context(), `select array_agg(part order by part collate "C") from (
		select table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || coalesce(' ' || column_default, '')
			from information_schema.columns where table_schema = 'public'
		union all select indexdef from pg_indexes where schemaname = 'public'
		union all select conrelid::regclass || ' ' || pg_get_constraintdef(oid) from pg_constraint where connamespace = 'public'::regnamespace
		union all select prosrc from pg_proc where pronamespace = 'public'::regnamespace) s (part)`).Scan(&parts)
	if err != nil {
		t.Fatal(err)
	}
	return parts
}
