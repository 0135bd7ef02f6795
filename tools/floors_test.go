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

// Older versions have known holes. Others of our modules would be content with
// them, so a careless go get could bring one back.
func TestDependencyFloors(t *testing.T) {
	t.Parallel()
	have := requirements(t, "../go.mod")
	for module, floor := range map[string]struct{ version, why string }{
		"github.com/russellhaering/goxmldsig": {"v1.6.1", "signature bypass, GO-2026-4753 (CVE-2026-33487), fixed in v1.6.0"},
		"github.com/crewjam/saml":             {"v0.6.3", "older ones ask for goxmldsig v1.4.0; docs/verification.md says what v0.6.3 does, tried"},
		"github.com/beevik/etree": {"v1.8.1", "stack overflow on deep XML, GHSA-qm2r-qg5g-crr3, fixed in v1.7.0; " +
			"v1.8.1 is what crewjam/saml v0.6.3 asks for"},
		"github.com/a-h/templ": {"v0.3.1118", "javascript: addresses in src and formaction, GHSA-94c2-xg24-pwhv, were not looked at before"},
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
