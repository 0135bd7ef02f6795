// Package sourcetest reads Postern's own source for tests that compare a list
// with what it must agree with: constants of a type, actions of the audit, a
// page of the documentation. Only tests import it.
package sourcetest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Root is the folder of go.mod, above the folder that the test runs in.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at
		}
		if at == filepath.Dir(at) {
			t.Fatalf("no go.mod above %s", dir)
		}
	}
}

// Read is the text of a file, named from the root.
func Read(t testing.TB, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(Root(t), filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Guide is the text of all pages of the administrator's guide.
func Guide(t testing.TB) string {
	t.Helper()
	pages, err := filepath.Glob(filepath.Join(Root(t), "docs", "guide", "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	var all strings.Builder
	for _, page := range pages {
		all.WriteString(Read(t, "docs/guide/"+filepath.Base(page)))
	}
	return all.String()
}

// Files are the parsed Go files of a folder, named from the root, and of those
// below it; neither tests nor what templ generated.
func Files(t testing.TB, folder string) []*ast.File {
	t.Helper()
	var files []*ast.File
	err := filepath.WalkDir(filepath.Join(Root(t), filepath.FromSlash(folder)), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_templ.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		files = append(files, f)
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", folder, len(files), err)
	}
	return files
}

// Constants are the values of the text constants of a type in a folder, in
// their order in the source. The type is named as it is there: "Code".
func Constants(t testing.TB, folder, typeName string) []string {
	t.Helper()
	var values []string
	for _, f := range Files(t, folder) {
		for _, spec := range constSpecs(f) {
			if name, ok := spec.Type.(*ast.Ident); !ok || name.Name != typeName {
				continue
			}
			for _, v := range spec.Values {
				if s, ok := Text(v); ok {
					values = append(values, s)
				}
			}
		}
	}
	if len(values) == 0 {
		t.Fatalf("%s has no constant of type %s", folder, typeName)
	}
	return values
}

func constSpecs(f *ast.File) []*ast.ValueSpec {
	var specs []*ast.ValueSpec
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.CONST {
			for _, s := range g.Specs {
				specs = append(specs, s.(*ast.ValueSpec))
			}
		}
	}
	return specs
}

// Worded fails for a constant of a type of internal/model that has no word of
// its own: none, that of another constant, or the constant itself.
func Worded(t testing.TB, typeName string, word func(string) string) {
	t.Helper()
	of := map[string]string{}
	for _, c := range Constants(t, "internal/model", typeName) {
		w := strings.TrimSpace(word(c))
		switch {
		case w == "" || w == c:
			t.Errorf("%s %q has no word for people", typeName, c)
		case of[w] != "":
			t.Errorf("%s %q is called %q, as %q is", typeName, c, w, of[w])
		}
		of[w] = c
	}
}

// Text is what a text literal says; false for any other expression.
func Text(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}
