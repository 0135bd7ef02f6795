package sso_test

import (
	"go/ast"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/sourcetest"
)

// etree's SelectAttr and SelectAttrValue take an attribute with any prefix for
// one without; attributeOf does not.
func TestAttributesAreReadWithoutPrefix(t *testing.T) {
	t.Parallel()
	for _, f := range sourcetest.Files(t, "internal/sso") {
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && strings.HasPrefix(s.Sel.Name, "SelectAttr") {
				t.Errorf("%s.%s: use attributeOf", f.Name.Name, s.Sel.Name)
			}
			return true
		})
	}
}
