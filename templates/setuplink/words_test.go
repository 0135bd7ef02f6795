package setuplink

import (
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sourcetest"
)

func TestEveryStateHasItsWord(t *testing.T) {
	t.Parallel()
	sourcetest.Worded(t, "SetupLinkState", func(s string) string { return linkWord(model.SetupLinkState(s)) })
}
