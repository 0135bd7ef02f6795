package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// However much there is to erase, a sweep erases all of it.
func TestSweepErasesMuch(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.OpenPool(t)
	do := func(sql string, args ...any) {
		t.Helper()
		if _, err := st.Pool().Exec(ctx, sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now()
	const many = 10_003 // more than one statement takes
	do("insert into sign_in_failures (key, count, until) select int4send(n), 1, $1 from generate_series(1, $2::int) n", now.Add(-time.Hour), many)
	do("insert into crowd_events (kind, operation, at) select 'user', 'created', $1 from generate_series(1, $2::int)", now.Add(-31*24*time.Hour), many)
	// Of the refused logins, the three oldest have more messages than are kept.
	do(`insert into logins (id, connection, outcome, started_at, xml_sealed) select 'r' || n, 'aws', 'refused', $1::timestamptz - n * interval '1 second', 'x'
		from generate_series(1, $2::int) n`, now, many)
	do("insert into logins (id, connection, outcome, started_at, xml_sealed) values ('good', 'aws', 'signed_in', $1, 'x'), ('old', 'aws', 'signed_in', $2, null)",
		now.Add(-24*time.Hour), now.Add(-100*24*time.Hour))
	r, err := st.Sweep(ctx, now, store.Retention{XML: 48 * time.Hour, Logins: 99 * 24 * time.Hour})
	if err != nil || r.Tokens != many || r.CrowdEvents != many || r.XML != 3 || r.Logins != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if l, err := st.Login(ctx, "good"); err != nil || l.XMLSealed == nil {
		t.Errorf("the message of a login that worked: %v", err)
	}
	do("update logins set started_at = $1 where id = 'good'", now.Add(-10*365*24*time.Hour))
	if r, err := st.Sweep(ctx, now, store.Retention{XML: 20 * 365 * 24 * time.Hour}); err != nil || r != (store.SweepResult{}) {
		t.Errorf("logins that are kept for good: %+v, %v", r, err)
	}
}
