package drill_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// release is a line of deploy/releases.
type release struct {
	version, commit string
	newest          int64 // its newest migration
}

var releaseLine = regexp.MustCompile(`^(\d+\.\d+\.\d+) ([0-9a-f]{40}) (\d+)$`)

// releases reads deploy/releases, oldest first.
func releases(t *testing.T) (all []release) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, "deploy", "releases"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		m := releaseLine.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("deploy/releases: %q is no line “VERSION COMMIT NEWEST-MIGRATION”", line)
		}
		newest, err := strconv.ParseInt(m[3], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, release{m[1], m[2], newest})
	}
	if len(all) == 0 {
		t.Fatal("deploy/releases names no release")
	}
	return all
}
