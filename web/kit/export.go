package kit

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Chosen says for the audit what an export was limited to, in plain text: people
// read it, and whoever is erased is found in it.
func Chosen(r *http.Request) string {
	query := r.URL.Query()
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if value := strings.Join(query[name], " "); value != "" {
			parts = append(parts, name+"="+value)
		}
	}
	return strings.Join(parts, "&")
}

const (
	ExportPage = 1000
)

// CSVTime writes a time in exports: RFC 3339 in UTC; empty for the zero time.
func CSVTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// HarmlessCell keeps a spreadsheet from running what somebody sent as a name:
// a cell that would begin a formula gets an apostrophe before it.
func HarmlessCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
