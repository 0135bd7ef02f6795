package tools

import (
	"go/scanner"
	"go/token"
	"html"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Names in the guide that no page of Postern has: screens of others, and words
// that are stressed.
var namedElsewhere = map[string][]string{
	"screens of AWS": {"No access", "Generate new certificate", "Set as active", "Make active", "Identity source"},
	"screens of Entra": {"Enterprise apps", "New application", "Create your own application", "Provisioning", "Automatic", "Admin Credentials",
		"Tenant URL", "Secret Token", "Test Connection"},
	"screens of Okta": {"Create App Integration", "General", "SCIM", "Test Connector Configuration", "To App", "Create Users", "Update User Attributes",
		"Deactivate Users", "Assignments", "Push Groups"},
	"stressed": {"An address for Postern", "Somebody who holds the AWS console", "An administrator's account in Jira", "No hurry", "Jira and the others",
		"The database", "The file `secret.key`", "A source", "home", "held"},
}

// Everything that the guide writes in bold or between “ and ”, each part of a
// path for itself, is a label that people find in Postern.
func TestTheGuideNamesWhatIsThere(t *testing.T) {
	t.Parallel()
	labels := labelsOfPages(t)
	unused := map[string]bool{}
	for _, names := range namedElsewhere {
		for _, name := range names {
			unused[name] = true
		}
	}
	pages, err := filepath.Glob("../docs/guide/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatal("there is no guide", err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range namesIn(string(text)) {
			if _, elsewhere := unused[name]; elsewhere {
				unused[name] = false
			} else if !labels[name] {
				t.Errorf("%s speaks of “%s”: no page has it", filepath.Base(page), name)
			}
		}
	}
	for name, still := range unused {
		if still {
			t.Errorf("the guide does not speak of “%s” any more: take it off the list", name)
		}
	}
}

var (
	codeBlock = regexp.MustCompile("(?s)```.*?```")
	named     = regexp.MustCompile(`\*\*([^*]+)\*\*|“([^”]+)”`)
)

// namesIn are the names on a page of the guide.
func namesIn(text string) []string {
	var names []string
	for _, m := range named.FindAllStringSubmatch(codeBlock.ReplaceAllString(text, ""), -1) {
		for part := range strings.SplitSeq(m[1]+m[2], "→") {
			names = append(names, label(part))
		}
	}
	return names
}

// label is a text without what stands around a label.
func label(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return strings.TrimSpace(strings.TrimRight(s, ".:…,"))
}

var tag = regexp.MustCompile(`^[^<>]*>|<[^>]*>?`)

// labelsOfPages are the texts of the program's source that may be a label: each
// string between two tags, whole and without what is put in front of it.
func labelsOfPages(t *testing.T) map[string]bool {
	t.Helper()
	labels := map[string]bool{}
	for _, folder := range []string{"../templates", "../web", "../internal/wizard", "../internal/sso"} {
		err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			for _, s := range stringsIn(source) {
				for _, piece := range tag.Split(s, -1) {
					labels[label(html.UnescapeString(piece))] = true
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return labels
}

// stringsIn are the values of a source's strings.
func stringsIn(source []byte) []string {
	var (
		s    scanner.Scanner
		file = token.NewFileSet().AddFile("", -1, len(source))
		all  []string
	)
	s.Init(file, source, nil, 0)
	for _, tok, lit := s.Scan(); tok != token.EOF; _, tok, lit = s.Scan() {
		if tok == token.STRING {
			if value, err := strconv.Unquote(lit); err == nil {
				all = append(all, value)
			}
		}
	}
	return slices.Compact(all)
}
