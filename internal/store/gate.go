package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postern-sso/postern/migrations"
)

// ErrOtherProgram: the database is for another version of the program than this
// one. What wraps it says which, and what to do.
var ErrOtherProgram = errors.New("this version of Postern cannot run on this database")

// schemaGate is what a database says about itself. A database from before it had
// a gate says nothing: everything is 0 but what is applied.
type schemaGate struct {
	version    int64 // the newest migration that it knows of
	minProgram int64 // the number of the oldest program that may run on it
	applied    int64 // the newest migration that was applied
}

// CheckGate says whether a program with this one's migrations may run on the
// database; it wraps ErrOtherProgram when not. One that nothing was done to yet,
// or that is older, may be migrated.
func (s *Store) CheckGate(ctx context.Context) error {
	applied, err := s.appliedMigrations(ctx)
	if err != nil {
		return err
	}
	var g schemaGate
	for n := range applied {
		g.applied = max(g.applied, n)
	}
	var gated bool
	if err := s.db.QueryRow(ctx, "select to_regclass('schema') is not null").Scan(&gated); err != nil {
		return err
	}
	if !gated {
		if renumbered(applied) {
			return errRenumbered
		}
		return g.judge(migrations.Newest(), false)
	}
	if err := s.db.QueryRow(ctx, "select version, min_program from schema").Scan(&g.version, &g.minProgram); err != nil {
		return fmt.Errorf("read which programs may run on the database: %w", mayNot(err))
	}
	return g.judge(migrations.Newest(), true)
}

// judge tells whether a program with this number may run.
func (g schemaGate) judge(program int64, gated bool) error {
	switch {
	case g.minProgram > program:
		return fmt.Errorf("%w: a newer one has changed it, and it wants one that knows migration %d; this one knows them up to %d. "+
			"Start the newer version", ErrOtherProgram, g.minProgram, program)
	case gated && g.applied > g.version, !gated && g.applied > program:
		return fmt.Errorf("%w: it has migration %d, which neither it nor this Postern knows of (they know them up to %d and %d). "+
			"Start the version that applied it, or restore the database from a backup", ErrOtherProgram, g.applied, g.version, program)
	}
	return nil
}

// errRenumbered: the database was made while the development version gave some
// migrations other numbers. The files are the same, so a statement mends it.
var errRenumbered = fmt.Errorf("%w: it was made by a version from before 0.1.0 in which some migrations had other numbers. "+
	"Make a backup, run this in the database as the role that owns its tables, and start again: %s", ErrOtherProgram, renumber)

const renumber = "update goose_db_version set version_id = case version_id when 26 then 25 when 27 then 26 when 28 then 27 " +
	"when 30 then 28 else 29 end where version_id in (26, 27, 28, 30, 31);"

// renumbered tells whether a database without a gate has numbers of before: they had no
// 25, the last of them was 31, and 28 came before 27 was there.
func renumbered(applied map[int64]bool) bool {
	return applied[31] && !applied[25] || applied[28] && !applied[27]
}

// appliedMigrations are the numbers of those that were applied; none before the
// first. Goose keeps a line for each and for each that was taken back.
func (s *Store) appliedMigrations(ctx context.Context) (map[int64]bool, error) {
	var begun bool
	if err := s.db.QueryRow(ctx, "select to_regclass('goose_db_version') is not null").Scan(&begun); err != nil || !begun {
		return nil, err
	}
	rows, err := s.db.Query(ctx, `select version_id from (select distinct on (version_id) version_id, is_applied
		from goose_db_version order by version_id, id desc) last where is_applied`)
	if err != nil {
		return nil, mayNot(err)
	}
	numbers, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	applied := make(map[int64]bool, len(numbers))
	for _, n := range numbers {
		applied[n] = true
	}
	return applied, mayNot(err)
}

// ErrMayNot: the role that runs has not got its rights.
var ErrMayNot = errors.New("the database's role may not do this yet. Run “console migrate” with --migrate-database-url as the role that owns the tables: " +
	"it makes them, and gives this role its rights")

// mayNot puts what to do before PostgreSQL's own "permission denied".
func mayNot(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "42501" { // insufficient_privilege
		return fmt.Errorf("%w (%w)", ErrMayNot, err)
	}
	return err
}
