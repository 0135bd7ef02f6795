package store_test

import (
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// The tests of this package, and those of pages, run as the role that Postern
// runs as. What it must not do is tried here.
func TestAuditIsAppendOnlyForTheRoleThatRuns(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	ctx := t.Context()
	if storetest.OneRole() {
		t.Skip("the server is somebody else's, and has one role")
	}
	if safe, err := st.AuditIsAppendOnly(ctx); err != nil || !safe {
		t.Fatalf("the role that runs could change the audit (%v)", err)
	}
	if err := st.RecordAudit(ctx, storetest.Actor, "test.done", "thing", ""); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		"insert into audit (at, actor, action, object) values (now() - interval '1 year', 'a', 'b', 'c')",
		"insert into audit (id, actor, action, object) overriding system value values (1, 'a', 'b', 'c')",
		"update audit set note = 'nothing happened'", "delete from audit", "truncate audit", "drop table audit",
		"alter table audit disable trigger all", "create table more (id int)",
		"update goose_db_version set is_applied = false", "set role postern",
		"update schema set min_program = version", "insert into schema (version, min_program) values (1, 1)", "delete from schema", "truncate table schema",
		"create or replace function crowd_users_inserted() returns trigger language plpgsql as 'begin return null; end'",
	} {
		_, err := st.Pool().Exec(ctx, sql)
		if err == nil || !strings.Contains(err.Error(), "permission denied") && !strings.Contains(err.Error(), "must be owner") {
			t.Errorf("%s: %v", sql, err)
		}
	}
	// PostgreSQL only warns that nothing was granted.
	if _, err := st.Pool().Exec(ctx, "grant all on audit to postern_run"); err != nil {
		t.Error(err)
	}
	if safe, err := st.AuditIsAppendOnly(ctx); err != nil || !safe {
		t.Errorf("the role could give itself rights: %v", err)
	}
	entries, _, err := st.Audit(ctx, store.AuditQuery{Action: "test.done"})
	if err != nil || len(entries) != 1 {
		t.Errorf("the audit has %d entries, %v", len(entries), err)
	}
}
