// Package deploy holds tests of what people install: it is made by tools/release,
// looked at by programs that nobody here wrote, and started as far as this can be
// done without an engine and without systemd.
package deploy

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/postern-sso/postern/internal/store/storetest"
)

const (
	version = "1.2.3-tested"
	commit  = "0123456789abcdef0123456789abcdef01234567"
	epoch   = "1750000000" // 2025-06-15 15:06:40 UTC
)

// made is what tools/release makes of the source as it is, once for all tests.
var made = struct { //nolint:gochecknoglobals // it takes long, and tests only read it
	sync.Once
	folder string
	err    error
}{}

func TestMain(m *testing.M) {
	storetest.Main(m, func() { _ = os.RemoveAll(made.folder) })
}

// release is the folder with what was made.
func release(t *testing.T) string {
	t.Helper()
	made.Do(func() {
		copyOfSource(t) // it reads everything, so that "go test" knows what the result depends on
		if made.folder, made.err = os.MkdirTemp("", "postern-dist-"); made.err == nil {
			made.err = makeRelease(t, "..", made.folder)
		}
	})
	if made.err != nil {
		t.Fatal(made.err)
	}
	return made.folder
}

// makeRelease makes everything for this machine's architecture, of the source in a folder.
func makeRelease(t *testing.T, source, to string) error {
	t.Helper()
	root, err := filepath.Abs(source)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(t.Context(), "go", "run", "-C", filepath.Join(root, "tools", "release"), ".",
		"-root", root, "-out", to, "-version", version, "-commit", commit, "-arch", runtime.GOARCH)
	cmd.Env = append(os.Environ(), "SOURCE_DATE_EPOCH="+epoch)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Logf("make release: %s", out)
		return err
	}
	return nil
}

// output runs a program and returns what it prints.
func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// need skips a test for want of a program, or fails it where every program must
// be there. scripts/setup-peers installs them.
func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err == nil {
			continue
		}
		if os.Getenv("REQUIRE_PEERS") == "1" {
			t.Fatalf("%s is not here", p)
		}
		t.Skipf("%s is not here", p)
	}
}

// socket is the file by which the tests' PostgreSQL is reached, and the URL of a
// database of the test's own when that file lies in folder.
func socket(t *testing.T, folder string) (file, address string) {
	t.Helper()
	u, err := url.Parse(storetest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	dir := query.Get("host")
	if dir == "" {
		t.Skip("the PostgreSQL of TEST_DATABASE_URL has no socket here")
	}
	query.Set("host", folder)
	u.RawQuery = query.Encode()
	return filepath.Join(dir, ".s.PGSQL.5432"), u.String()
}
