package migrations

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// gateSince is the first migration after the one that made the gate.
const gateSince = 31

var (
	setsVersion = regexp.MustCompile(`(?i)update\s+schema\s+set\s+version\s*=\s*greatest\(version,\s*(\d+)\)`)
	setsLeast   = regexp.MustCompile(`(?i)min_program\s*=\s*(.*)`)
	least       = regexp.MustCompile(`^greatest\(min_program,\s*(\d+)\)`)
)

// A program that finds migrations above the database's version refuses it, so
// every migration says its own number; and none shuts out the program that
// applies it.
func TestEveryMigrationSaysItsNumber(t *testing.T) {
	t.Parallel()
	for n, name := range Numbers() {
		text, err := FS.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			t.Errorf("%s begins with no number", name)
		}
		if n < gateSince {
			continue
		}
		up, _, _ := strings.Cut(string(text), "-- +goose Down")
		said := setsVersion.FindAllStringSubmatch(up, -1)
		if len(said) != 1 || said[0][1] != strconv.FormatInt(n, 10) {
			t.Errorf("%s: want “update schema set version = greatest(version, %d);” once in its Up", name, n)
		}
		for _, m := range setsLeast.FindAllStringSubmatch(up, -1) {
			number := least.FindStringSubmatch(m[1])
			if number == nil {
				t.Errorf("%s sets min_program to %q, want greatest(min_program, N)", name, m[1])
				continue
			}
			if program, err := strconv.ParseInt(number[1], 10, 64); err != nil || program > n {
				t.Errorf("%s shuts out programs below %s, and so its own", name, number[1])
			}
		}
		if strings.Contains(string(text), "no transaction") {
			t.Errorf("%s runs without a transaction: its number and what it does would not come together", name)
		}
	}
	if Newest() < gateSince-1 {
		t.Errorf("the newest is %d", Newest())
	}
}
