package csvimport

import (
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/bodytest"
)

func files() map[string]bodytest.Body {
	repeated := func(before, inner, after string) bodytest.Body {
		return func(n int) []byte { return []byte(before + strings.Repeat(inner, n*24000/len(inner)) + after) }
	}
	return map[string]bodytest.Body{
		"rows":           repeated("username,email,groups\n", "alice,alice@example.com,staff\n", ""),
		"bad rows":       repeated("username,email\n", "al ice,nobody\n", ""),
		"rows in CR":     repeated("username,email\r", "alice,alice@example.com\r", ""),
		"columns":        repeated("username,", "odd,", "email\nalice\n"),
		"cells":          repeated("username,email\n", "a,", "b\n"),
		"one cell":       repeated("username,email\n", "a", ",b\n"),
		"one quoted":     repeated("username,email\n\"", "a\n", "\",b\n"),
		"open quotes":    repeated("username,email\n", "\"a\n", ""),
		"groups":         repeated("username,groups\nalice,\"", "staff;", "\"\n"),
		"empty lines":    repeated("username\n", "\n", ""),
		"no-break space": repeated("username\n", "\u00a0", "alice\n"),
		"Windows-1252":   repeated("username,display_name\n", "j,J\xfcrgen\n", ""),
	}
}

func readFile(data []byte) {
	f := Parse(data)
	_, _ = Plan(f, map[string]Known{}, map[string]string{})
}

func TestRow30Files(t *testing.T) { //nolint:paralleltest // it counts what the process allocates
	for name, body := range files() { //nolint:paralleltest // see above
		t.Run(name, func(t *testing.T) { bodytest.Linear(t, body, readFile) })
	}
}

func BenchmarkRow30Files(b *testing.B) {
	for name, body := range files() {
		b.Run(name, func(b *testing.B) { bodytest.Bench(b, body, readFile) })
	}
}
