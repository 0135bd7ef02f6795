package deploy

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// names of what is made, but for checksums.
func names() []string {
	v, arch := version, runtime.GOARCH
	return []string{"postern-" + v + "-image-" + arch + ".tar", "postern-" + v + "-linux-" + arch + ".cdx.json", "postern-" + v + "-linux-" + arch + ".tar.gz",
		"postern-chart-" + v + ".tgz", "postern_" + strings.Replace(v, "-", "~", 1) + "_" + arch + ".deb"}
}

func TestReleaseIsComplete(t *testing.T) {
	t.Parallel()
	var got []string
	entries, err := os.ReadDir(release(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if want := append([]string{"SHA256SUMS"}, names()...); !slices.Equal(got, want) {
		t.Errorf("made are %v, want %v", got, want)
	}
	cmd := exec.CommandContext(t.Context(), "sha256sum", "--check", "--strict", "SHA256SUMS")
	cmd.Dir = release(t)
	if out, err := cmd.CombinedOutput(); err != nil || strings.Count(string(out), ": OK\n") != len(names()) {
		t.Errorf("%v\n%s", err, out)
	}
}

// The same source gives the same bytes, whatever folder it is in.
func TestRow29Reproducible(t *testing.T) {
	t.Parallel()
	elsewhere, out := copyOfSource(t), t.TempDir()
	if err := makeRelease(t, elsewhere, out); err != nil {
		t.Fatal(err)
	}
	for _, name := range append(names(), "SHA256SUMS") {
		one, err := os.ReadFile(filepath.Join(release(t), name))
		if err != nil {
			t.Fatal(err)
		}
		other, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(one, other) {
			t.Errorf("%s is another one when it is made in another folder", name)
		}
	}
}

// copyOfSource is the source without what git ignores, and without history.
func copyOfSource(t *testing.T) string {
	t.Helper()
	to := t.TempDir()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel("..", path)
		if err != nil || name == "." {
			return err
		}
		if d.IsDir() {
			if strings.HasPrefix(d.Name(), ".") && d.Name() != ".ci" || slices.Contains([]string{"node_modules", "bin", "data", "dist"}, name) {
				return fs.SkipDir
			}
			return os.Mkdir(filepath.Join(to, name), 0o755)
		}
		if !d.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), text, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// unpacked is the archive of the program, unpacked.
func unpacked(t *testing.T) string {
	t.Helper()
	to := t.TempDir()
	name := "postern-" + version + "-linux-" + runtime.GOARCH
	output(t, "tar", "--extract", "--file", filepath.Join(release(t), name+".tar.gz"), "--directory", to)
	return filepath.Join(to, name)
}

func TestArchive(t *testing.T) {
	t.Parallel()
	folder := unpacked(t)
	said := output(t, filepath.Join(folder, "console"), "version")
	if !strings.Contains(said, "postern "+version+"\n") || !strings.Contains(said, "commit "+commit+"\n") {
		t.Errorf("it says of itself\n%s", said)
	}
	for _, name := range []string{"LICENSE", "NOTICE", "configuration.md", "postern.env", "postern.service", "roles.sql"} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Mode() != 0o644 || info.ModTime().Unix() != 1750000000 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// listedPart is one of the list of parts.
type listedPart struct {
	Purl     string
	Licenses []struct{ License struct{ ID string } }
}

// The list of parts names every module that the program itself names, with a
// license for each, and what came from npm.
func TestRow29EveryPartIsListed(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(release(t), "postern-"+version+"-linux-"+runtime.GOARCH+".cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		BOMFormat, SpecVersion, SerialNumber string
		Metadata                             struct {
			Timestamp string
			Component struct{ Name, Version string }
		}
		Components []listedPart
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	if list.BOMFormat != "CycloneDX" || list.Metadata.Component.Version != version || list.Metadata.Timestamp != "2025-06-15T15:06:40Z" {
		t.Errorf("it is of %+v", list.Metadata)
	}
	listed := map[string]bool{}
	for _, c := range list.Components {
		listed[c.Purl] = true
		if len(c.Licenses) == 0 || c.Licenses[0].License.ID == "" {
			t.Errorf("%s has no license", c.Purl)
		}
	}
	info, err := buildinfo.ReadFile(filepath.Join(unpacked(t), "console"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"pkg:npm/htmx.org@", "pkg:npm/%40tabler/core@", "pkg:golang/std@" + strings.TrimPrefix(info.GoVersion, "go")}
	for _, m := range info.Deps {
		want = append(want, "pkg:golang/"+m.Path+"@"+m.Version)
	}
	for _, w := range want {
		if !slices.ContainsFunc(list.Components, func(c listedPart) bool {
			return c.Purl == w || strings.HasSuffix(w, "@") && strings.HasPrefix(c.Purl, w)
		}) {
			t.Errorf("%s is not listed", w)
		}
	}
	if len(info.Deps) < 30 || len(listed) != len(list.Components) {
		t.Errorf("%d modules, %d listed, %d of them different", len(info.Deps), len(list.Components), len(listed))
	}
}
