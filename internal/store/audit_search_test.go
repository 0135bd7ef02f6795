package store_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// Who put somebody into anything is found whatever way they were put there, and
// an index answers.
func TestAuditIsSearchedInWhole(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	ctx := t.Context()
	mallory := storetest.User(t, st, "mallory")
	storetest.Group(t, st, "staff")
	actor := model.Actor{Name: "owner@example.com", RemoteAddr: "203.0.113.9"}
	if _, err := st.Bulk(ctx, actor, model.BulkAdd, "staff", []string{mallory.ID}); err != nil {
		t.Fatal(err)
	}
	for search, want := range map[string]int{"mallory": 2, "203.0.113.9": 1, "MALLORY": 2, "usernames": 0} {
		entries, _, err := st.Audit(ctx, store.AuditQuery{Search: search})
		if err != nil || len(entries) != want {
			t.Errorf("%q finds %d entries, want %d, %v", search, len(entries), want, err)
		}
	}
	tx, err := st.Pool().Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(ctx) }() // it changed nothing
	if _, err := tx.Exec(ctx, "set local enable_seqscan = off; set local enable_indexscan = off"); err != nil {
		t.Fatal(err)
	}
	rows, err := tx.Query(ctx, "explain select from audit where audit_text(actor, action, object, note, remote_addr, before, after) ilike '%mallory%'")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || !strings.Contains(strings.Join(plan, "\n"), "audit_search") {
		t.Errorf("the index is not used: %v, %v", plan, err)
	}
}
