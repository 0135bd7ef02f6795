package tools

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	databaseURL = regexp.MustCompile(`postgres(?:ql)?://(?:\$\{[^}]*\}|[^\s'"` + "`" + `<>|)])*`)
	// notAnExample is where an address stands for any, and is none to copy.
	notAnExample = map[string]string{"docs/mutation.md": "a database of the tests"}
)

// Every address of a database that somebody may copy says whether TLS is wanted:
// without sslmode, a server that offers none is talked to in the clear.
func TestEveryDatabaseURLSaysWhetherTLS(t *testing.T) {
	t.Parallel()
	examples := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, base := strings.TrimPrefix(filepath.ToSlash(path), "../"), d.Name()
		if d.IsDir() {
			if base == "node_modules" || base == "testdata" || base == "dist" || base == "data" || strings.HasPrefix(base, ".") && path != ".." {
				return fs.SkipDir
			}
			return nil
		}
		if ext := filepath.Ext(base); ext == ".go" || ext == ".sum" || !d.Type().IsRegular() || notAnExample[name] != "" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(text), "postgres") {
			return err
		}
		for _, address := range databaseURL.FindAllString(string(text), -1) {
			examples++
			mode := regexp.MustCompile(`[?&]sslmode=([\w-]+)`).FindStringSubmatch(address)
			local := regexp.MustCompile(`[@/](localhost|127\.0\.0\.1|postgres|pgbouncer)[:/]|[?&]host=/`).MatchString(address)
			switch {
			case mode == nil:
				t.Errorf("%s: %s does not say sslmode", name, address)
			case mode[1] != "verify-full" && !local:
				t.Errorf("%s: %s leaves open to whom the password goes", name, address)
			}
		}
		return nil
	})
	if err != nil || examples < 6 {
		t.Errorf("%d addresses, %v", examples, err)
	}
}
