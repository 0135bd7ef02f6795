package deploy

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func debFile(t *testing.T) string {
	t.Helper()
	return filepath.Join(release(t), "postern_"+strings.Replace(version, "-", "~", 1)+"_"+runtime.GOARCH+".deb")
}

// dpkg, which is not ours, reads the package: everything belongs to root, and the
// file with passwords is for root alone and is kept when it was changed.
func TestRow29DebHoldsWhatItShould(t *testing.T) {
	t.Parallel()
	need(t, "dpkg-deb")
	fields := output(t, "dpkg-deb", "--field", debFile(t))
	for _, line := range []string{"Package: postern", "Version: 1.2.3~tested", "Architecture: " + runtime.GOARCH, "Depends: ca-certificates, passwd"} {
		if !strings.Contains("\n"+fields, "\n"+line+"\n") {
			t.Errorf("no %q in\n%s", line, fields)
		}
	}
	if kept := output(t, "dpkg-deb", "--info", debFile(t), "conffiles"); strings.TrimSpace(kept) != "/etc/postern/postern.env" {
		t.Errorf("kept when it was changed is %q", kept)
	}
	modes := map[string]string{}
	for line := range strings.Lines(output(t, "dpkg-deb", "--contents", debFile(t))) {
		f := strings.Fields(line)
		if f[1] != "root/root" {
			t.Errorf("not root's: %s", line)
		}
		if !strings.HasSuffix(f[5], "/") {
			modes[strings.TrimPrefix(f[5], ".")] = f[0]
		}
	}
	const doc = "/usr/share/doc/postern/"
	want := map[string]string{"/usr/bin/console": "-rwxr-xr-x", "/usr/lib/systemd/system/postern.service": "-rw-r--r--", "/etc/postern/postern.env": "-rw-r-----",
		doc + "copyright": "-rw-r--r--", doc + "NOTICE": "-rw-r--r--", doc + "configuration.md": "-rw-r--r--", doc + "roles.sql": "-rw-r--r--"}
	if !maps.Equal(modes, want) {
		t.Errorf("it holds %v", modes)
	}
}

// The unit is one that systemd understands, and systemd's own judge finds that it
// exposes little. Its command need not be here.
func TestRow29UnitIsHardened(t *testing.T) {
	t.Parallel()
	need(t, "systemd-analyze")
	text, err := os.ReadFile("deb/postern.service")
	if err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(t.TempDir(), "postern.service")
	if err := os.WriteFile(unit, []byte(strings.Replace(string(text), "/usr/bin/console", "/bin/true", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(output(t, "systemd-analyze", "verify", "--man=no", unit)) {
		if strings.Contains(line, "postern") { // what is wrong with other units is not ours
			t.Error(line)
		}
	}
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", "security", "--offline=true", "--threshold=20", unit).CombinedOutput()
	if err != nil {
		t.Errorf("it exposes more than 2.0: %v\n%s", err, out)
	}
}

// The variables in the file are known to what the unit starts.
func TestUnitsVariablesAreKnown(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("deb/postern.env")
	if err != nil {
		t.Fatal(err)
	}
	help := output(t, filepath.Join(unpacked(t), "console"), "serve", "--help")
	found := regexp.MustCompile(`(?m)^#?(POSTERN_\w+)='[^']*'$`).FindAllStringSubmatch(string(text), -1)
	for _, m := range found {
		if !strings.Contains(help, "$"+m[1]) {
			t.Errorf("serve does not read %s", m[1])
		}
	}
	if n := strings.Count(string(text), "POSTERN_"); n != len(found) || n < 7 {
		t.Errorf("%d variables, %d of them in quotes", n, len(found))
	}
}

// The package is installed, configured, started as its unit says, installed anew
// and purged, by dpkg, in a copy of this machine that ends with the test.
func TestRow29DebIsInstalledAndRuns(t *testing.T) {
	t.Parallel()
	need(t, "dpkg", "systemd-analyze")
	if os.Getuid() != 0 {
		t.Skip("only root can install a package, and so make the copy of this machine to install it in")
	}
	prefix := namespaced(t)
	deb := debFile(t)
	file, database := socket(t, "/run/postgresql")
	line := slices.Concat(prefix, []string{"sh", "testdata/deb.sh", t.TempDir(), deb, file})
	cmd := exec.CommandContext(t.Context(), line[0], line[1:]...)
	address := freeAddress(t)
	cmd.Env = append(os.Environ(), "ADDRESS="+address, "DATABASE="+database)
	var log strings.Builder
	cmd.Stderr = &log
	out, err := cmd.Output()
	if err != nil && strings.Contains(log.String(), "mount") && !strings.Contains(string(out), "account=") {
		t.Skipf("a copy of this machine's files cannot be laid over them here: %s", log.String())
	}
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, log.String())
	}
	want := []string{"account=/var/lib/postern:/usr/sbin/nologin", "settings=640 root", "folder=700 postern postern", "unit=0", "private=yes 0 700 postern",
		"ready=yes", "health=ok", "key=600 postern",
		"doctor=1", "ended=0", "kept=1", "purged=0", "left=600 postern"}
	if got := strings.Split(strings.TrimSpace(string(out)), "\n"); !slices.Equal(got, want) {
		t.Errorf("it said\n%s\n%s", out, log.String())
	}
}
