package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// ErrTokenExpired: what happened since is not known any more, or it is so much
// that reading everything again is cheaper.
var ErrTokenExpired = errors.New("the event token has expired")

// How long the log of events is kept.
const (
	eventRetention = 30 * 24 * time.Hour
	maxEvents      = 1_000_000
	// maxNews is up to how many entries of the log, and up to how many memberships
	// of renamed groups, are worth telling one by one.
	maxNews = 20_000
)

// DirectoryEvent is one thing for an app to do with its copy.
type DirectoryEvent struct {
	Operation string       // "CREATED", "UPDATED" or "DELETED"
	User      *model.User  // of what was deleted there is only the name
	Group     *model.Group // with User: a membership of User in Group
}

// Operations of events.
const (
	OperationCreated = "CREATED"
	OperationUpdated = "UPDATED"
	OperationDeleted = "DELETED"
)

// touched is a row of the log.
type touched struct {
	kind, operation string
	userID          *string
	groupID         *int64
	name, oldName   string
	chosen          bool // the app is among the row's apps
}

func scanTouched(row pgx.CollectableRow) (t touched, err error) {
	err = row.Scan(&t.kind, &t.operation, &t.userID, &t.groupID, &t.name, &t.oldName, &t.chosen)
	return t, err
}

// DirectoryEvents is what an app has to do to follow the changes since a token,
// in order, and the token to ask with next time. ErrTokenExpired when the app
// was given no such token here, it is too old, or the app cannot follow by
// changes what happened since.
func (s *Store) DirectoryEvents(ctx context.Context, a model.App, token string, at time.Time) ([]DirectoryEvent, string, error) {
	if err := s.adoptLog(ctx); err != nil {
		return nil, "", err
	}
	since, err := s.snapshotOf(ctx, a.Slug, token)
	if err != nil {
		return nil, "", err
	}
	var events []DirectoryEvent
	var now string
	err = s.InTx(ctx, func(tx *Store) error {
		// One snapshot for the token, the log and the directory.
		if s.pool != nil {
			if _, err := tx.db.Exec(ctx, "set transaction isolation level repeatable read, read only"); err != nil {
				return err
			}
		}
		rows, err := tx.news(ctx, a, since)
		if err != nil {
			return err
		}
		if err := tx.db.QueryRow(ctx, "select pg_current_snapshot()::text").Scan(&now); err != nil {
			return err
		}
		events, err = tx.tell(ctx, a, rows)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	next, err := s.keepToken(ctx, a.Slug, now, false, at)
	return events, next, err
}

func (s *Store) news(ctx context.Context, a model.App, since string) ([]touched, error) {
	var expired bool
	err := s.db.QueryRow(ctx, `select pg_snapshot_xmin(@since::text::pg_snapshot)::text::bigint <= (select xid from crowd_pruned)`,
		named{"since": since}).Scan(&expired)
	if err != nil {
		return nil, err
	}
	if expired {
		return nil, ErrTokenExpired
	}
	rows, err := list(ctx, s.db, scanTouched, `
		select kind, operation, user_id::text, group_id, name, old_name, @app = any(apps) from crowd_events
		where xid >= pg_snapshot_xmin(@since::text::pg_snapshot)::text::bigint
			and not pg_visible_in_snapshot(xid::text::xid8, @since::text::pg_snapshot)
		order by id limit @limit`, named{"app": a.Slug, "since": since, "limit": maxNews + 1})
	if err != nil {
		return nil, err
	}
	if len(rows) > maxNews || slices.ContainsFunc(rows, touched.voids) {
		return nil, ErrTokenExpired
	}
	return rows, nil
}

// voids tells whether an app cannot follow a row: it sees other groups since, or
// a user has another name. Apps follow events by name, and the new name would be
// another account beside the old one; reading everything they go by the key.
func (t touched) voids() bool {
	return (t.kind == "reset" && t.chosen) || (t.kind == "user" && t.operation == "renamed")
}

// digest is the log of some time, looked at against the directory of now.
type digest struct {
	app     model.App
	users   map[string]model.User // by id, of those that are there
	groups  map[int64]model.Group // by id, of those that the app sees
	dropped map[int64]bool        // groups that the app had chosen and that were deleted
	events  []DirectoryEvent
	renamed []int64 // groups that the app knows anew
	pairs   []pair
}

type pair struct {
	user  string
	group int64
}

// tell turns rows of the log into events: first users and groups in the order
// of the log, then the memberships as they are now. An app follows by the name,
// so a renamed group is a new one.
func (s *Store) tell(ctx context.Context, a model.App, rows []touched) ([]DirectoryEvent, error) {
	d := &digest{app: a}
	if err := d.load(ctx, s, rows); err != nil {
		return nil, err
	}
	last := map[string]int{} // the last row of a user, or of a group under one name
	for i, t := range rows {
		last[t.subject()] = i
	}
	seen := map[pair]bool{}
	for i, t := range rows {
		switch {
		case t.kind == "user":
			d.user(t, last[t.subject()] == i)
		case t.kind == "group":
			d.group(t, last[t.subject()] == i)
		case t.kind == "membership" && !seen[pair{*t.userID, *t.groupID}]:
			seen[pair{*t.userID, *t.groupID}] = true
			d.pairs = append(d.pairs, pair{*t.userID, *t.groupID})
		}
	}
	return d.events, d.memberships(ctx, s)
}

// subject is what further rows of the same user, or of the same group under the
// same name, have in common: of several plain changes the last is told.
func (t touched) subject() string {
	switch {
	case t.kind == "user" && t.operation == "updated":
		return "u" + *t.userID
	case t.kind == "group" && t.operation == "updated":
		return "g" + model.Key(t.name)
	}
	return ""
}

func (d *digest) load(ctx context.Context, s *Store, rows []touched) error {
	users, groups, dropped := []string{}, []int64{}, map[int64]bool{}
	for _, t := range rows {
		if t.userID != nil {
			users = append(users, *t.userID)
		}
		if t.groupID != nil {
			groups = append(groups, *t.groupID)
			if t.chosen {
				dropped[*t.groupID] = true
			}
		}
	}
	d.users, d.groups, d.dropped = map[string]model.User{}, map[int64]model.Group{}, dropped
	there, err := list(ctx, s.db, scanUser, "select "+userColumns+" from users u where u.id = any(@ids::uuid[])", named{"ids": users})
	if err != nil {
		return err
	}
	for _, u := range there {
		d.users[u.ID] = u
	}
	f := new(filter)
	f.with("g.id = any(@ids)", "ids", groups)
	f.visible(d.app)
	seen, err := filtered(ctx, s.db, scanDirectoryGroup, "select "+directoryGroupColumns+" from groups g"+f.String(), f.args)
	for _, g := range seen {
		d.groups[g.ID] = g
	}
	return err
}

func (d *digest) user(t touched, last bool) {
	u, there := d.users[*t.userID]
	switch {
	case t.operation == "deleted": // under a name that another user may have by now
		d.add(OperationDeleted, &model.User{Username: t.name}, nil)
	case !there:
	case t.operation == "created":
		d.add(OperationCreated, &u, nil)
	case last:
		d.add(OperationUpdated, &u, nil)
	}
}

func (d *digest) group(t touched, last bool) {
	g, there := d.groups[*t.groupID]
	known := g
	known.Name = t.name
	switch {
	case t.operation == "deleted":
		if d.app.AllGroups || d.dropped[*t.groupID] {
			d.add(OperationDeleted, nil, &model.Group{Name: t.name})
		}
	case t.operation == "renamed":
		if there || d.app.AllGroups || d.dropped[*t.groupID] {
			d.add(OperationDeleted, nil, &model.Group{Name: t.oldName})
		}
		if there {
			d.add(OperationCreated, nil, &known)
			d.renamed = append(d.renamed, *t.groupID)
		}
	case !there:
	case t.operation == "created":
		d.add(OperationCreated, nil, &known)
	case last:
		d.add(OperationUpdated, nil, &known)
	}
}

func (d *digest) add(operation string, u *model.User, g *model.Group) {
	d.events = append(d.events, DirectoryEvent{Operation: operation, User: u, Group: g})
}

// memberships tells what became of the pairs in the log, and everybody in the
// groups that the app knows anew.
func (d *digest) memberships(ctx context.Context, s *Store) error {
	anew := map[int64]bool{}
	for _, id := range d.renamed {
		anew[id] = true
	}
	users, groups := make([]string, len(d.pairs)), make([]int64, len(d.pairs))
	for i, p := range d.pairs {
		users[i], groups[i] = p.user, p.group
	}
	now, err := list(ctx, s.db, scanMember, `
		select distinct m.user_id::text, m.group_id from memberships m
		join unnest(@users::uuid[], @groups::bigint[]) as p (user_id, group_id) on p.user_id = m.user_id and p.group_id = m.group_id`,
		named{"users": users, "groups": groups})
	if err != nil {
		return err
	}
	member := map[pair]bool{}
	for _, p := range now {
		member[p.pair] = true
	}
	for _, p := range d.pairs {
		u, known := d.users[p.user]
		g, seen := d.groups[p.group]
		switch {
		case !known || !seen:
		case !member[p]: // an app that read between two changes may have it, of a group known anew also
			d.add(OperationDeleted, &u, &g)
		case !anew[p.group]:
			d.add(OperationCreated, &u, &g)
		}
	}
	return d.renamedMemberships(ctx, s)
}

type memberRow struct{ pair }

func scanMember(row pgx.CollectableRow) (m memberRow, err error) {
	err = row.Scan(&m.user, &m.group)
	return m, err
}

func (d *digest) renamedMemberships(ctx context.Context, s *Store) error {
	if len(d.renamed) == 0 {
		return nil
	}
	type row struct {
		username string
		group    int64
	}
	all, err := list(ctx, s.db, func(r pgx.CollectableRow) (m row, err error) {
		err = r.Scan(&m.username, &m.group)
		return m, err
	}, `select distinct u.username, m.group_id from memberships m join users u on u.id = m.user_id
		where m.group_id = any(@groups) limit @limit`, named{"groups": d.renamed, "limit": maxNews + 1})
	if err != nil {
		return err
	}
	if len(all) > maxNews {
		return ErrTokenExpired
	}
	for _, m := range all {
		g := d.groups[m.group]
		d.add(OperationCreated, &model.User{Username: m.username}, &g)
	}
	return nil
}

// pruneEvents erases what the log need not keep, notes how far, and erases the
// tokens that it does not reach back to any more.
func (s *Store) pruneEvents(ctx context.Context, now time.Time) (int64, error) {
	var total int64
	for {
		var n int64
		err := s.db.QueryRow(ctx, `
			with gone as (delete from crowd_events where id in (select id from crowd_events
					where at < @before or id <= (select coalesce(max(id), 0) from crowd_events) - @most limit @once) returning xid),
				noted as (update crowd_pruned set xid = greatest(xid, (select max(xid) from gone)) where exists (select from gone))
			select count(*) from gone`, named{"before": now.Add(-eventRetention), "most": maxEvents, "once": sweepAtOnce}).Scan(&n)
		if total += n; err != nil {
			return total, err
		}
		if n < sweepAtOnce {
			break
		}
	}
	_, err := s.db.Exec(ctx, "delete from crowd_tokens where pg_snapshot_xmin(snapshot)::text::bigint <= (select xid from crowd_pruned)")
	return total, err
}
