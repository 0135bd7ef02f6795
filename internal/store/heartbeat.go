package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// What keeps a database from taking what is written, as far as callers tell it
// apart.
var (
	ErrReadOnly = errors.New("the database is read-only")
	ErrDiskFull = errors.New("the disk of the database is full")
)

// Beat commits the time, as a login commits what it changes, and returns it. It
// fails with ErrReadOnly or ErrDiskFull where PostgreSQL says so, or said the latter to
// something else a moment ago.
func (s *Store) Beat(ctx context.Context) (at time.Time, err error) {
	err = s.db.QueryRow(ctx, "update heartbeat set at = clock_timestamp() returning at").Scan(&at)
	var pg *pgconn.PgError
	if err == nil && s.full.lately() {
		return at, fmt.Errorf("%w: a statement of this process found no room within the last %s", ErrDiskFull, fullFor)
	}
	if !errors.As(err, &pg) {
		return at, err
	}
	switch pg.Code {
	case "25006": // read_only_sql_transaction
		return at, fmt.Errorf("%w (%w)", ErrReadOnly, err)
	case "53100": // disk_full
		return at, fmt.Errorf("%w (%w)", ErrDiskFull, err)
	}
	return at, err
}
