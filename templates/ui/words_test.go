package ui

import (
	"strings"
	"testing"

	"github.com/a-h/templ"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sourcetest"
)

// What is not named for people would show as another thing, or as its code.
func TestEveryValueHasItsWord(t *testing.T) {
	t.Parallel()
	shown := func(c templ.Component) string {
		var b strings.Builder
		if err := c.Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	sourcetest.Worded(t, "CheckState", func(s string) string { return checkWord(model.CheckState(s)) })
	sourcetest.Worded(t, "ChangeKind", func(s string) string {
		return strings.TrimSuffix(changeText(model.Change{What: model.ChangeKind(s), Name: "x"}), " x")
	})
	sourcetest.Worded(t, "Status", func(s string) string { return shown(StatusBadge(model.Status(s))) })
	sourcetest.Worded(t, "Outcome", func(s string) string { return shown(OutcomeBadge(model.Outcome(s), "")) })
}
