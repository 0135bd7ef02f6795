package people

import (
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sourcetest"
)

// What is not named for people would show as another thing, or as its code.
func TestEveryValueHasItsWord(t *testing.T) {
	t.Parallel()
	sourcetest.Worded(t, "BulkKind", func(s string) string { return BulkWill(model.BulkKind(s)) })
	sourcetest.Worded(t, "RuleKind", func(s string) string {
		var b strings.Builder
		if err := RuleSentence(model.Rule{Kind: model.RuleKind(s)}).Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	})
	sourcetest.Worded(t, "RuleKind", func(s string) string { // what the form of a rule offers
		for _, c := range conditions(RuleForm{}) {
			if c.Value == s {
				return c.Label
			}
		}
		return ""
	})
}
