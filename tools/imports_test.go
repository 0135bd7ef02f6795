package tools

import (
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/postern-sso/postern/"

// layers go from the top down: a package imports only what stands in a line below
// its own, or is a leaf. So rooms, which share a line, never import each other.
// Tests may climb.
var layers = [][]string{
	{"cmd/console", "cmd/console/walk", "deploy", "internal/drill"},
	{"web/webtest"},
	{"web"},
	{"web/access", "web/apps", "web/audit", "web/connections", "web/help", "web/jobs", "web/login", "web/logins", "web/overview", "web/people", "web/person",
		"web/settings", "web/setup", "web/sources", "web/warnings"},
	{"web/forecast", "web/forms", "web/standing", "web/traces", "web/trust"}, // what several rooms share
	{"web/kit", "web/outgoing", "web/csvimport", "web/logo"},
	{"templates/setup"}, // the wizard shows forms of other rooms
	{"templates/access", "templates/apps", "templates/audit", "templates/connections", "templates/failure", "templates/help", "templates/jobs", "templates/login",
		"templates/logins", "templates/overview", "templates/people", "templates/person", "templates/settings", "templates/sources", "templates/warnings"},
	{"templates/parts", "templates/setuplink"},
	{"templates/layout"},
	{"templates/ui", "templates/paths"},
	{"internal/wizard", "internal/configdoc", "internal/health"},
	{"internal/forecast"},
	{"internal/directory/runner"},
	{"internal/directory/aws", "internal/directory/ldap", "internal/directory/scim"},
	{"internal/sso", "internal/oidc", "internal/crowd", "internal/jobs", "internal/backup"},
	{"internal/store/storetest"},
	{"internal/store", "internal/embeddedpg"},
	{"internal/directory"}, // what the planner wants to know is loaded by the store
	{"internal/provision"}, // logins and runs judge rules by it
	{"internal/seal", "internal/otlp", "internal/sampleapp", "internal/attack/*", "internal/sso/onepass"},
	{"internal/attack", "internal/awssim", "internal/bodytest", "internal/browsertest", "internal/peertest", "internal/sourcetest", "internal/testall",
		"migrations", "docs/guide", "docs/images", "scripts/shrink"},
}

// leaves import nothing of ours, and all may import them, but for the simulator:
// it shares no code, and so no mistakes, with what it tests.
var leaves = []string{"internal/model", "internal/directory/reach", "internal/spans", "internal/throttle", "web/static"}

// foreign is what only some may import.
var foreign = []struct {
	prefix string
	only   []string // empty: nobody
	why    string
}{
	{"github.com/jackc/pgx", []string{"internal/store", "internal/store/storetest", "internal/embeddedpg", "internal/backup", "cmd/console", "web/webtest"},
		"SQL lives in internal/store"},
	{"database/sql", []string{"internal/store", "internal/store/storetest", "internal/embeddedpg"}, "SQL lives in internal/store"},
	{"github.com/crewjam/saml/samlsp", nil, "requests are kept in PostgreSQL, not in its cookies"},
	{"github.com/beevik/etree", []string{"internal/sso", "internal/attack", "internal/awssim", "internal/sampleapp"}, "the verifier has one parser, its own"},
	{"github.com/russellhaering/goxmldsig", []string{"internal/sso", "internal/attack", "internal/awssim", "internal/sampleapp"}, "likewise"},
	{"io/ioutil", nil, "replaced by io and os"},
	{"log", nil, "log with log/slog"},
}

// pure packages take values and give a verdict: no HTTP, no SQL.
var pure = []string{"internal/sso", "internal/provision", "internal/directory", "internal/health", "internal/wizard", "internal/model", "internal/throttle"}

var impure = []string{"net/http", "github.com/go-chi", "github.com/a-h/templ", "github.com/alexedwards/scs"}

func level(pkg string) int {
	return slices.IndexFunc(layers, func(line []string) bool {
		return slices.ContainsFunc(line, func(p string) bool { ok, _ := path.Match(p, pkg); return ok })
	})
}

func TestImportsPointDown(t *testing.T) {
	t.Parallel()
	list := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...")
	list.Dir = ".."
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		pkg := strings.TrimPrefix(fields[0], module)
		if level(pkg) < 0 && !slices.Contains(leaves, pkg) {
			t.Errorf("%s has no line in the table: where does it stand?", pkg)
		}
		for _, imported := range fields[1:] {
			ours, isOurs := strings.CutPrefix(imported, module)
			switch {
			case isOurs && slices.Contains(leaves, ours) && !slices.Contains(leaves, pkg) && pkg != "internal/awssim":
			case isOurs && (level(ours) <= level(pkg) || slices.Contains(leaves, pkg)):
				t.Errorf("%s imports %s, which does not stand below it", pkg, ours)
			case !isOurs:
				judgeForeign(t, pkg, imported)
			}
		}
	}
}

func judgeForeign(t *testing.T, pkg, imported string) {
	t.Helper()
	under := func(prefix string) bool {
		return imported == prefix || strings.HasPrefix(imported, prefix+"/") && prefix != "log" // log/slog is another
	}
	for _, f := range foreign {
		if under(f.prefix) && !slices.Contains(f.only, pkg) {
			t.Errorf("%s imports %s: %s", pkg, imported, f.why)
		}
	}
	if slices.Contains(pure, pkg) && slices.ContainsFunc(impure, under) {
		t.Errorf("%s imports %s, and is to take values and give a verdict", pkg, imported)
	}
}
