package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// startImport starts an import of that many new people, each into the group.
func startImport(t *testing.T, st *store.Store, people int, group string) model.Job {
	t.Helper()
	var rows []store.ImportRow
	for i := range people {
		name := fmt.Sprintf("person%04d", i)
		rows = append(rows, store.ImportRow{Groups: []string{group},
			User: model.User{Username: name, Email: name + "@example.com", Active: true, Source: model.UserManual}})
	}
	j, err := st.StartImport(t.Context(), storetest.Actor, rows, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func step(st *store.Store, t *testing.T, j model.Job, worker string) (model.Job, error) {
	t.Helper()
	return st.StepJob(t.Context(), j.ID, worker, func(tx *store.Store, j model.Job) (model.Job, error) {
		if j.Kind == model.JobImportUndo {
			return tx.UndoImportNext(t.Context(), j)
		}
		return tx.ImportNext(t.Context(), j)
	})
}

// finish works on a job until it is over.
func finish(t *testing.T, st *store.Store, id int64) model.Job {
	t.Helper()
	j, err := st.ClaimJob(t.Context(), id, "worker")
	for err == nil && !j.Over() {
		j, err = step(st, t, j, "worker")
	}
	if err != nil {
		t.Fatal(err)
	}
	if j, err = st.Job(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	return j
}

// A worker that dies in the middle leaves a job with which another goes on; should
// it come back, nothing that it does counts.
func TestAJobGoesOnWhereItsWorkerDied(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	ctx := t.Context()
	storetest.Group(t, st, "staff")
	j := startImport(t, st, 1200, "staff")
	if _, err := st.ClaimJob(ctx, 0, "first"); err != nil {
		t.Fatal(err)
	}
	if _, err := st.ClaimJob(ctx, 0, "second"); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("a job whose worker is alive is given away: %v", err)
	}
	if half, err := step(st, t, j, "first"); err != nil || half.Done != 500 || half.Made != 500 {
		t.Fatalf("after one part: %+v, %v", half, err)
	}
	broken := errors.New("the machine is off")
	_, err := st.StepJob(ctx, j.ID, "first", func(tx *store.Store, j model.Job) (model.Job, error) {
		if j, err := tx.ImportNext(ctx, j); err != nil {
			return j, err
		}
		return j, broken
	})
	if !errors.Is(err, broken) {
		t.Fatal(err)
	}
	if _, err := st.Pool().Exec(ctx, "update jobs set alive_at = now() - interval '11 seconds'"); err != nil {
		t.Fatal(err)
	}
	if j, err = st.ClaimJob(ctx, 0, "second"); err != nil || j.Done != 500 {
		t.Fatalf("the job of a dead worker: %+v, %v", j, err)
	}
	if _, err := step(st, t, j, "first"); !errors.Is(err, store.ErrJobTaken) {
		t.Errorf("a worker that lost the job works on: %v", err)
	}
	for !j.Over() {
		if j, err = step(st, t, j, "second"); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := st.CountUsers(ctx); err != nil || n != 1200 || j.State != model.JobDone || j.Made != 1200 || j.Kept != 0 {
		t.Errorf("%d users, %+v, %v", n, j, err)
	}
	acts, _, err := st.Audit(ctx, store.AuditQuery{Acts: true, Action: "user.import"})
	if err != nil || len(acts) != 1 {
		t.Fatalf("acts %+v, %v", acts, err)
	}
	parts, err := st.AuditParts(ctx, []int64{acts[0].ID}, 1)
	if err != nil || parts[acts[0].ID].Count != 2401 || parts[acts[0].ID].Entries[0].Action != "user.import_done" {
		t.Errorf("the act has %+v, %v", parts, err)
	}
}

// An import is taken back where it is unchanged since, and says where it is not.
func TestAnImportIsUndone(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	ctx := t.Context()
	storetest.Group(t, st, "staff")
	storetest.Group(t, st, "ops")
	old, edited := storetest.User(t, st, "old"), storetest.User(t, st, "edited")
	inOps := storetest.User(t, st, "in-ops")
	if _, err := st.Bulk(ctx, storetest.Actor, model.BulkAdd, "ops", []string{inOps.ID}); err != nil {
		t.Fatal(err)
	}
	rows := []store.ImportRow{
		{User: model.User{Username: "new", Active: true}, Groups: []string{"staff"}},
		{User: model.User{Username: "new-busy", Active: true}, Groups: []string{"staff"}},
		{User: model.User{Username: "old", Email: "changed@example.com"}, Groups: []string{"staff"}}, // and deactivated
		{User: model.User{Username: "edited", DisplayName: "From the file"}, KeepActive: true},
		{User: model.User{Username: "in-ops"}, KeepActive: true, Groups: []string{"ops", "staff"}},
	}
	j, err := st.StartImport(ctx, storetest.Actor, rows, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.StartImportUndo(ctx, storetest.Actor, j.ID, time.Now()); !errors.Is(err, store.ErrConflict) {
		t.Errorf("undone before it was done: %v", err)
	}
	if j = finish(t, st, j.ID); j.Made != 2 || j.Changed != 3 || !j.CanUndo(time.Now()) || j.CanUndo(time.Now().Add(model.UndoFor)) {
		t.Fatalf("the import: %+v", j)
	}
	for _, name := range []string{"new-busy", "edited"} {
		if _, err := st.UpdateUser(ctx, storetest.Actor, name, func(u *model.User) error { u.LastName = "Since"; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	undo, err := st.StartImportUndo(ctx, storetest.Actor, j.ID, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.StartImportUndo(ctx, storetest.Actor, j.ID, time.Now()); !errors.Is(err, store.ErrConflict) {
		t.Errorf("undone twice: %v", err)
	}
	if undo = finish(t, st, undo.ID); undo.Made != 1 || undo.Changed != 2 || undo.Kept != 2 {
		t.Errorf("the undo: %+v", undo)
	}
	if _, err := st.User(ctx, "new"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the new user is still there: %v", err)
	}
	if u, err := st.User(ctx, "old"); err != nil || u.Email != old.Email || !u.Active {
		t.Errorf("old: %+v, %v", u, err)
	}
	if u, err := st.User(ctx, "edited"); err != nil || u.DisplayName != "From the file" || u.LastName != "Since" || u.Active != edited.Active {
		t.Errorf("edited: %+v, %v", u, err)
	}
	groups, err := st.ManualGroups(ctx, []string{inOps.ID, old.ID})
	if err != nil || strings.Join(groups[inOps.ID], " ") != "ops" || len(groups[old.ID]) != 0 {
		t.Errorf("groups %v, %v", groups, err)
	}
	kept, err := st.JobAside(ctx, undo, 10)
	if err != nil || len(kept) != 2 || kept[0].User.Username != "new-busy" || kept[1].User.Username != "edited" || kept[0].Problem == "" {
		t.Errorf("kept %+v, %v", kept, err)
	}
}

// A job that is canceled ends after the part under way; what is done stays, and
// can be undone.
func TestAJobIsCanceled(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	ctx := t.Context()
	storetest.Group(t, st, "staff")
	waiting := startImport(t, st, 3, "staff")
	if err := st.CancelJob(ctx, storetest.Actor, waiting.ID); err != nil {
		t.Fatal(err)
	}
	if j, err := st.Job(ctx, waiting.ID); err != nil || j.State != model.JobCanceled || j.CanceledBy != storetest.Actor.Name || j.CanUndo(time.Now()) {
		t.Errorf("canceled while it waited: %+v, %v", j, err)
	}
	j := startImport(t, st, 700, "staff")
	if _, err := st.ClaimJob(ctx, j.ID, "w"); err != nil {
		t.Fatal(err)
	}
	if _, err := step(st, t, j, "w"); err != nil {
		t.Fatal(err)
	}
	if err := st.CancelJob(ctx, storetest.Actor, j.ID); err != nil {
		t.Fatal(err)
	}
	j, err := step(st, t, j, "w")
	if err != nil || j.State != model.JobCanceled || j.Done != 500 || !j.CanUndo(time.Now()) {
		t.Errorf("canceled in the middle: %+v, %v", j, err)
	}
	if err := st.CancelJob(ctx, storetest.Actor, j.ID); !errors.Is(err, store.ErrConflict) {
		t.Errorf("canceled twice: %v", err)
	}
}

// A part that fails is tried again, later each time, and in the end the job says so.
func TestAJobThatFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	ctx := t.Context()
	storetest.Group(t, st, "staff")
	j := startImport(t, st, 1, "staff")
	for i := range 6 {
		if _, err := st.ClaimJob(ctx, j.ID, "w"); err != nil {
			t.Fatalf("try %d: %v", i, err)
		}
		var err error
		if j, err = st.RetryJob(ctx, j.ID, "w", "It failed."); err != nil {
			t.Fatal(err)
		}
		if _, err := st.ClaimJob(ctx, 0, "w"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("try %d comes at once: %v", i, err)
		}
	}
	if j.State != model.JobFailed || j.Problem != "It failed." || j.Done != 0 {
		t.Errorf("after six failures: %+v", j)
	}
}

// A group that is gone when its row is due is said beside the row; the others are done.
func TestAnImportDoesWhatCanBeDone(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	ctx := t.Context()
	storetest.Group(t, st, "staff")
	storetest.Group(t, st, "gone")
	rows := []store.ImportRow{
		{User: model.User{Username: "ana", Active: true}, Groups: []string{"gone"}},
		{User: model.User{Username: "bo", Active: true}, Groups: []string{"staff"}},
	}
	if _, err := st.StartImport(ctx, storetest.Actor, []store.ImportRow{{Groups: []string{"never"}}}, nil, nil); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a group that never was: %v", err)
	}
	j, err := st.StartImport(ctx, storetest.Actor, rows, []string{"username", "email"}, []model.JobRow{{Cells: []string{"cy", "nowhere"}, Problem: "no email"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := st.DeleteGroup(ctx, storetest.Actor, "gone"); err != nil {
		t.Fatal(err)
	}
	j = finish(t, st, j.ID)
	aside, err := st.JobAside(ctx, j, 10)
	if err != nil || j.Made != 1 || j.Kept != 1 || j.Aside != 1 || len(aside) != 2 {
		t.Fatalf("%+v, %+v, %v", j, aside, err)
	}
	if aside[0].User.Username != "ana" || !strings.Contains(aside[0].Problem, "“gone”") || aside[1].Cells[1] != "nowhere" || aside[1].Problem != "no email" {
		t.Errorf("set aside: %+v", aside)
	}
}

// What a job keeps of people is handed out and erased with them, and swept.
func TestJobsKeepPeopleNoLongerThanTheyMay(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	ctx := t.Context()
	storetest.Group(t, st, "staff")
	aside := []model.JobRow{{Cells: []string{"Never Here", "never@example.com"}, Problem: "blank"}, {Cells: []string{"other"}}}
	rows := []store.ImportRow{{User: model.User{Username: "Ana", Email: "ana@example.com", Active: true}}, {User: model.User{Username: "bo", Active: true}}}
	j, err := st.StartImport(ctx, storetest.Actor, rows, []string{"username", "email"}, aside)
	if err != nil {
		t.Fatal(err)
	}
	finish(t, st, j.ID)
	d, err := st.PersonData(ctx, storetest.Actor, "ana")
	if err != nil || len(d.JobRows) != 1 || !strings.Contains(string(d.JobRows[0].Row), "ana@example.com") {
		t.Errorf("handed out: %+v, %v", d.JobRows, err)
	}
	left := func() (n int) {
		t.Helper()
		if err := st.Pool().QueryRow(ctx, "select count(*) from job_rows").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if _, err := st.ErasePerson(ctx, storetest.Actor, "ana"); err != nil || left() != 3 {
		t.Errorf("after erasing a user: %d rows, %v", left(), err)
	}
	if _, err := st.EraseName(ctx, storetest.Actor, "never@example.com"); err != nil || left() != 2 {
		t.Errorf("after erasing somebody who was never imported: %d rows, %v", left(), err)
	}
	if r, err := st.Sweep(ctx, time.Now(), store.Retention{}); err != nil || r.Jobs != 0 {
		t.Errorf("swept at once: %+v, %v", r, err)
	}
	if r, err := st.Sweep(ctx, time.Now().Add(model.UndoFor+time.Minute), store.Retention{}); err != nil || r.Jobs != 1 || left() != 0 {
		t.Errorf("swept after a month: %+v, %d rows, %v", r, left(), err)
	}
}
