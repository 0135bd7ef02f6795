package embeddedpg

import (
	"io"
	"os"
	"regexp"
	"strings"
)

// maxSaid is how much of the end of the server's log is read for a reason.
const maxSaid = 64 << 10

// said is what the server's log holds from a place on, its last maxSaid bytes.
func (c *cluster) said(from int64) string {
	f, err := os.Open(c.serverLog())
	if err != nil {
		return ""
	}
	defer f.Close() //nolint:errcheck // only read
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	text, err := io.ReadAll(io.NewSectionReader(f, max(from, info.Size()-maxSaid), maxSaid))
	if err != nil {
		return ""
	}
	return string(text)
}

// complaint is a line of the server's log that says why something ended, for
// example "2026-11-30 22:10:03 UTC [4711] PANIC:  could not write …".
var complaint = regexp.MustCompile(`(?m)^.*?\b(PANIC|FATAL):\s+(.*)$`)

// passing are complaints about one connection, or of a moment: they do not say why
// a server ended.
var passing = []string{
	"terminating connection", "the database system is", `role "`, `database "`, "connection to client lost",
	"sorry, too many clients", "remaining connection slots", "terminating background worker", "password authentication", "no pg_hba.conf entry",
	"could not send", "canceling authentication", "terminating walreceiver", "terminating autovacuum", "unsupported frontend protocol",
}

// lastComplaint is why the server ended by its own words, in plain ones where they
// are known; empty when it did not say. A PANIC counts more than what followed it.
func lastComplaint(text string) string {
	found, panicked := "", false
	for _, m := range complaint.FindAllStringSubmatch(text, -1) {
		level, words := m[1], strings.TrimSpace(m[2])
		if isPassing(words) || panicked && level != "PANIC" {
			continue
		}
		found, panicked = words, level == "PANIC"
	}
	switch {
	case found == "":
		return beforeItsLog(text)
	case strings.Contains(found, "No space left on device"), strings.Contains(found, "Disk quota exceeded"):
		return "the disk of the database is full (PostgreSQL: " + found + ")"
	case strings.Contains(found, "Read-only file system"):
		return "the disk of the database can only be read (PostgreSQL: " + found + ")"
	case strings.Contains(found, "Input/output error"):
		return "the disk of the database fails (PostgreSQL: " + found + ")"
	}
	return "PostgreSQL says: " + found
}

func isPassing(words string) bool {
	for _, p := range passing {
		if strings.HasPrefix(words, p) {
			return true
		}
	}
	return false
}

// beforeItsLog is what the program complained of before it had a log, on several
// lines: "postgres: could not find the database system …".
func beforeItsLog(text string) string {
	_, words, found := strings.Cut("\n"+text, "\npostgres: ")
	if !found {
		return ""
	}
	return "PostgreSQL says: " + strings.Join(strings.Fields(words), " ")
}
