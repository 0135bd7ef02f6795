package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// awsGroupKept is for how long an id that nobody named is kept without an answer
// that brings it.
const awsGroupKept = 180 * 24 * time.Hour

// maxAWSGroupID bounds an id in bytes: UUIDs, and names of a domain with a SID.
const maxAWSGroupID = 512

// noteAWSGroups is the part of saveLoginSQL that notes the ids of groups. Whoever
// signs in shares ids with many: a row is written once an hour at most, and in one
// order, so that sign-ins at the same time do not wait for each other.
const noteAWSGroups = `
	noted as (insert into aws_group_names (connection_id, aws_id, first_seen_at, last_seen_at)
		select connection_id, i.id, date_trunc('hour', finished_at), date_trunc('hour', finished_at) from saved, unnest(@aws_groups::text[]) i (id)
		where connection_id is not null and finished_at is not null and not exists (select from aws_group_names g
			where g.connection_id = saved.connection_id and g.aws_id = i.id and g.last_seen_at >= date_trunc('hour', finished_at))
		order by connection_id, i.id
		on conflict (connection_id, aws_id) do update set last_seen_at = greatest(aws_group_names.last_seen_at, excluded.last_seen_at),
			first_seen_at = least(aws_group_names.first_seen_at, excluded.first_seen_at))`

// awsGroupsOf are the ids that a login brought: none of a message that was not
// verified, which anybody can send.
func awsGroupsOf(l model.Login) []string {
	if !l.Verified || l.Person == nil {
		return []string{}
	}
	ids := make([]string, 0, len(l.Person.AWSGroups))
	for _, id := range l.Person.AWSGroups {
		if id != "" && len(id) <= maxAWSGroupID {
			ids = append(ids, replaceUnstorable(id))
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	return ids[:min(len(ids), model.MaxAWSGroupsOfLogin)]
}

// AWSGroupQuery asks for a page of AWS's groups.
type AWSGroupQuery struct {
	Page
	Connection string    // slug; empty: all
	Search     string    // part of the id or of a name
	Nameless   bool      // of which nobody knows the name
	SeenBefore time.Time // those that no answer brought since; zero: all
}

const awsGroupColumns = `c.slug, n.aws_id, n.name, n.named_by, n.named_at, n.first_seen_at, n.last_seen_at,
	coalesce(k.slug, ''), coalesce(k.name, ''), coalesce(k.state = 'absent', false)`

// awsGroupSource joins what a source says of the id: the source of that connection
// that has it, one that has it now before one that had it.
const awsGroupSource = `
	left join lateral (select s.slug, g.name, g.state from source_groups g join sources s on s.id = g.source_id
		where s.kind = 'aws' and s.connection_id = n.connection_id and g.stable_id = n.aws_id
		order by g.state = 'absent', s.slug limit 1) k on true`

func scanAWSGroup(row pgx.CollectableRow) (g model.AWSGroup, err error) {
	var named, first, last *time.Time
	err = row.Scan(&g.Connection, &g.ID, &g.Named, &g.NamedBy, &named, &first, &last, &g.Source, &g.SourceName, &g.Gone)
	g.NamedAt, g.FirstSeenAt, g.LastSeenAt = valueOrZero(named), valueOrZero(first), valueOrZero(last)
	return g, err
}

// AWSGroups lists the ids that answers brought or somebody named, the latest seen
// first, and the cursor to the next page.
func (s *Store) AWSGroups(ctx context.Context, q AWSGroupQuery) ([]model.AWSGroup, string, error) {
	const seen = "coalesce(n.last_seen_at, 'epoch'::timestamptz)"
	f := &filter{}
	if q.Connection != "" {
		f.with("c.slug = @connection", "connection", q.Connection)
	}
	if q.Search != "" {
		f.with("(lower(n.aws_id) like @search or lower(n.name) like @search or lower(k.name) like @search)", "search", contains(strings.ToLower(q.Search)))
	}
	if q.Nameless {
		f.where("n.name = '' and k.name is null")
	}
	if !q.SeenBefore.IsZero() {
		f.with(seen+" < @before", "before", q.SeenBefore)
	}
	if at, ok := q.position(3); ok {
		if t, ok := cursorTime(at[0]); ok {
			f.with("("+seen+" < @at or "+seen+" = @at and (c.slug, n.aws_id) > (@after_slug, @after_id))", "at", t)
			f.set("after_slug", at[1])
			f.set("after_id", at[2])
		}
	}
	f.set("limit", q.limit()+1)
	groups, err := filtered(ctx, s.db, scanAWSGroup, "select "+awsGroupColumns+" from aws_group_names n join connections c on c.id = n.connection_id"+
		awsGroupSource+f.String()+"order by "+seen+" desc, c.slug, n.aws_id limit @limit", f.args)
	if err != nil {
		return nil, "", err
	}
	groups, next := cut(groups, q.limit(), func(g model.AWSGroup) []string {
		at := g.LastSeenAt
		if at.IsZero() {
			at = time.Unix(0, 0)
		}
		return []string{at.UTC().Format(time.RFC3339Nano), g.Connection, g.ID}
	})
	return groups, next, nil
}

// AWSGroupPeople counts for each of the groups the people whose newest answer, through
// the group's connection, had it.
func (s *Store) AWSGroupPeople(ctx context.Context, groups []model.AWSGroup) ([]int, error) {
	type key struct{ connection, id string }
	type counted struct {
		key
		people int
	}
	if len(groups) == 0 {
		return nil, nil
	}
	ids := make([]string, len(groups))
	for i, g := range groups {
		ids[i] = g.ID
	}
	rows, err := list(ctx, s.db, func(row pgx.CollectableRow) (c counted, err error) {
		return c, row.Scan(&c.connection, &c.id, &c.people)
	}, `select c.slug, x.id, count(*)::int from identities i join connections c on c.id = i.connection_id,
		lateral (select distinct e id from jsonb_array_elements_text(case jsonb_typeof(i.last_person -> 'AWSGroups')
			when 'array' then i.last_person -> 'AWSGroups' else '[]' end) e where e = any(@ids)) x group by 1, 2`, named{"ids": ids})
	people := map[key]int{}
	for _, c := range rows {
		people[c.key] = c.people
	}
	counts := make([]int, len(groups))
	for i, g := range groups {
		counts[i] = people[key{g.Connection, g.ID}]
	}
	return counts, err
}

// AWSGroupNamesOf are the names of the groups that AWS sent about some people, by
// connection and id.
func (s *Store) AWSGroupNamesOf(ctx context.Context, people map[string][]model.Person) (map[string]map[string]string, error) {
	names := make(map[string]map[string]string, len(people))
	for connection, some := range people {
		ids := []string{}
		for _, p := range some {
			ids = append(ids, p.AWSGroups...)
		}
		var err error
		if names[connection], err = s.AWSGroupNames(ctx, connection, ids); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// knownAWSGroups are the names of AWS's groups by connection and id, the better known
// first: as a source reads them, as it did, and as somebody wrote them down.
const knownAWSGroups = `(select s.connection_id, g.stable_id id, g.name, case g.state when 'present' then 1 else 2 end preference
		from source_groups g join sources s on s.id = g.source_id where s.kind = 'aws' and g.name <> ''
		union all select connection_id, aws_id, name, 3 from aws_group_names where name <> '')`

// AWSGroupNames are the names of a connection's groups by their ids: of those ids,
// or of all where ids is nil. What a source says goes before what somebody wrote;
// ids without a name are left out.
func (s *Store) AWSGroupNames(ctx context.Context, connection string, ids []string) (map[string]string, error) {
	type pair struct{ id, name string }
	pairs, err := list(ctx, s.db, func(row pgx.CollectableRow) (p pair, err error) {
		err = row.Scan(&p.id, &p.name)
		return p, err
	}, "select distinct on (k.id) k.id, k.name from "+knownAWSGroups+` k join connections c on c.id = k.connection_id
		where c.slug = @connection and (@all or k.id = any(@ids)) order by k.id, k.preference, k.name`, named{"connection": connection, "all": ids == nil,
		"ids": slices.Clone(ids)})
	names := make(map[string]string, len(pairs))
	for _, p := range pairs {
		names[p.id] = p.name
	}
	return names, err
}

// NameAWSGroups writes down what groups of a connection are called, by their ids; an
// empty name takes one away. Each change is audited. It returns how many changed.
// ErrNotFound when there is no such connection.
func (s *Store) NameAWSGroups(ctx context.Context, actor model.Actor, connection string, names map[string]string, note string) (changed int, err error) {
	if len(names) > model.MaxAWSGroupsNamed {
		return 0, fmt.Errorf("more than %d names at once", model.MaxAWSGroupsNamed)
	}
	err = s.InTx(ctx, func(tx *Store) error {
		id, err := single(ctx, tx.db, pgx.RowTo[int64], "select id from connections where slug = @slug for share", named{"slug": connection})
		if err != nil {
			return err
		}
		ids, called := []string{}, []string{}
		for id, name := range names {
			if id = clean(id, maxAWSGroupID); id != "" {
				ids, called = append(ids, id), append(called, clean(strings.TrimSpace(name), maxText))
			}
		}
		changes, err := list(ctx, tx.db, scanNaming, nameAWSGroupsSQL,
			named{"connection": id, "ids": ids, "names": called, "by": clean(actor.Name, maxText)})
		if err != nil {
			return translate(err)
		}
		changed = len(changes)
		return tx.recordNamings(ctx, actor, connection, changes, note)
	})
	return changed, err
}

// nameAWSGroupsSQL writes names where they differ, in one order, and returns what
// was and what is.
const nameAWSGroupsSQL = `
	with wanted as (select i.id, i.name from unnest(@ids::text[], @names::text[]) i (id, name)),
	before as (select n.aws_id, n.name from aws_group_names n join wanted w on w.id = n.aws_id where n.connection_id = @connection),
	written as (insert into aws_group_names (connection_id, aws_id, name, named_by, named_at)
		select @connection, w.id, w.name, @by, now() from wanted w left join before b on b.aws_id = w.id
		where w.name <> coalesce(b.name, '') order by w.id
		on conflict (connection_id, aws_id) do update set name = excluded.name, named_by = case excluded.name when '' then '' else excluded.named_by end,
			named_at = case excluded.name when '' then null else excluded.named_at end
		returning aws_id, name)
	select w.aws_id, coalesce(b.name, ''), w.name from written w left join before b using (aws_id) order by w.aws_id`

type naming struct{ id, before, after string }

func scanNaming(row pgx.CollectableRow) (n naming, err error) {
	err = row.Scan(&n.id, &n.before, &n.after)
	return n, err
}

func (s *Store) recordNamings(ctx context.Context, actor model.Actor, connection string, changes []naming, note string) error {
	entries := make([]named, 0, len(changes))
	for _, c := range changes {
		entry, err := auditArgs(actor, "aws_group.name", connection+"/"+c.id, map[string]any{"name": c.before}, map[string]any{"name": c.after}, note)
		if err != nil {
			return err
		}
		entries = append(entries, entry)
	}
	return s.recordAll(ctx, entries)
}
