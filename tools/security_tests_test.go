package tools

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Every test that docs/security-tests.md names exists, every class has one, and
// every test named after a class is in the table.
func TestSecurityTableIsTrue(t *testing.T) {
	t.Parallel()
	root := ".."
	table, err := os.ReadFile(filepath.Join(root, "docs", "security-tests.md"))
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && (name == "node_modules" || (strings.HasPrefix(name, ".") && path != root)) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		source, err := os.ReadFile(path)
		for _, m := range function.FindAllSubmatch(source, -1) {
			there[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	rows := map[int]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| (\d+) \|.*$`).FindAllStringSubmatch(string(table), -1) {
		n, err := strconv.Atoi(row[1])
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(row[0], -1) {
			rows[n], named[m[1]] = true, true
			if !there[m[1]] {
				t.Errorf("row %d names %s, and there is no such test", n, m[1])
			}
		}
	}
	for n := range 22 {
		if !rows[n] {
			t.Errorf("row %d names no test", n)
		}
	}
	for name := range there {
		if regexp.MustCompile(`^TestRow\d\d`).MatchString(name) && !named[name] {
			t.Errorf("%s is in no row", name)
		}
	}
}
