package embeddedpg

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fakeServer makes a folder with programs that only know their version.
func fakeServer(t *testing.T, dir, version string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\necho 'postgres (PostgreSQL) " + version + "'\n"
	for _, name := range []string{"postgres", "initdb"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// fakeData makes a folder that looks like a cluster of a version.
func fakeData(t *testing.T, version string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "PG_VERSION"), []byte(version+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestFindAllOrder(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	nine := fakeServer(t, filepath.Join(base, "9", "bin"), "9.6.24")
	ten := fakeServer(t, filepath.Join(base, "10", "bin"), "10.1")
	extra := fakeServer(t, filepath.Join(base, "extra"), "12.1")
	if err := os.MkdirAll(filepath.Join(base, "11", "bin"), 0o755); err != nil { // no programs in it
		t.Fatal(err)
	}

	dirs, err := findAll(extra, []string{base + "/*/bin"})
	if err != nil {
		t.Fatal(err)
	}
	if dirs[0] != extra {
		t.Errorf("first is %s, want the folder asked for, %s", dirs[0], extra)
	}
	if got, want := strings.Join(dirs[len(dirs)-2:], " "), ten+" "+nine; got != want {
		t.Errorf("last are %s, want %s", got, want)
	}
}

func TestChooseBinaries(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	v17 := fakeServer(t, filepath.Join(base, "17"), "17.2 (Debian 17.2-1)")
	v15 := fakeServer(t, filepath.Join(base, "15"), "15.18")
	both := []string{v17, v15}

	for name, c := range map[string]struct{ data, want string }{
		"new cluster takes the first":          {t.TempDir(), v17},
		"old cluster takes its own version":    {fakeData(t, "15"), v15},
		"new version's cluster takes that one": {fakeData(t, "17"), v17},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := chooseBinaries(t.Context(), both, c.data)
			if err != nil || got != c.want {
				t.Errorf("got %s, %v, want %s", got, err, c.want)
			}
		})
	}
}

func TestClusterOfAnotherVersion(t *testing.T) {
	t.Parallel()
	needServer(t)
	dataDir := passableDir(t)
	data := filepath.Join(dataDir, homeName, clusterName)
	if err := os.MkdirAll(data, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte("8\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if a, err := unprivileged(); os.Geteuid() == 0 && err == nil {
		if err := os.Chown(data, int(a.uid), int(a.gid)); err != nil {
			t.Fatal(err)
		}
	}
	_, err := Start(testContext(t), Options{DataDir: dataDir})
	var version *VersionError
	if !errors.As(err, &version) {
		t.Fatalf("got %v, want a VersionError", err)
	}
	if version.Cluster != 8 || len(version.Installed) == 0 {
		t.Errorf("got %+v", version)
	}
	if !strings.Contains(err.Error(), "console database upgrade") {
		t.Errorf("the error does not name the command: %v", err)
	}
}

func TestNoServerPrograms(t *testing.T) {
	t.Parallel()
	dataDir := filepath.Join(t.TempDir(), "data")
	cmd := exec.CommandContext(testContext(t), os.Args[0])
	cmd.Env = []string{"PATH=/nonexistent", helperVariable + "=" + dataDir}
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatalf("it started: %s", out)
	}
	for _, want := range []string{"apt-get install postgresql", "dnf install postgresql-server", "apk add postgresql",
		"brew install postgresql", "--database-url"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the message does not say %q:\n%s", want, out)
		}
	}
}
