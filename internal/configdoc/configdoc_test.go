package configdoc_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/configdoc"
)

var update = flag.Bool("update", false, "write the golden files anew")

// readTestdata is readFile of the tests: files lie beside the documents.
func readTestdata(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join("testdata", filepath.Base(name)))
}

// mustParse parses a document that has to be good.
func mustParse(t *testing.T, document string) *configdoc.Document {
	t.Helper()
	d, problems := configdoc.Parse([]byte(document), readTestdata)
	if len(problems) > 0 {
		t.Fatalf("problems:\n%v", problems)
	}
	return d
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := readTestdata(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestEveryProblemIsListedWithItsLine(t *testing.T) {
	t.Parallel()
	d, problems := configdoc.Parse([]byte(readFile(t, "problems.yaml")), func(name string) ([]byte, error) {
		if name == "missing.xml" {
			return nil, fmt.Errorf("open %s: %w", name, os.ErrNotExist)
		}
		return readTestdata(name)
	})
	if d != nil {
		t.Error("there is a document although there are problems")
	}
	golden(t, "problems.golden", problems.Error()+"\n")
	if !slices.IsSortedFunc(problems, func(a, b configdoc.Problem) int { return a.Line - b.Line }) {
		t.Error("the problems are not in the order of their lines")
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want := readFile(t, name); got != want {
		t.Errorf("got:\n%s\nwant (%s, -update writes it):\n%s", got, name, want)
	}
}

func TestWhatIsNotADocument(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		document string
		line     int
		text     string
	}{
		"empty":                  {"", 1, "The document is empty"},
		"only a comment":         {"# nothing\n", 1, "The document is empty"},
		"a list":                 {"- version: 1\n", 1, "must be a mapping"},
		"text":                   {"version", 1, "must be a mapping"},
		"no version":             {"groups: []\n", 1, "the version is missing"},
		"version as text":        {"version: \"1\"\n", 1, "must be 1"},
		"not YAML":               {"version: 1\ngroups: [\n", 2, "This is not YAML"},
		"tab":                    {"version: 1\ngroups:\n\t- x\n", 3, "This is not YAML"},
		"two documents":          {"version: 1\n---\nversion: 1\n", 3, "A second document begins here"},
		"a key twice":            {"version: 1\ngroups: []\ngroups: []\n", 3, "is there twice; the first is on line 2"},
		"no list":                {"version: 1\nrules: {}\n", 2, "must be a list"},
		"nothing instead of []":  {"version: 1\ngroups:\n", 2, "Write [] for an empty list"},
		"an alias":               {"version: 1\ngroups: &a []\nrules: *a\n", 2, "anchors (&), aliases (*)"},
		"NUL":                    {"version: 1\ngroups:\n  - {name: a, description: \"\\0\"}\n", 3, "U+0000"},
		"too long":               {"version: 1\ngroups:\n  - {name: a, description: " + strings.Repeat("x", 1025) + "}\n", 3, "longer than 1,024 bytes"},
		"a merge key":            {"version: 1\n<<: {groups: []}\n", 2, "cannot be a key"},
		"a number as a name":     {"version: 1\ngroups:\n  - name: 2026\n", 3, `Write it in quotes: "2026"`},
		"an invisible character": {"version: 1\ngroups:\n  - name: \"a\\u200bb\"\n", 3, "U+200B"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, problems := configdoc.Parse([]byte(tc.document), readTestdata)
			if len(problems) == 0 || problems[0].Line != tc.line || !strings.Contains(problems[0].Text, tc.text) {
				t.Errorf("problems:\n%v\nwant line %d: …%s…", problems, tc.line, tc.text)
			}
		})
	}
}
