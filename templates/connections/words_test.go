package connections

import (
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sourcetest"
)

// What is not named for people would show as its code.
func TestEveryValueHasItsWord(t *testing.T) {
	t.Parallel()
	sourcetest.Worded(t, "RevisionState", func(s string) string {
		var b strings.Builder
		if err := revisionBadge(model.RevisionState(s)).Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	})
}
