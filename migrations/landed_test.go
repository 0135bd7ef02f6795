package migrations

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// What has landed may have been applied somewhere, so it is never edited, renumbered
// or taken away; a correction is a new file. The table has a line for each file, and
// only gets longer.
func TestLandedMigrationsStayAsTheyAre(t *testing.T) {
	t.Parallel()
	table, err := os.ReadFile("testdata/landed.txt")
	if err != nil {
		t.Fatal(err)
	}
	landed, last := map[string]string{}, ""
	for line := range strings.Lines(string(table)) {
		name, sum, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if !ok || name <= last {
			t.Errorf("testdata/landed.txt: %q is no line “NAME SHA-256”, or not in order", line)
		}
		landed[name], last = sum, name
	}
	for number, name := range Numbers() {
		text, err := FS.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(text)
		switch is := hex.EncodeToString(sum[:]); landed[name] {
		case is:
		case "":
			t.Errorf("a new migration needs a line in migrations/testdata/landed.txt (one that landed keeps its number):\n%s %s", name, is)
		default:
			t.Errorf("%s has landed and was changed; a correction is a new file with a number above %d", name, number)
		}
		delete(landed, name)
	}
	for name := range landed {
		t.Errorf("%s has landed and is gone, or has another number", name)
	}
}

// Two files with one number would be one migration to the database.
func TestNoNumberIsGivenTwice(t *testing.T) {
	t.Parallel()
	files, err := FS.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(Numbers()) {
		t.Errorf("%d files have %d numbers", len(files), len(Numbers()))
	}
}
