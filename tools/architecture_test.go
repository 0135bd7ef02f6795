package tools

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every folder with code has its row in ARCHITECTURE.md, or stands below one that
// has, and every path that the page names is there.
func TestArchitectureHasEveryPackage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, m := range regexp.MustCompile("`([a-z]+(?:/[\\w.-]+)*)`").FindAllStringSubmatch(string(page), -1) {
		named[m[1]] = true
	}
	for _, top := range []string{"cmd", "internal", "web", "templates", "migrations", "docs", "scripts"} {
		err := filepath.WalkDir(filepath.Join("..", top), func(file string, _ fs.DirEntry, err error) error {
			if folder := path.Dir(strings.TrimPrefix(filepath.ToSlash(file), "../")); strings.HasSuffix(file, ".go") && !hasRow(named, folder) {
				t.Errorf("ARCHITECTURE.md has no row for %s", folder)
				named[folder] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name := range named {
		top, rest, _ := strings.Cut(name, "/")
		if _, err := os.Stat("../" + top); err != nil || rest == "" || strings.Contains(name, "ROOM") || strings.Contains(name, "NNNNN") {
			continue // not a path, or one with a place to fill in
		}
		if _, err := os.Stat("../" + name); err != nil {
			t.Errorf("ARCHITECTURE.md names %s, and it is not there", name)
		}
	}
}

// hasRow tells whether the page names the folder or one above it. Of the tree's
// two big folders each has rows of its own.
func hasRow(named map[string]bool, folder string) bool {
	for ; folder != "." && folder != "/"; folder = path.Dir(folder) {
		if named[folder] {
			return true
		}
		if parent := path.Dir(folder); parent == "web" || parent == "internal" {
			return false
		}
	}
	return false
}
