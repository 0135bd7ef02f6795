package configdoc

import (
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

// reference is what docs/configuration.md says of the document.
func reference(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "\n## The configuration document\n")
	if !found {
		t.Fatal("docs/configuration.md has no section on the document")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	return section
}

func keysOf[T any](rows []setting[T]) []string {
	var keys []string
	for _, row := range rows {
		keys = append(keys, row.key)
	}
	return keys
}

func TestEveryKeyIsInTheReference(t *testing.T) {
	t.Parallel()
	section := reference(t)
	for thing, keys := range map[string][]string{
		"connections": keysOf(configSettings), "groups": keysOf(groupSettings), "rules": keysOf(ruleSettings),
		"users": keysOf(userSettings), "apps": keysOf(appSettings), "sources": keysOf(sourceSettings),
	} {
		for _, key := range keys {
			word := path.Base(strings.ReplaceAll(key, ".", "/"))
			if !regexp.MustCompile(`\b` + word + "[:`]").MatchString(section) {
				t.Errorf("docs/configuration.md does not explain %s of %s", key, thing)
			}
		}
	}
}

func TestTheReferencesDocumentIsGood(t *testing.T) {
	t.Parallel()
	_, rest, _ := strings.Cut(reference(t), "```yaml\n")
	example, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("no example")
	}
	metadata, err := os.ReadFile("testdata/aws.xml")
	if err != nil {
		t.Fatal(err)
	}
	if _, problems := Parse([]byte(example), func(string) ([]byte, error) { return metadata, nil }); len(problems) > 0 {
		t.Error(problems)
	}
}
