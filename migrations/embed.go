// Package migrations holds the SQL files that build the database, in order.
// A released file never changes; a correction is a new file.
package migrations

import (
	"embed"
	"io/fs"
	"strconv"
	"strings"
)

// FS holds the SQL files.
//
//go:embed *.sql
var FS embed.FS

// Numbers are the files by the number that their names begin with. A name without
// one has number 0.
func Numbers() map[int64]string {
	names, err := fs.Glob(FS, "*.sql")
	if err != nil {
		panic(err) // the pattern is good
	}
	all := make(map[int64]string, len(names))
	for _, name := range names {
		digits, _, _ := strings.Cut(name, "_")
		n, _ := strconv.ParseInt(digits, 10, 64) // of no number it is 0
		all[n] = name
	}
	return all
}

// Newest is the number of the newest file, and the number of a program that has
// these files: by it a database says which programs may run on it.
func Newest() int64 {
	var newest int64
	for n := range Numbers() {
		newest = max(newest, n)
	}
	return newest
}
