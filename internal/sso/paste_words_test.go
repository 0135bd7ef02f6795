package sso

import (
	"go/ast"
	"slices"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/sourcetest"
)

// A code without words would be an error that says nothing: nil, and yet not nil
// to whoever asks for it. One that nothing leads to would be words in vain.
func TestEveryPasteHasItsWords(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	note := func(e ast.Expr) {
		if code, ok := sourcetest.Text(e); ok && code != "" {
			used[code] = true
		}
	}
	for _, f := range sourcetest.Files(t, "internal/sso") {
		for _, d := range f.Decls {
			f, ok := d.(*ast.FuncDecl)
			givesCode := ok && strings.HasPrefix(f.Name.Name, "recogni")
			ast.Inspect(d, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.IndexExpr:
					if table, ok := n.X.(*ast.Ident); ok && table.Name == "pasteErrors" {
						note(n.Index)
					}
				case *ast.ReturnStmt:
					if givesCode && len(n.Results) == 1 {
						note(n.Results[0])
					}
				}
				return true
			})
		}
	}
	for code := range used {
		if e := pasteErrors[code]; e == nil || e.Title == "" || e.Text == "" || e.Remedy == "" {
			t.Errorf("%s has no words", code)
		}
	}
	var never []string
	for code := range pasteErrors {
		if !used[code] {
			never = append(never, code)
		}
	}
	if slices.Sort(never); len(never) > 0 {
		t.Errorf("nothing leads to %v", never)
	}
}
