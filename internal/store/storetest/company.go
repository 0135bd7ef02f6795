package storetest

import (
	"context"
	"testing"

	"github.com/postern-sso/postern/internal/store"
)

// Size of the company that FillCompany makes.
const (
	CompanyUsers       = 100_000
	CompanyGroups      = 10_000
	CompanyMemberships = 1_000_000
	CompanyLogins      = 1_000_000
	CompanyAudit       = 200_000
)

// EverybodysGroup has every user of the company.
const EverybodysGroup = "everybody"

// FillCompany fills an empty database with a large company, for benchmarks: it
// takes half a minute. One user in fifty is inactive, one login in twenty is
// refused, and logins are spread over two years, the newest a minute ago.
func FillCompany(t testing.TB, st *store.Store) {
	t.Helper()
	ctx := context.Background()
	for _, sql := range []string{
		`insert into users (username, username_key, email, email_key, display_name, active, source, last_login_at, search_key)
		select name, name, name || '@example.com', name || '@example.com', 'Person Number ' || i, i % 50 <> 0,
			case when i % 3 = 0 then 'manual' else 'jit' end,
			case when i % 7 <> 0 then now() - i * interval '1 minute' end,
			name || E'\n' || name || '@example.com' || E'\n' || 'person number ' || i
		from (select i, 'user' || lpad(i::text, 6, '0') as name from generate_series(1, 100000) i) s`,
		`insert into groups (name, name_key, description, search_key)
		select name, name, 'Team ' || i, name || E'\n' || 'team ' || i
		from (select i, case when i = 1 then 'everybody' else 'group-' || lpad(i::text, 5, '0') end as name
			from generate_series(1, 10000) i) s`,
		`create temporary table numbered as select id, row_number() over (order by username_key) as n from users`,
		`insert into memberships (user_id, group_id, source, ref, origin)
		select id, (select id from groups where name = 'everybody'), 'rule', 'aws', 'everyone' from numbered`,
		`insert into memberships (user_id, group_id, source, ref, origin)
		select u.id, g.id, 'manual', '', 'olga@example.com'
		from numbered u cross join generate_series(1, 9) k
		join (select id, row_number() over (order by id) as n from groups where name <> 'everybody') g
			on g.n = (u.n * 9 + k * 1117) % 9999 + 1
		on conflict do nothing`,
		`insert into logins (id, connection, outcome, code, username, username_key, user_id, name_id, name_id_key,
			started_at, finished_at, checks, changes)
		select 'login' || lpad(i::text, 11, '0'), 'aws', case when i % 20 = 0 then 'refused' else 'signed_in' end,
			case when i % 20 <> 0 then '' when i % 60 = 0 then 'audience_mismatch' else 'expired' end,
			'user' || lpad((i % 100000)::text, 6, '0'), 'user' || lpad((i % 100000)::text, 6, '0'),
			u.id, 'user' || (i % 100000), 'user' || (i % 100000),
			now() - i * interval '1 minute', now() - i * interval '1 minute',
			'[{"ID":"form","Title":"The form can be read","State":"passed"}]', '[]'
		from generate_series(1, 1000000) i left join numbered u on u.n = i % 100000`,
		`insert into login_days (day, connection, outcome, code, part, count)
		select (started_at at time zone 'UTC')::date, connection, outcome, code, 0, count(*) from logins group by 1, 2, 3, 4`,
		`insert into audit (at, actor, remote_addr, action, object, before, after)
		select now() - i * interval '5 minutes', case when i % 3 = 0 then 'olga@example.com' else 'paul@example.com' end, '10.0.0.5',
			case when i % 4 = 0 then 'group.update' else 'user.update' end, 'user' || lpad((i % 100000)::text, 6, '0'),
			'{"email":"old@example.com"}', '{"email":"new@example.com"}'
		from generate_series(200000, 1, -1) i`,
	} {
		if _, err := st.Pool().Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := st.Pool().Exec(ctx, "vacuum analyze"); err != nil {
		t.Fatal(err)
	}
}
