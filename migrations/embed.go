// Package migrations holds the SQL files that build the database, in order.
// A released file never changes; a correction is a new file.
package migrations

import "embed"

// FS holds the SQL files.
//
//go:embed *.sql
var FS embed.FS
