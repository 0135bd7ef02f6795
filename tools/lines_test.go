package tools

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

const longestLine = 160 // characters, a tab counting as one

// structTag is a field with its tag, which Go cannot break.
var structTag = regexp.MustCompile("^\\s*\\w+\\s+[\\w.\\[\\]*]+\\s+`\\w+(-\\w+)*:\".*`$")

func TestLinesAreShort(t *testing.T) {
	t.Parallel()
	seen := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && (name == "node_modules" || strings.HasPrefix(name, ".") && name != "..") {
			return fs.SkipDir
		}
		ours := (strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_templ.go")) || strings.HasSuffix(name, ".templ")
		if d.IsDir() || !ours {
			return nil
		}
		seen++
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(text), "\n") {
			if n := utf8.RuneCountInString(line); n > longestLine && !structTag.MatchString(line) {
				t.Errorf("%s:%d has %d characters", path, i+1, n)
			}
		}
		return nil
	})
	if err != nil || seen < 100 {
		t.Fatalf("%d files, %v", seen, err)
	}
}
