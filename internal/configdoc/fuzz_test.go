package configdoc_test

import (
	"errors"
	"os"
	"testing"

	"github.com/postern-sso/postern/internal/configdoc"
)

// FuzzDocument: a document is read, or every problem has its line; nothing
// panics, and what was read can be planned.
func FuzzDocument(f *testing.F) {
	for _, file := range []string{"testdata/full.yaml", "testdata/problems.yaml", "testdata/export.golden.yaml"} {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("version: 1\napps: [{slug: a, kind: oidc, name: A, groups: [x]}]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		doc, problems := configdoc.Parse(text, func(string) ([]byte, error) { return nil, errors.New("no file") })
		if (doc == nil) == (len(problems) == 0) {
			t.Fatalf("a document %v with %d problems", doc != nil, len(problems))
		}
		if doc != nil {
			_, _ = doc.Plan(configdoc.State{})
		}
	})
}
