package store_test

import (
	"testing"

	"github.com/postern-sso/postern/internal/store/storetest"
)

// PostgreSQL compiles no query: on a young database, whose statistics are missing,
// that takes seconds.
func TestNoQueryIsCompiled(t *testing.T) {
	t.Parallel()
	var jit string
	if err := storetest.OpenPool(t).Pool().QueryRow(t.Context(), "show jit").Scan(&jit); err != nil || jit != "off" {
		t.Errorf("jit is %q, %v", jit, err)
	}
}
