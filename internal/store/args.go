package store

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// named are the arguments of a statement by name. PostgreSQL refuses NUL and
// bad UTF-8 in texts, and both may come from a browser or from AWS; here is
// the one place that replaces them.
type named map[string]any

// RewriteQuery implements pgx.QueryRewriter.
func (n named) RewriteQuery(ctx context.Context, conn *pgx.Conn, sql string, args []any) (string, []any, error) {
	fit := make(pgx.NamedArgs, len(n))
	for name, v := range n {
		fit[name] = storable(v)
	}
	return fit.RewriteQuery(ctx, conn, sql, args)
}

func storable(v any) any {
	if list, ok := v.([]string); ok {
		fit := make([]string, len(list))
		for i, s := range list {
			fit[i] = replaceUnstorable(s)
		}
		return fit
	}
	if r := reflect.ValueOf(v); r.Kind() == reflect.String { // named string types, too
		return replaceUnstorable(r.String())
	}
	return v
}

func replaceUnstorable(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\uFFFD"), "\uFFFD")
}

// clean makes a text fit for PostgreSQL and limits its length in bytes. Keys
// are limited so that they fit into an index.
func clean(s string, limit int) string {
	s = replaceUnstorable(s)
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "")
	}
	return s
}

// toJSON is v as JSON that PostgreSQL takes: jsonb refuses NUL, even escaped. A
// nil pointer is null in the database.
func toJSON(v any) (*string, error) {
	data, err := json.Marshal(v)
	if err != nil || string(data) == "null" {
		return nil, err
	}
	text := replaceEscapedNUL(string(data))
	return &text, nil
}

func replaceEscapedNUL(data string) string {
	if !strings.Contains(data, `\u0000`) {
		return data
	}
	var b strings.Builder
	for i := 0; i < len(data); {
		n := 1
		switch {
		case strings.HasPrefix(data[i:], `\u0000`):
			b.WriteString(`\ufffd`)
			i += len(`\u0000`)
			continue
		case data[i] == '\\': // the escaped character belongs to it: `\\u0000` is no NUL
			n = 2
		}
		b.WriteString(data[i : i+n])
		i += n
	}
	return b.String()
}

func valueOrZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func nullTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
