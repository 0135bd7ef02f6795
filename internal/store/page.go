package store

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// Page asks for one page of a list. After is the cursor that the page before
// returned; a cursor that cannot be read means the first page.
type Page struct {
	Limit int // 0: 50; at most 1,000
	After string
}

const (
	defaultLimit = 50
	maxLimit     = 1000
)

func (p Page) limit() int {
	switch {
	case p.Limit <= 0:
		return defaultLimit
	case p.Limit > maxLimit:
		return maxLimit
	}
	return p.Limit
}

// cursor writes the sort key of the last row of a page.
func cursor(parts ...string) string {
	data, _ := json.Marshal(parts) // strings always marshal
	return base64.RawURLEncoding.EncodeToString(data)
}

// position reads a cursor of n parts.
func (p Page) position(n int) ([]string, bool) {
	data, err := base64.RawURLEncoding.DecodeString(p.After)
	if p.After == "" || err != nil {
		return nil, false
	}
	var parts []string
	if json.Unmarshal(data, &parts) != nil || len(parts) != n {
		return nil, false
	}
	return parts, true
}

// cursorTime reads a time from a cursor. Years that RFC 3339 can write and
// PostgreSQL cannot read are no times.
func cursorTime(s string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, s)
	return t, err == nil && t.UTC().Year() > 0
}

// cut returns the rows of one page and the cursor to the next. The query asked
// for one row more than the page has.
func cut[T any](rows []T, limit int, key func(T) []string) ([]T, string) {
	if len(rows) <= limit {
		return rows, ""
	}
	rows = rows[:limit]
	return rows, cursor(key(rows[limit-1])...)
}

// searchKey is what searches look into: the keys of several texts, one a line.
func searchKey(texts ...string) string {
	keys := make([]string, len(texts))
	for i, text := range texts {
		keys[i] = model.Key(text)
	}
	return strings.Join(keys, "\n")
}

// startsWith is a pattern of LIKE for a beginning.
func startsWith(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s) + "%"
}

// contains is a pattern of LIKE for a substring.
func contains(s string) string { return "%" + startsWith(s) }
