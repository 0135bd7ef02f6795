package store_test

import (
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/store/storetest"
)

// What was told is forgotten when it is over, also when nothing of its kind is left: it
// is told again when it comes back.
func TestNoticesThatAreOverAreForgotten(t *testing.T) {
	t.Parallel()
	st, now := storetest.Open(t), time.Now()
	claim := func(key string, want bool) {
		t.Helper()
		if first, err := st.ClaimNotice(t.Context(), key, "mail", now); err != nil || first != want {
			t.Errorf("%s: claimed %v, %v", key, first, err)
		}
	}
	for _, key := range []string{"a/1", "a/2", "b/1"} {
		claim(key, true)
		if err := st.FinishNotice(t.Context(), key, "mail", now, ""); err != nil {
			t.Fatal(err)
		}
	}
	for _, keep := range [][]string{{"a/1"}, nil} {
		if err := st.ForgetNotices(t.Context(), "a/", keep); err != nil {
			t.Fatal(err)
		}
		claim("a/1", keep == nil)
		claim("a/2", true)
	}
	claim("b/1", false)
}
