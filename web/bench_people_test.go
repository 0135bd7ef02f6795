package web_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// companySize is how many users the company of most benchmarks has.
const companySize = 100_000

// companySQL fills an empty database with a company of N users: with N = 100,000,
// 10,000 groups of which the first has everybody, 1,000,000 memberships, 1,000,000
// logins in 90 days and 200,000 audit entries, else in proportion. Indexes are made
// after the rows, which is several times faster than before.
const companySQL = `
do $$
declare
	people int := N;
	definitions text[];
	d text;
begin
	select array_agg(indexdef), string_agg(format('drop index %I', indexname), ';') into definitions, d
	from pg_indexes i where schemaname = 'public' and tablename in ('users', 'memberships', 'logins', 'audit')
		and not exists (select from pg_constraint c where c.conname = i.indexname);
	execute d;

	insert into users (username, username_key, email, email_key, display_name, search_key, active, source, last_login_at)
	select name, name, name || '@example.com', name || '@example.com', shown, name || E'\n' || name || E'@example.com\n' || lower(shown),
		i % 20 <> 0, (array['manual', 'jit', 'source'])[i % 3 + 1],
		case when i % 10 < 7 then now() - make_interval(secs => i * 40) end
	from (select i, 'person' || lpad(i::text, 6, '0') as name,
		(array['Ada', 'Grace', 'Alan', 'Edsger', 'Barbara'])[i % 5 + 1] || ' ' || (array['Lovelace', 'Hopper', 'Turing'])[i % 3 + 1] || ' ' || i as shown
		from generate_series(1, people) i) everybody;

	insert into groups (name, name_key, description, search_key)
	select name, name, 'Team ' || i, name || E'\nteam ' || i
	from (select i, case when i = 1 then 'everybody' else 'group' || lpad(i::text, 5, '0') end as name from generate_series(1, people / 10) i) g;

	insert into memberships (user_id, group_id, source, origin)
	select u.id, g.id, case when k % 3 = 0 then 'rule' else 'manual' end, 'bench@example.com'
	from (select id, row_number() over (order by username_key) as i from users) u
	cross join generate_series(0, 9) k
	join groups g on g.name_key = case when k = 0 then 'everybody' else 'group' || lpad(((u.i * 7 + k * 1111) % (people / 10 - 1) + 2)::text, 5, '0') end;

	insert into logins (id, connection, started_at, finished_at, outcome, code, refusal, username, username_key, name_id, name_id_key)
	select 'l' || lpad(i::text, 15, '0'), 'aws', now() - make_interval(secs => i * 7.7 * 100000 / people),
		now() - make_interval(secs => i * 7.7 * 100000 / people),
		case when i % 50 = 0 then 'refused' else 'signed_in' end,
		case when i % 500 = 0 then 'username_taken' when i % 50 = 0 then 'user_unknown' else '' end,
		case when i % 50 = 0 then jsonb_build_object('Code', case when i % 500 = 0 then 'username_taken' else 'user_unknown' end) end,
		name, name, name, name
	from (select i, case when i % 50 = 0 then 'stranger' else 'person' end || lpad((i * 13 % people + 1)::text, 6, '0') as name
		from generate_series(1, people * 10) i) l;

	insert into audit (at, actor, action, object, note)
	select now() - make_interval(secs => (people * 2 - i) * 39), 'admin' || i % 12 || '@example.com',
		(array['user.create', 'user.update', 'membership.add', 'membership.remove'])[i % 4 + 1], 'person' || lpad((i % people)::text, 6, '0'), ''
	from generate_series(1, people * 2) i;

	foreach d in array definitions loop
		execute d;
	end loop;
end
$$`

// fillCompany makes a company of so many users in the database at url.
func fillCompany(b *testing.B, url string, people int) {
	b.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }() // nothing is pending on it
	if _, err := conn.Exec(ctx, "set maintenance_work_mem = '256MB'; set work_mem = '64MB'"); err != nil {
		b.Fatal(err)
	}
	if _, err := conn.Exec(ctx, strings.Replace(companySQL, "int := N;", fmt.Sprintf("int := %d;", people), 1)); err != nil {
		b.Fatal(err)
	}
	if _, err := conn.Exec(ctx, "vacuum analyze"); err != nil {
		b.Fatal(err)
	}
}
