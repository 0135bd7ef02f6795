package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// LeaverQuery chooses users who have left and are still active.
type LeaverQuery struct {
	Source string // slug; empty: all
	Search string // in username, email and display name, compared by model.Key
	Page
}

// signedInWhileReading is for how long a run may read: whoever signed in through AWS
// so shortly before the end of one may be missing in what it read.
const signedInWhileReading = 2 * time.Hour

// leaversSQL is one row for each user and each live source that says that the person
// left. Somebody whom the source has in another way, present, enabled and assigned,
// has not left. People whom AWS knew by an id that is not in its directory any more
// count as well, unless none of the connection's ids is there: then they are of
// another kind. Assignments count only where somebody has one. Sources that will
// deactivate the user by themselves leave a null in stays. Most people are there: so
// it begins with those who are not, and looks only at these for another way.
const leaversSQL = `
	with live as (select s.id, s.slug, s.name, s.kind, s.connection_id, s.last_good_at,
			s.kind = 'aws' and exists (select from source_users a where a.source_id = s.id and a.state = 'present' and a.assigned) assigns,
			s.kind = 'aws' and exists (select from identities i join source_users a on a.source_id = s.id and a.stable_id = i.external_id
				where i.connection_id = s.connection_id and i.external_id <> '') by_id
		from sources s where s.status = 'live'),
	mirror as not materialized (select m.source_id, m.stable_id, m.user_id, m.why, m.absent_at, l.by_id, l.connection_id, l.assigns, m.assigned,
			m.state = 'absent' or not m.enabled missing,
			case when m.state = 'absent' then 'absent' when not m.enabled and m.says & @active <> 0 then 'disabled'
				when l.assigns and not m.assigned then 'unassigned' end says
		from source_users m join live l on l.id = m.source_id),
	missing as (select * from mirror where missing union all select * from mirror where assigns and not assigned and not missing),
	missed as (select m.user_id, m.source_id, m.says, m.why, m.absent_at, true mirrored
		from missing m where m.user_id is not null
		union all
		select i.user_id, m.source_id, m.says, m.why, m.absent_at, true
		from missing m, lateral (select * from identities i where m.by_id and i.external_id = m.stable_id and i.external_id <> '' offset 0) i
		where i.connection_id = m.connection_id and m.user_id is distinct from i.user_id
		union all
		select i.user_id, l.id, 'absent', '', null, false
		from live l, lateral (select * from identities i where l.by_id and i.connection_id = l.connection_id and i.external_id <> ''
			and not exists (select from source_users m where m.source_id = l.id and m.stable_id = i.external_id) offset 0) i
		where coalesce(i.last_login_at, i.created_at) < l.last_good_at - @reading::interval),
	said as (select distinct on (x.user_id, x.source_id) x.*
		from missed x -- each looked up by itself ("offset 0"): they are few, and a plan must do without statistics after a first run
		where x.says is not null
			and not exists (select from (select * from source_users where user_id = x.user_id offset 0) o
				join mirror m on m.source_id = o.source_id and m.stable_id = o.stable_id
				where o.source_id = x.source_id and m.says is null offset 0)
			and not exists (select from (select * from identities where user_id = x.user_id and external_id <> '' offset 0) i
				join mirror m on m.source_id = x.source_id and m.stable_id = i.external_id
				where m.connection_id = i.connection_id and m.by_id and m.says is null offset 0)
		order by x.user_id, x.source_id, x.says desc, not x.mirrored, x.absent_at, x.why), -- rather unassigned than disabled than absent
	administering as (` + administeringSQL + `),
	left_ones as (select distinct on (u.id) u.id user_id, l.slug, l.name, x.says, x.why, x.absent_at, x.mirrored and l.kind <> 'scim' readable, y.stays
		from said x join live l on l.id = x.source_id join users u on u.id = x.user_id and u.active,
		lateral (select case
			when exists (select from administering a where a.user_id = u.id) then 'administrator'
			when u.pins ? 'active' and coalesce((u.pins -> 'active' ->> 'until')::timestamptz > now(), true) then 'pinned'
			when u.home_source is null then 'no_home'
			when x.says = 'unassigned' then 'assignment'
			when l.kind = 'scim' then 'pushed'
			when x.says = 'absent' and u.home_source <> l.slug then 'other_home' end stays) y
		where y.stays is not null and (@source = '' or l.slug = @source)
		order by u.id, l.slug)`

func leaverArgs(source string) named {
	return named{"active": int16(model.SaysActive), "reading": signedInWhileReading, "source": source}
}

func scanLeaver(row pgx.CollectableRow) (l model.Leaver, err error) {
	var last, gone *time.Time
	err = row.Scan(append(userFields(&l.User, &last), &l.SourceSlug, &l.SourceName, &l.Says, &l.Why, &gone, &l.Stays, &l.Adoptable, &l.Groups)...)
	l.LastLoginAt, l.Gone = valueOrZero(last), valueOrZero(gone)
	return l, err
}

// Leavers lists users who have left and are still active, by username, a page at a
// time, and the cursor to the next one.
func (s *Store) Leavers(ctx context.Context, q LeaverQuery) ([]model.Leaver, string, error) {
	f := &filter{args: leaverArgs(q.Source)}
	if key := model.Key(q.Search); key != "" {
		f.searchText("u.search_key", key)
	}
	if at, ok := q.position(1); ok {
		f.with("u.username_key > @after", "after", at[0])
	}
	f.set("limit", q.limit()+1)
	leavers, err := filtered(ctx, s.db, scanLeaver, leaversSQL+" select "+userColumns+`, g.slug, g.name, g.says, g.why, g.absent_at, g.stays,
			g.readable and g.stays = 'no_home',
			array(select distinct t.name from memberships m join groups t on t.id = m.group_id where m.user_id = u.id order by t.name)
		from left_ones g join users u on u.id = g.user_id`+f.String()+"order by u.username_key limit @limit", f.args)
	if err != nil {
		return nil, "", err
	}
	leavers, next := cut(leavers, q.limit(), func(l model.Leaver) []string { return []string{model.Key(l.Username)} })
	return leavers, next, nil
}

// CountLeavers is how many users have left and are still active.
func (s *Store) CountLeavers(ctx context.Context) (int, error) {
	return single(ctx, s.db, pgx.RowTo[int], leaversSQL+" select count(*)::int from left_ones", leaverArgs(""))
}

// NotAdopted is why a source did not become a user's home.
type NotAdopted struct{ Why string }

func (e *NotAdopted) Error() string { return "not adopted: " + e.Why }

// Adopt makes a source the home of a user whom it knows and nobody owns; its next run
// decides about the user. ErrNotFound without such a user, a *NotAdopted where the user
// is not to be had: people who may use the console never are.
func (s *Store) Adopt(ctx context.Context, actor model.Actor, username, source string) (model.User, error) {
	var u model.User
	err := s.InTx(ctx, func(tx *Store) (err error) {
		if u, err = tx.one(ctx, "where username_key = @key for update", named{"key": model.Key(username)}); err != nil {
			return err
		}
		administering, err := tx.administrators(ctx, []string{u.ID})
		if err != nil {
			return err
		}
		switch {
		case administering[u.ID]:
			return &NotAdopted{u.Username + " may use this console: sources do not touch such users."}
		case u.Home != "":
			return &NotAdopted{fmt.Sprintf("%s belongs to the source %s already.", u.Username, u.Home)}
		}
		linked, err := list(ctx, tx.db, pgx.RowTo[string], `update source_users m set user_id = @user::uuid from sources s
			where s.id = m.source_id and s.slug = @slug and s.kind <> 'scim' and s.status = 'live' and (m.user_id = @user::uuid
				or m.user_id is null and s.kind = 'aws' and exists (select from identities i where i.connection_id = s.connection_id
					and i.user_id = @user::uuid and i.external_id = m.stable_id))
			returning m.stable_id`, named{"user": u.ID, "slug": source})
		if err != nil {
			return err
		}
		if len(linked) == 0 {
			return &NotAdopted{fmt.Sprintf("The source %s does not know %s, or is not live.", source, u.Username)}
		}
		_, err = tx.db.Exec(ctx, "update users set home_source = @slug, updated_at = now() where id = @user::uuid", named{"user": u.ID, "slug": source})
		if err != nil {
			return translate(err)
		}
		u.Home = source
		return tx.record(ctx, actor, "user.adopt", u.Username, nil, map[string]any{"source": source, "ids": linked}, "")
	})
	return u, err
}
