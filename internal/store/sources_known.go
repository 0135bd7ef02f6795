package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
)

// holdWindow is the time over which changes that nobody approved are counted.
const holdWindow = 24 * time.Hour

// SourceKnown is what the database knows for the plan of a whole reading of a source.
func (s *Store) SourceKnown(ctx context.Context, src model.Source) (k directory.Known, err error) {
	ids := newInterned()
	if k.Memberships, err = s.knownMemberships(ctx, src, ids); err != nil {
		return k, err
	}
	if k.Others, err = s.knownOthers(ctx, src, knownScope{}); err != nil {
		return k, err
	}
	if k.Identities, err = s.knownIdentities(ctx, src); err != nil {
		return k, err
	}
	if err := s.addKnown(ctx, &k, src, knownScope{}, ids); err != nil {
		return k, err
	}
	if err := s.addRules(ctx, &k, src, nil, ids); err != nil {
		return k, err
	}
	return k, s.addCounted(ctx, &k, src)
}

// knownScope is about whom something is loaded; the zero value: all.
type knownScope struct {
	partial bool
	people  []string // stable ids
	keys    []string // of usernames
	foreign []string // ids that another source may have
	users   []string // ids of users, as concerned finds them

	groups   []string // keys of our names of groups
	groupIDs []int64  // of local groups that have memberships
}

// addKnown adds what every plan needs: mirror, users, groups.
func (s *Store) addKnown(ctx context.Context, k *directory.Known, src model.Source, of knownScope, ids interned) (err error) {
	if k.Mirror, err = s.knownMirror(ctx, src, of, ids); err != nil {
		return err
	}
	if k.Users, err = s.knownUsers(ctx, of, ids); err != nil {
		return err
	}
	k.Groups, err = s.knownGroups(ctx, of)
	return err
}

// addCounted adds what the limits count: active users, and what runs did lately.
func (s *Store) addCounted(ctx context.Context, k *directory.Known, src model.Source) (err error) {
	if err := s.db.QueryRow(ctx, "select count(*) from users where active and home_source = $1", src.Slug).Scan(&k.Active); err != nil {
		return translate(err)
	}
	k.Recent, err = s.recentChanges(ctx, src.ID)
	return err
}

// interned gives each id of a user one text, however often it is read.
type interned map[[16]byte]string

func newInterned() interned { return interned{} }

func (n interned) text(id [16]byte) string {
	t, ok := n[id]
	if !ok {
		t = uuidText(id)
		n[id] = t
	}
	return t
}

func uuidText(id [16]byte) string {
	const digits = "0123456789abcdef"
	b := make([]byte, 0, 36)
	for i, v := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			b = append(b, '-')
		}
		b = append(b, digits[v>>4], digits[v&15])
	}
	return string(b)
}

func (s *Store) knownMemberships(ctx context.Context, src model.Source, ids interned) ([]directory.Membership, error) {
	return list(ctx, s.db, func(row pgx.CollectableRow) (m directory.Membership, err error) {
		var users [][16]byte
		if err = row.Scan(&m.Ref, &m.Group, &users); err != nil {
			return m, err
		}
		m.Users = make([]string, len(users))
		for i, u := range users {
			m.Users[i] = ids.text(u)
		}
		return m, nil
	}, "select ref, group_id, array_agg(user_id) from memberships where source = 'source' and starts_with(ref, @prefix) group by ref, group_id",
		named{"prefix": model.SourceRef(src.Slug, "")})
}

// knownOthers are people of other sources, linked to users.
func (s *Store) knownOthers(ctx context.Context, src model.Source, of knownScope) ([]directory.OtherLink, error) {
	from, own := "source_users p", " and p.source_id = s.id"
	if of.partial { // each of the three by its own index
		const person = "select stable_id, foreign_ids, user_id, state, enabled, says from source_users where source_id = s.id and "
		from = "lateral (" + person + "stable_id = any(@ids) union " + person + "foreign_ids && @ids union " + person + `user_id in (select own.user_id
			from source_users own where own.source_id = @source and own.stable_id = any(@people))) p`
		own = ""
	}
	return list(ctx, s.db, func(row pgx.CollectableRow) (o directory.OtherLink, err error) {
		return o, row.Scan(&o.Source, &o.StableID, &o.ForeignIDs, &o.UserID, &o.Denies)
	}, `select s.slug, p.stable_id, p.foreign_ids, p.user_id::text, s.status = 'live' and p.state = 'present' and not p.enabled and p.says & @active <> 0
		from sources s cross join `+from+" where s.id <> @source and p.user_id is not null"+own,
		named{"source": src.ID, "active": int16(model.SaysActive), "ids": spellings(of.foreign), "people": of.people})
}

// spellings are ids in both cases, as sources write them.
func spellings(ids []string) []string {
	var all []string
	for _, id := range ids {
		all = append(all, id, strings.ToLower(id), strings.ToUpper(id))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (s *Store) knownIdentities(ctx context.Context, src model.Source) (map[string]string, error) {
	if src.Kind != model.SourceAWS || src.Connection == "" {
		return nil, nil
	}
	rows, err := s.db.Query(ctx, `select i.external_id, i.user_id::text from identities i join connections c on c.id = i.connection_id
		where c.slug = @connection and i.external_id <> ''`, named{"connection": src.Connection})
	if err != nil {
		return nil, translate(err)
	}
	known := map[string]string{}
	var id, user string
	_, err = pgx.ForEachRow(rows, []any{&id, &user}, func() error {
		known[id] = user
		return nil
	})
	return known, translate(err)
}

// concerned are the users whom a push can concern.
func (s *Store) concerned(ctx context.Context, src model.Source, of knownScope, k directory.Known) ([]string, error) {
	users, err := list(ctx, s.db, pgx.RowTo[string], `select user_id::text from source_users where source_id = @source and stable_id = any(@people)
			and user_id is not null
		union select id::text from users where username_key = any(@keys)`, named{"source": src.ID, "people": of.people, "keys": of.keys})
	if err != nil {
		return nil, err
	}
	for _, o := range k.Others {
		users = append(users, o.UserID)
	}
	for _, m := range k.Memberships {
		users = append(users, m.Users...)
	}
	slices.Sort(users)
	return slices.Compact(users), nil
}

func (s *Store) knownMirror(ctx context.Context, src model.Source, of knownScope, ids interned) ([]directory.MirrorPerson, error) {
	which := ""
	if of.partial {
		which = " and (stable_id = any(@people) or user_id = any(@users::uuid[]))"
	}
	return list(ctx, s.db, func(row pgx.CollectableRow) (m directory.MirrorPerson, err error) {
		var user *[16]byte
		if err = row.Scan(&m.StableID, &m.Username, &m.Place, &m.Present, &m.Missed, &m.Enabled, &user); err == nil && user != nil {
			m.UserID = ids.text(*user)
		}
		return m, err
	}, "select stable_id, username, place, state = 'present', missed, enabled, user_id from source_users where source_id = @source"+which,
		named{"source": src.ID, "people": of.people, "users": of.users})
}

func (s *Store) knownUsers(ctx context.Context, of knownScope, ids interned) ([]directory.User, error) {
	rules, err := s.administrators(ctx, of.users)
	if err != nil {
		return nil, err
	}
	which := ""
	if of.partial {
		which = " where id = any(@users::uuid[])"
	}
	return list(ctx, s.db, func(row pgx.CollectableRow) (u directory.User, err error) {
		var id [16]byte
		var last *time.Time
		err = row.Scan(&id, &u.Username, &u.Email, &u.FirstName, &u.LastName, &u.DisplayName, &u.Active, &u.Home, &u.Pins, &u.DeactivatedBy, &last)
		u.ID, u.LastLoginAt = ids.text(id), valueOrZero(last)
		u.Administrator = rules[u.ID]
		return u, err
	}, `select id, username, email, first_name, last_name, display_name, active, coalesce(home_source, ''), nullif(pins, '{}'), deactivated_by, last_login_at
		from users`+which, named{"users": of.users})
}

// administeringSQL are users who administer the console, or could.
const administeringSQL = `select user_id from administrators where user_id is not null
		union select m.user_id from memberships m where m.source = 'manual'
			and m.group_id = (select (value ->> 'console_group_id')::bigint from settings where key = '` + settingsKey + `')`

// administrators are the ids of users who administer the console, or could: those
// among some users; nil: all.
func (s *Store) administrators(ctx context.Context, among []string) (map[string]bool, error) {
	sql := "select user_id::text from (" + administeringSQL + ") a"
	if among != nil {
		sql += " where user_id = any(@among::uuid[])"
	}
	all, err := list(ctx, s.db, pgx.RowTo[string], sql, named{"among": among})
	known := make(map[string]bool, len(all))
	for _, id := range all {
		known[id] = true
	}
	return known, err
}

// consoleGroup tells whether the group g gives the console to its members.
const consoleGroup = `coalesce(g.id = (select (value ->> 'console_group_id')::bigint from settings where key = '` + settingsKey + `'), false)`

// productAdministrators are the keys of the groups by which Atlassian's products know
// their administrators.
var productAdministrators = []string{"jira-administrators", "confluence-administrators", "bamboo-admin", "crowd-administrators", "bitbucket-administrators"}

func (s *Store) knownGroups(ctx context.Context, of knownScope) ([]directory.Group, error) {
	which := ""
	if of.partial {
		which = " where g.name_key = any(@keys) or g.id = any(@ids)"
	}
	return list(ctx, s.db, func(row pgx.CollectableRow) (g directory.Group, err error) {
		return g, row.Scan(&g.ID, &g.Name, &g.ByHandOnly, &g.Privileged)
	}, "select g.id, g.name, g.by_hand_only or "+consoleGroup+", g.by_hand_only or g.name_key = any(@products) or "+consoleGroup+" from groups g"+which,
		named{"products": productAdministrators, "keys": of.groups, "ids": of.groupIDs})
}

// renamingChange are changes c that gave a user another username.
const renamingChange = `c.user_id is not null and c.kind <> 'created' and lower(c.before ->> 'username') <> lower(c.after ->> 'username')`

// countedChange are the changes c that limits count, few among many: as the index
// source_changes_counted has them.
const countedChange = `c.state = 'applied' and (c.kind = 'deactivated' or c.removed <> '{}' or ` + renamingChange + ")"

// recentChanges counts what runs did in the time over which they are held, without
// those that a person approved or undid.
func (s *Store) recentChanges(ctx context.Context, source int64) (directory.Recent, error) {
	r := directory.Recent{Removed: map[int64]int{}, RuleRemoved: map[int64]int{}}
	const recent = ` from source_changes c join source_runs r on r.id = c.run_id where r.source_id = @source and ` + countedChange + `
		and r.trigger not in ('approval', 'undo') and c.applied_at > now() - @window::interval and r.started_at > now() - @window::interval - interval '1 day'`
	args := named{"source": source, "window": holdWindow}
	err := s.db.QueryRow(ctx, "select count(*) filter (where c.kind = 'deactivated'), count(*) filter (where "+renamingChange+")"+recent+
		" and not "+ofMembers("c.kind"), args).Scan(&r.Deactivated, &r.Renamed)
	if err != nil {
		return r, translate(err)
	}
	rows, err := s.db.Query(ctx, `select g.id, x.kind, x.removed from (select c.group_name, c.kind, sum(cardinality(c.removed))::int removed`+recent+
		" and "+ofMembers("c.kind")+` and c.removed <> '{}' group by 1, 2) x join groups g on g.name = x.group_name`, args)
	if err != nil {
		return r, translate(err)
	}
	var group int64
	var kind model.SourceChangeKind
	var removed int
	_, err = pgx.ForEachRow(rows, []any{&group, &kind, &removed}, func() error {
		if kind == model.SourceByRule {
			r.RuleRemoved[group] += removed
		} else {
			r.Removed[group] += removed
		}
		return nil
	})
	return r, translate(err)
}
