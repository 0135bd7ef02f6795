package store_test

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

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
	const full = "do $$ begin raise exception using errcode = '53100'; end $$"
	_, _ = st.Pool().Exec(t.Context(), full)
	if _, err := st.Beat(t.Context()); !errors.Is(err, store.ErrDiskFull) {
		t.Errorf("after a statement that found no room: %v", err)
	}
}

// One of several statements that go to the database together counts as well.
func TestABeatKnowsWhatABatchFound(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	var b pgx.Batch
	b.Queue("select 1")
	b.Queue("do $$ begin raise exception using errcode = '53100'; end $$")
	_ = st.Pool().SendBatch(t.Context(), &b).Close()
	if _, err := st.Beat(t.Context()); !errors.Is(err, store.ErrDiskFull) {
		t.Errorf("after a batch that found no room: %v", err)
	}
}
