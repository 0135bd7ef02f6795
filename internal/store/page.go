package store

import (
	"encoding/base64"
	"encoding/json"
	"strings"
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

// cut returns the rows of one page and the cursor to the next. The query asked
// for one row more than the page has.
func cut[T any](rows []T, limit int, key func(T) []string) ([]T, string) {
	if len(rows) <= limit {
		return rows, ""
	}
	rows = rows[:limit]
	return rows, cursor(key(rows[limit-1])...)
}

// contains is a pattern of LIKE for a substring.
func contains(s string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s) + "%"
}

// clean makes a text fit for PostgreSQL, which refuses NUL and bad UTF-8, and
// limits its length in bytes.
func clean(s string, limit int) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\uFFFD"), "\uFFFD")
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "")
	}
	return s
}
