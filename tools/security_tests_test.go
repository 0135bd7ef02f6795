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

// tests are the names of all tests of the project.
func tests(t *testing.T) map[string]bool {
	t.Helper()
	there := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && (name == "node_modules" || (strings.HasPrefix(name, ".") && path != "..")) {
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
	return there
}

// namesTestsThatExist fails for every test that a document names, and that is
// not there.
func namesTestsThatExist(t *testing.T, document string, least int) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(document)))
	if err != nil {
		t.Fatal(err)
	}
	there := tests(t)
	named := regexp.MustCompile("`(Test\\w+)[`/ ]").FindAllStringSubmatch(string(text), -1)
	if len(named) < least {
		t.Errorf("%s names only %d tests", document, len(named))
	}
	for _, m := range named {
		if !there[m[1]] {
			t.Errorf("%s names %s, and there is no such test", document, m[1])
		}
	}
}

// Every test that ARCHITECTURE.md promises exists.
func TestArchitectureNamesTestsThatExist(t *testing.T) {
	t.Parallel()
	namesTestsThatExist(t, "ARCHITECTURE.md", 20)
}

// Every case that went wrong once has a test that is there.
func TestEveryCaseHasItsTest(t *testing.T) {
	t.Parallel()
	namesTestsThatExist(t, "docs/cases.md", 0)
}

// Every test that docs/security-tests.md names exists, every class has one, and
// every test named after a class is in the table.
func TestSecurityTableIsTrue(t *testing.T) {
	t.Parallel()
	root := ".."
	table, err := os.ReadFile(filepath.Join(root, "docs", "security-tests.md"))
	if err != nil {
		t.Fatal(err)
	}
	there := tests(t)
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
