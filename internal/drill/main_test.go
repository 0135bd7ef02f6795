package drill_test

import (
	"sync/atomic"
	"testing"

	"github.com/postern-sso/postern/internal/store/storetest"
)

// wasBuilt: there is a program to be removed at the end.
var wasBuilt atomic.Bool //nolint:gochecknoglobals // of the test process

func TestMain(m *testing.M) {
	storetest.Main(m, func() {
		if wasBuilt.Load() {
			removeBuilt()
		}
	})
}
