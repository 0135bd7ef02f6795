package kit_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/postern-sso/postern/web/kit"
)

var recorded = regexp.MustCompile(`"([a-z_]+)\.([a-z_]+(?:\.[a-z_]+)?)"`)

// An action that has no words would show as it is recorded, with its underscores gone.
func TestEveryActionHasItsWords(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../internal/store/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	n := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, m := range recorded.FindAllStringSubmatch(string(data), -1) {
			if kit.AuditSubjects[m[1]] == "" || strings.HasSuffix(m[2], "_") {
				continue // no action, or the beginning of several
			}
			n++
			if action := m[1] + "." + m[2]; !kit.HasVerb(m[2]) && !strings.HasPrefix(kit.ActionWords(action), "Import") {
				t.Errorf("%s: %q shows as %q", file, action, kit.ActionWords(action))
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d actions were found", n)
	}
}
