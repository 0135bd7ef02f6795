package store

import (
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/puddle/v2"
)

// What callers tell apart. Anything else is a fault of the database.
var (
	ErrNotFound   = errors.New("not found")
	ErrConflict   = errors.New("changed by somebody else")
	ErrExists     = errors.New("exists already")
	ErrLastOwner  = errors.New("the last owner must stay")
	ErrUntested   = errors.New("the draft has not been tested")
	ErrLimit      = errors.New("too many wait already")
	ErrTransition = errors.New("the status does not allow this")

	// ErrNoConnection: an app names a connection that is not there.
	ErrNoConnection = errors.New("there is no such connection")

	ErrConsoleGroup = errors.New("members of a group may use the console, so an owner decides who they are")
)

// errTryAgain: somebody else's transaction came in between; a new one sees
// what it did.
var errTryAgain = errors.New("the data changed while they were read")

// taken says in words what each unique constraint protects.
var taken = map[string]string{
	"administrators_email_key_key":                       "another administrator has this email",
	"connections_slug_key":                               "another connection has this slug",
	"users_username_key_key":                             "another user has this username",
	"groups_name_key_key":                                "another group has this name",
	"sources_slug_key":                                   "another source has this slug",
	"rules_name_key_key":                                 "another rule has this name",
	"identities_external_id":                             "another user has this identity",
	"identities_name_id":                                 "another user has this identity",
	"identities_connection_id_idp_entity_id_user_id_key": "the user has another identity on this connection",
	"revisions_one_draft":                                "the connection has a draft",
	"revisions_one_live":                                 "the connection has a live revision",
}

// translate is the one place that reads PostgreSQL's error codes for callers.
func translate(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNotFound
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err
	}
	switch pg.Code {
	case "23505": // unique_violation
		if what, ok := taken[pg.ConstraintName]; ok {
			return fmt.Errorf("%w: %s (%w)", ErrExists, what, err)
		}
		return fmt.Errorf("%w (%w)", ErrExists, err)
	case "23503", "22P02": // foreign_key_violation, and an id that is none: what was named is not there
		return fmt.Errorf("%w (%w)", ErrNotFound, err)
	case "40001", "40P01": // serialization_failure, deadlock_detected
		return fmt.Errorf("%w (%w)", ErrConflict, err)
	default:
		return err
	}
}

// worthRetrying tells whether the same transaction may succeed when it is run
// again: somebody else was faster with the same row.
func worthRetrying(err error) bool {
	if errors.Is(err, errTryAgain) {
		return true
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	switch pg.Code {
	case "23505", "23503", "40001", "40P01": // unique and foreign key violation, serialization failure, deadlock
		return true
	}
	return false
}

// Unreachable tells whether the database did not answer, or answered that it cannot
// work now: a request that failed so may succeed later.
func Unreachable(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		class := pg.Code[:min(2, len(pg.Code))]
		// Connection exception, insufficient resources, operator intervention; read_only_sql_transaction.
		return class == "08" || class == "53" || class == "57" || pg.Code == "25006"
	}
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || pgconn.SafeToRetry(err) || pgconn.Timeout(err) ||
		errors.Is(err, puddle.ErrClosedPool) || errors.Is(err, io.ErrUnexpectedEOF)
}
