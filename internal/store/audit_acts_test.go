package store_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// What one transaction writes is one act, whatever wrote it; what stands alone is
// an act of its own, and so is what follows a part that failed.
func TestATransactionIsOneAct(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	ctx := t.Context()
	actor := model.Actor{Name: "owner@example.com"}
	group := func(tx *store.Store, name string) {
		t.Helper()
		if _, err := tx.CreateGroup(ctx, actor, model.Group{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	group(st, "alone")
	broken := errors.New("broken")
	err := st.InTx(ctx, func(tx *store.Store) error {
		err := tx.InTx(ctx, func(part *store.Store) error {
			group(part, "never")
			return broken
		})
		if !errors.Is(err, broken) {
			return err
		}
		for i := range 5 {
			group(tx, fmt.Sprint("many", i))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var rows []store.ImportRow
	for i := range 4 {
		rows = append(rows, store.ImportRow{Groups: []string{"alone"},
			User: model.User{Username: fmt.Sprint("person", i), Active: true, Source: model.UserManual}})
	}
	if _, err := st.ImportUsers(ctx, actor, rows); err != nil {
		t.Fatal(err)
	}
	acts, _, err := st.Audit(ctx, store.AuditQuery{Acts: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(acts) != 3 {
		t.Fatalf("%d acts: %+v", len(acts), acts)
	}
	ids := []int64{acts[0].ID, acts[1].ID, acts[2].ID}
	parts, err := st.AuditParts(ctx, ids, 2)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{7, 4, 0} {
		if p := parts[ids[i]]; p.Count != want || len(p.Entries) != min(want, 2) {
			t.Errorf("act %q has %d further entries of which %d are shown, want %d", acts[i].Object, p.Count, len(p.Entries), want)
		}
	}
	whole, _, err := st.Audit(ctx, store.AuditQuery{Act: ids[1]})
	if err != nil || len(whole) != 5 || whole[4].Object != "many0" || whole[0].Act != ids[1] {
		t.Errorf("the act has the entries %+v, %v", whole, err)
	}
}
