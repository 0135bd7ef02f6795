package tools

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// attribute is an attribute of an element, which no person reads.
var attribute = regexp.MustCompile(`[\w-]+={[^}]*}`)

// nameOfNumber is where a number is a name, a place in a list or a part of an address.
var nameOfNumber = regexp.MustCompile(`[Rr]evision|Bring back|Head: "(Number|Line|Answer)"|>Line |step |` +
	`FieldID|"?[a-z]+"? ?\+ ?"?-" \+|"[a-z]*-" ?\+|Value: |` +
	`(App|Source)Action|"number", |"%"|{ Itoa\(i \+ 1\) }|Do this, number`)

// What people read as a count is written by model.Number, so that no page says
// "20000 users": in templates, other ways to write a number stand where no person
// reads them.
func TestCountsAreWrittenByNumber(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../templates/*/*")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_templ.go") || strings.HasSuffix(file, "_test.go") || filepath.Base(file) == "text.go" || filepath.Base(file) == "chart.go" {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(source), "\n") {
			if read := attribute.ReplaceAllString(line, ""); strings.Contains(read, "Itoa(") && !nameOfNumber.MatchString(read) {
				t.Errorf("%s:%d writes a number without its thousands; use ui.Number or ui.Count: %s", file, i+1, strings.TrimSpace(line))
			}
		}
	}
}
