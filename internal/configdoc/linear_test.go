package configdoc_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/bodytest"
	"github.com/postern-sso/postern/internal/configdoc"
)

func documents() map[string]bodytest.Body {
	repeated := func(before, inner, after string) bodytest.Body {
		return func(n int) []byte { return []byte(before + strings.Repeat(inner, n*12000/len(inner)) + after) }
	}
	return map[string]bodytest.Body{
		"users":          repeated("version: 1\nusers:\n", "  - {username: alice, email: alice@example.com, groups: [staff]}\n", ""),
		"groups":         repeated("version: 1\ngroups:\n", "  - name: staff\n    description: Everybody\n", ""),
		"unknown keys":   repeated("version: 1\n", "odd: 1\n", ""),
		"one value":      repeated("version: 1\nusers: [{username: '", "a", "'}]\n"),
		"a block":        repeated("version: 1\nconnections:\n  - slug: aws\n    idp_metadata: |\n", "      <md/>\n", ""),
		"documents":      repeated("version: 1\n", "---\na: 1\n", ""),
		"nesting":        repeated("version: 1\nusers: ", "[", "\n"),
		"lines nested":   repeated("version: 1\nusers: ", "[\n", "\n"),
		"items nested":   repeated("version: 1\nusers: [\n", "- [\n", "\n"),
		"keys below":     repeated("version: 1\nusers:\n  - username: alice\n", "    odd: 1\n", ""),
		"keys on a line": repeated("version: 1\nusers: [{", "odd: 1, ", "username: alice}]\n"),
		"comments":       repeated("version: 1\n", "# a comment\n", ""),
	}
}

func readDocument(data []byte) {
	_, _ = configdoc.Parse(data, func(string) ([]byte, error) { return nil, errors.New("no files") })
}

func TestRow30Documents(t *testing.T) { //nolint:paralleltest // it counts what the process allocates
	for name, body := range documents() { //nolint:paralleltest // see above
		t.Run(name, func(t *testing.T) { bodytest.Linear(t, body, readDocument) })
	}
}

func BenchmarkRow30Documents(b *testing.B) {
	for name, body := range documents() {
		b.Run(name, func(b *testing.B) { bodytest.Bench(b, body, readDocument) })
	}
}

// What a document that is meant may have passes, whatever its lines look like.
func TestBoundsLetDocumentsThrough(t *testing.T) {
	t.Parallel()
	for name, doc := range map[string]string{
		"many users":         "version: 1\nusers:\n" + strings.Repeat("  - username: alice\n    email: alice@example.com\n", 5000),
		"text with brackets": "version: 1\ngroups:\n" + strings.Repeat("  - {name: staff, description: '[['}\n", 5000),
		"long metadata":      "version: 1\nconnections:\n  - slug: aws\n    idp_metadata: |\n" + strings.Repeat("      <md:EntityDescriptor/>\n", 5000),
	} {
		_, problems := configdoc.Parse([]byte(doc), nil)
		for _, p := range problems {
			if strings.Contains(p.Text, "more than") || strings.Contains(p.Text, "deeper than") || strings.Contains(p.Text, "Too many") {
				t.Errorf("%s: line %d: %s", name, p.Line, p.Text)
			}
		}
	}
}
