// Package tools pins the development tools in a module of its own, so that
// their many dependencies stay out of Postern's, and checks the files that no
// compiler reads: go.mod, Dockerfile and docker-compose.yml.
package tools

import (
	"os"
	"testing"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

func requirements(t *testing.T, path string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := modfile.Parse(path, text, nil)
	if err != nil {
		t.Fatal(err)
	}
	versions := map[string]string{}
	for _, r := range file.Require {
		versions[r.Mod.Path] = r.Mod.Version
	}
	for _, r := range file.Replace {
		t.Errorf("%s replaces %s: the version that is built is not the one that is required", path, r.Old.Path)
	}
	return versions
}

// Older versions have known holes. crewjam/saml alone would bring the old
// goxmldsig, so a careless go get or go mod tidy could bring it back.
func TestDependencyFloors(t *testing.T) {
	t.Parallel()
	have := requirements(t, "../go.mod")
	for module, floor := range map[string]struct{ version, why string }{
		"github.com/russellhaering/goxmldsig":           {"v1.6.1", "signature bypass, GO-2026-4753 (CVE-2026-33487), fixed in v1.6.0"},
		"github.com/crewjam/saml":                       {"v0.5.1", "unbounded decompression of requests and metadata, fixed in v0.4.13; v0.5.1 is what the code is written against"},
		"github.com/mattermost/xml-roundtrip-validator": {"v0.1.0", "XML that changes its meaning when it is written out again"},
		"github.com/beevik/etree":                       {"v1.5.0", "goxmldsig verifies the tree that etree parses; older versions do not fit goxmldsig v1.6"},
	} {
		got, ok := have[module]
		if !ok {
			t.Errorf("%s is not required in go.mod", module)
			continue
		}
		if semver.Compare(got, floor.version) < 0 {
			t.Errorf("%s is %s, must be %s or later: %s", module, got, floor.version, floor.why)
		}
	}
}

// The generator and the library must agree.
func TestTemplIsTheSameVersionTwice(t *testing.T) {
	t.Parallel()
	const templ = "github.com/a-h/templ"
	library, generator := requirements(t, "../go.mod")[templ], requirements(t, "go.mod")[templ]
	if library == "" || library != generator {
		t.Errorf("go.mod has templ %q, tools/go.mod %q", library, generator)
	}
}
