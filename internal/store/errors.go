package store

import (
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// What callers tell apart. Anything else is a fault of the database.
var (
	ErrNotFound   = errors.New("not found")
	ErrConflict   = errors.New("changed by somebody else")
	ErrExists     = errors.New("exists already")
	ErrLastOwner  = errors.New("the last owner must stay")
	ErrUntested   = errors.New("the draft has not been tested")
	ErrTransition = errors.New("the status does not allow this")
)

// translate is the one place that reads PostgreSQL's error codes.
func translate(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNotFound
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err
	}
	switch pg.Code {
	case "23505": // unique_violation
		return errors.Join(ErrExists, err)
	case "23503", "22P02": // foreign_key_violation, and an id that is none: what was named is not there
		return errors.Join(ErrNotFound, err)
	default:
		return err
	}
}

// worthRetrying tells whether the same transaction may succeed when it is run
// again: somebody else was faster with the same row.
func worthRetrying(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	switch pg.Code {
	case "23505", "40001", "40P01": // unique violation, serialization failure, deadlock
		return true
	}
	return false
}
