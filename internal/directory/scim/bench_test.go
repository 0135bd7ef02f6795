package scim_test

import (
	"fmt"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// BenchmarkPush is what an identity provider sends in its first cycle, with so many
// people here already, all of them in one group: the next is looked for, made, changed
// and put into the group; and a member goes and comes back. None may be slowed down by
// how many there are.
func BenchmarkPush(b *testing.B) {
	for _, size := range []int{100, 1000, 10_000} {
		p := crowd(b, size)
		for _, m := range []struct {
			what     string
			requests int
			do       func(*testing.B)
		}{{"the next", 4, p.next}, {"a member goes and comes", 2, p.goAndCome}} {
			b.Run(fmt.Sprintf("%d people/%s", size, m.what), func(b *testing.B) {
				n := 0
				for b.Loop() {
					m.do(b)
					n += m.requests
				}
				b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "requests/s")
			})
		}
	}
}

// pushedCrowd is a site with people, the last of whom has the id "new".
type pushedCrowd struct {
	*site
	people int
}

// crowd makes a site with so many people in one group. A few are pushed; the others are
// made as those are, in the database.
func crowd(b *testing.B, size int) *pushedCrowd {
	b.Helper()
	const few = 20
	url := storetest.Database(b)
	open := func(url string) *store.Store {
		st, err := store.Open(b.Context(), url)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(st.Close)
		return st
	}
	owner := open(url)
	p := &pushedCrowd{site: newSite(b, open(storetest.RunURL(url)), func(src *model.Source) { src.Limits.GroupPercent = 100 })} // nobody who goes waits
	p.run([]step{{why: "the group", method: "POST", path: "/Groups", status: 201, is: "all", body: `{"displayName":"All"}`}})
	for range few {
		p.next(b)
	}
	for _, sql := range []string{
		"create table more as select 'q' || n as name, gen_random_uuid() as id, gen_random_uuid() as user_id from generate_series(1, " +
			fmt.Sprint(size-few) + ") n",
		"create table one as select id, id::text as stable_id, (select user_id from source_users where stable_id = id::text) as user_id from scim_resources " +
			"where kind = 'User' limit 1",
		`insert into scim_resources select (jsonb_populate_record(r, jsonb_build_object('id', n.id, 'name', n.name, 'name_key', n.name, 'external_id', n.name))).*
			from one o join scim_resources r on r.id = o.id, more n`,
		`insert into users select (jsonb_populate_record(u, jsonb_build_object('id', n.user_id, 'username', n.name, 'username_key', n.name, 'email', '',
			'email_key', ''))).* from one o join users u on u.id = o.user_id, more n`,
		`insert into source_users select (jsonb_populate_record(m, jsonb_build_object('stable_id', n.id, 'user_id', n.user_id, 'username', n.name,
			'username_key', n.name))).* from one o join source_users m on m.stable_id = o.stable_id, more n`,
		"insert into scim_members select g.id, n.id from scim_resources g, more n where g.kind = 'Group'",
		`insert into memberships select (jsonb_populate_record(m, jsonb_build_object('user_id', n.user_id))).*
			from one o join memberships m on m.user_id = o.user_id, more n`,
		"drop table more, one",
		"analyze", // as PostgreSQL does by itself, once a minute
	} {
		if _, err := owner.Pool().Exec(b.Context(), sql); err != nil {
			b.Fatalf("%s: %v", sql, err)
		}
	}
	return p
}

func (p *pushedCrowd) must(b *testing.B, status int, method, path, body string) reply {
	b.Helper()
	got := p.ask(method, path, body)
	if got.status != status {
		b.Fatalf("%s %s: %d %s", method, path, got.status, got.text)
	}
	return got
}

func (p *pushedCrowd) next(b *testing.B) {
	b.Helper()
	p.people++
	name := fmt.Sprintf("p%06d", p.people)
	p.must(b, 200, "GET", wire(`/Users?filter=userName eq "`+name+`"`), "")
	p.ids["new"], _ = p.must(b, 201, "POST", "/Users", `{"userName":"`+name+`","externalId":"x`+name+`","active":true,"displayName":"Person `+name+
		`","emails":[{"value":"`+name+`@example.com","type":"work","primary":true}]}`).body["id"].(string)
	p.must(b, 200, "PATCH", "/Users/{new}", patch(`{"op":"Replace","path":"title","value":"Engineer"}`))
	p.must(b, 204, "PATCH", "/Groups/{all}", patch(`{"op":"Add","path":"members","value":[{"value":"{new}"}]}`))
}

func (p *pushedCrowd) goAndCome(b *testing.B) {
	b.Helper()
	for _, op := range []string{"Remove", "Add"} {
		p.must(b, 204, "PATCH", "/Groups/{all}", patch(`{"op":"`+op+`","path":"members","value":[{"value":"{new}"}]}`))
	}
}
