package store_test

import (
	"errors"
	"testing"

	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// The heartbeat's own row may find room on a disk on which a login finds none.
func TestABeatKnowsWhatOthersFound(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	if _, err := st.Beat(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{"53400", "22012"} { // a limit of the configuration, a mistake
		_, _ = st.Pool().Exec(t.Context(), "do $$ begin raise exception using errcode = '"+code+"'; end $$")
	}
	if _, err := st.Beat(t.Context()); err != nil {
		t.Errorf("what is no full disk counts as one: %v", err)
	}
	_, _ = st.Pool().Exec(t.Context(), "do $$ begin raise exception using errcode = '53100'; end $$")
	if _, err := st.Beat(t.Context()); !errors.Is(err, store.ErrDiskFull) {
		t.Errorf("after a statement that found no room: %v", err)
	}
}
