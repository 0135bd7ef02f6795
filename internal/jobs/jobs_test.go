package jobs

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// A kind without its work would wait for ever.
func TestEveryKindOfJobHasItsWork(t *testing.T) {
	t.Parallel()
	for _, kind := range model.JobKinds() {
		if parts[kind] == nil {
			t.Errorf("nobody works on %s", kind)
		}
	}
}

func start(t *testing.T, st *store.Store, people int) model.Job {
	t.Helper()
	rows := make([]store.ImportRow, people)
	for i := range rows {
		rows[i].User = model.User{Username: fmt.Sprintf("person%d", i), Active: true}
	}
	j, err := st.StartImport(t.Context(), storetest.Actor, rows, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// A request that has no time left leaves the job to whoever comes next, also one
// of another process.
func TestWhatARequestDoesNotFinishIsLeftToOthers(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	here, there := New(st, slog.New(slog.DiscardHandler)), New(st, slog.New(slog.DiscardHandler))
	id := start(t, st, 3).ID
	if j, err := here.WorkFor(t.Context(), id, 0); err != nil || j.State != model.JobWaiting || j.Done != 0 {
		t.Fatalf("a job without time for it: %+v, %v", j, err)
	}
	if j, err := there.WorkFor(t.Context(), id, time.Minute); err != nil || j.State != model.JobDone || j.Made != 3 {
		t.Errorf("done by another: %+v, %v", j, err)
	}
	if j, err := here.WorkFor(t.Context(), id, time.Minute); err != nil || j.State != model.JobDone || j.Made != 3 {
		t.Errorf("asked for again: %+v, %v", j, err)
	}
}

// Two processes share the work, and each row is done once.
func TestTwoRunnersDoEachRowOnce(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	ids := []int64{start(t, st, 600).ID, start(t, st, 600).ID, start(t, st, 600).ID}
	for range 2 {
		go func() { _ = New(st, slog.New(slog.DiscardHandler)).Run(t.Context()) }() // ends with the test
	}
	made, changed := 0, 0
	for _, id := range ids {
		j, err := st.Job(t.Context(), id)
		for err == nil && !j.Over() {
			j, err = st.Job(t.Context(), id)
		}
		if err != nil || j.State != model.JobDone {
			t.Fatalf("%+v, %v", j, err)
		}
		made, changed = made+j.Made, changed+j.Changed
	}
	// The three files name the same people.
	if n, err := st.CountUsers(t.Context()); err != nil || n != 600 || made != 600 || changed != 0 {
		t.Errorf("%d users, %d made, %d changed, %v", n, made, changed, err)
	}
}
