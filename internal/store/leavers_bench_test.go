package store_test

import (
	"testing"

	"github.com/postern-sso/postern/internal/store/storetest"
)

// What the navigation waits for once in a while where 100,000 people are in a
// directory, one in forty of them gone, and where AWS knows them all as well.
func BenchmarkCountLeavers(b *testing.B) {
	st := storetest.OpenPool(b)
	c := storetest.LiveConnection(b, st, "aws", nil)
	exec := func(sql string, args ...any) {
		b.Helper()
		if err := st.Exec(b.Context(), sql, args...); err != nil {
			b.Fatal(err)
		}
	}
	exec(`insert into sources (slug, name, kind, status, connection_id, settings, last_good_at)
		select kind, kind, kind, 'live', case kind when 'aws' then $1::bigint end, '{}', now() from unnest(array['aws', 'ldap']) kind`, c.ID)
	exec(`insert into users (username, username_key, display_name, source, home_source, search_key, active)
		select 'u' || i, 'u' || i, 'U', 'source', case when i % 100 <> 0 then 'ldap' end, 'u' || i, i % 40 <> 1 from generate_series(1, 100000) i`)
	exec(`insert into source_users (source_id, stable_id, digest, says, username, enabled, assigned, state, user_id, attributes, first_run, changed_run)
		select s.id, s.slug || u.username, repeat('d', 32), 63, u.username, u.username not like '%200', s.kind = 'aws' and u.username not like '%300',
			case when u.active then 'present' else 'absent' end, u.id, jsonb_build_object('department', repeat('x', 200)), 1, 1
		from users u cross join sources s`)
	exec(`insert into identities (user_id, connection_id, idp_entity_id, name_id, external_id, last_login_at)
		select id, $1, 'idp', username, 'aws' || username, now() - interval '1 day' from users`, c.ID)
	count := func(b *testing.B) {
		b.Helper()
		for b.Loop() {
			if _, err := st.CountLeavers(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("two sources", count)
	exec("update sources set status = 'paused' where kind = 'aws'")
	b.Run("a directory", count)
}
