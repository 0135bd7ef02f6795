package settings

import (
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sourcetest"
)

// What is not named for people would show as its code.
func TestEveryValueHasItsWord(t *testing.T) {
	t.Parallel()
	sourcetest.Worded(t, "KeyState", func(s string) string { return keyStateWord(model.KeyState(s)) })
}
