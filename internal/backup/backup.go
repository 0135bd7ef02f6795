// Package backup puts everything that Postern keeps into one file, and back.
//
// The file is an age file (https://age-encryption.org/v1) under a passphrase, which
// scrypt makes a key of, so that `age -d` opens it too. Within is a gzip stream of
// frames: a header, the secret key, then the rows of each table as PostgreSQL's COPY
// writes them, all of one snapshot. There is no SQL in it: tables come from the
// migrations of the program that restores, and names of tables and columns are
// compared with the database's own.
package backup

import (
	"errors"
	"time"
)

// Header says what a file is.
type Header struct {
	Format   int       `json:"format"`
	Made     time.Time `json:"made"`    // when
	Program  string    `json:"program"` // version of the Postern that made it
	Schema   int64     `json:"schema"`  // the newest migration that the database had
	Applied  []int64   `json:"applied"` // all of them
	KeyNamed string    `json:"key"`     // fingerprint of the key that the database names; empty: it has none yet
}

// Summary is what was written or read.
type Summary struct {
	Header
	Tables int
	Rows   int64
	Key    []byte // the content of the secret key file; empty: the database has none yet
}

const format = 1

var (
	// ErrPassphrase: the passphrase is another one, or the head of the file was changed.
	ErrPassphrase = errors.New("the passphrase is wrong, or the beginning of the file was changed")
	// ErrNoBackup: the file is something else.
	ErrNoBackup = errors.New("this is no backup of Postern, or its beginning was changed")
	// ErrDamaged: the file was changed after it was made, or its end is missing.
	ErrDamaged = errors.New("the file was changed, or its end is missing")
	// ErrNewer: the database in the file is for a newer program.
	ErrNewer = errors.New("the backup was made by a newer Postern")
	// ErrNotEmpty: there is something in the database already.
	ErrNotEmpty = errors.New("the database is not empty. A backup is restored only into one that nothing was put into")
)

// leftOut are tables whose rows are of a moment, or let somebody in who may not be
// let in any more: they are not in a backup, and a restore takes them from no file.
// Whoever was signed in signs in anew, apps read all of the directory anew.
var leftOut = map[string]bool{
	"sessions": true, "admin_sessions": true, "known_browsers": true, // who is signed in
	"requests": true, "oidc_requests": true, "arrivals": true, // what was begun
	"oidc_tokens": true, "crowd_sessions": true, // what apps were given
	"setup_links": true, "trace_links": true, "claim_tokens": true, // links that were handed out
}

// own are tables of which each database has its own: what migrations fill, and how far
// apps had read of the directory, by the transaction numbers of that database.
var own = map[string]bool{"goose_db_version": true, "schema": true, "heartbeat": true,
	"crowd_pruned": true, "crowd_events": true, "crowd_tokens": true}

// LeftOut tells whether a table's rows end with a restore.
func LeftOut(table string) bool { return leftOut[table] || own[table] }
