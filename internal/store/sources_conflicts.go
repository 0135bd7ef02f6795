package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// conflictsSQL is one row for each person of a source of whom somebody has to decide: as
// the last plan says, of a source that pushes the last plan that was about the person;
// without those of whom it was decided since. Somebody who is no user, and has no
// conflict, but the email of a user whom the source does not have, is a suggestion.
const conflictsSQL = `
	with said as (select distinct on (l.stable_id) l.kind, l.stable_id, l.name, l.users, l.detail, r.started_at
		from source_left_out l join source_runs r on r.id = l.run_id
		where r.source_id = @source and l.kind in ('username_taken', 'two_users', 'username_twice', 'reused_name') and (not @reads or r.id = (
			select max(n.id) from source_runs n where n.source_id = @source and n.outcome not in ('reading', 'failed', 'incomplete') and n.trigger <> 'undo'))
		order by l.stable_id, l.run_id desc),
	suggested as (select '' kind, p.stable_id, p.username, array_agg(u.id::text order by u.username_key) users, '' detail, null::timestamptz
		from source_users p join users u on u.email_key = p.email_key
		where p.source_id = @source and p.state = 'present' and p.enabled and p.user_id is null and p.email_key <> '' and u.username_key <> p.username_key
			and not exists (select from users o where o.username_key = p.username_key)
			and not exists (select from said where said.stable_id = p.stable_id)
			and not exists (select from source_users o where o.user_id = u.id and (o.source_id = @source
				or o.stable_id = any(p.foreign_ids) or p.stable_id = any(o.foreign_ids) or o.foreign_ids && p.foreign_ids))
			and not exists (select from identities i where i.user_id = u.id and i.external_id = p.stable_id)
			and u.id not in (` + administeringSQL + `)
		group by p.stable_id, p.username),
	conflicts as (select c.kind, c.stable_id, c.name, c.detail, c.users, p.email, p.display_name, p.place, p.user_id is not null linked
		from (select * from said union all select * from suggested) c join source_users p on p.source_id = @source and p.stable_id = c.stable_id
		where p.state = 'present' and (c.kind = '' or p.linked_at is null or c.started_at > p.linked_at)
			and not (c.kind in ('two_users', 'reused_name') and p.user_id is not null))`

func conflictArgs(src model.Source) named {
	return named{"source": src.ID, "reads": src.Kind.Reads()}
}

// CountSourceConflicts is how many conflicts a source has; suggestions do not count.
func (s *Store) CountSourceConflicts(ctx context.Context, src model.Source) (int, error) {
	return single(ctx, s.db, pgx.RowTo[int], conflictsSQL+" select count(*)::int from conflicts where kind <> ''", conflictArgs(src))
}

// SourceConflicts lists whom of a source somebody has to decide about, suggestions last,
// a page at a time, and the cursor to the next one.
func (s *Store) SourceConflicts(ctx context.Context, src model.Source, p Page) ([]model.SourceConflict, string, error) {
	type row struct {
		model.SourceConflict
		users []string
	}
	args := conflictArgs(src)
	args["limit"], args["email"], args["after"] = p.limit()+1, false, ""
	if at, ok := p.position(2); ok {
		args["email"], args["after"] = at[0] == "email", at[1]
	}
	rows, err := list(ctx, s.db, func(r pgx.CollectableRow) (c row, err error) {
		return c, r.Scan(&c.Kind, &c.StableID, &c.Name, &c.Detail, &c.users, &c.Email, &c.FullName, &c.Place, &c.Linked)
	}, conflictsSQL+` select * from conflicts where (kind = '', stable_id) > (@email, @after) order by kind = '', stable_id limit @limit`, args)
	if err != nil {
		return nil, "", err
	}
	rows, next := cut(rows, p.limit(), func(c row) []string {
		if c.Kind == "" {
			return []string{"email", c.StableID}
		}
		return []string{"", c.StableID}
	})
	var ids, users []string
	for _, c := range rows {
		for _, u := range c.users {
			ids, users = append(ids, c.StableID), append(users, u)
		}
	}
	candidates, err := s.candidates(ctx, src, ids, users)
	all := make([]model.SourceConflict, len(rows))
	for i, c := range rows {
		all[i] = c.SourceConflict
		all[i].Candidates = candidates[c.StableID]
	}
	return all, next, err
}

// candidates are users who may be people of a source, by stable id, with what stands
// against it; ids and users are pairs.
func (s *Store) candidates(ctx context.Context, src model.Source, ids, users []string) (map[string][]model.ConflictUser, error) {
	found := map[string][]model.ConflictUser{}
	if len(ids) == 0 {
		return found, nil
	}
	rows, err := s.db.Query(ctx, `select t.stable_id, u.username, u.email, u.display_name, coalesce(u.home_source, ''),
			coalesce((select o.username from source_users o where o.source_id = @source and o.user_id = u.id and o.stable_id <> t.stable_id limit 1), ''),
			not exists (select from source_users o where o.source_id = @source and o.user_id = u.id and o.stable_id <> t.stable_id and o.state = 'present'),
			u.id in (`+administeringSQL+`),
			exists (select from identities i join connections c on c.id = i.connection_id where c.slug = @connection and i.user_id = u.id and i.external_id <> '')
				and not exists (select from identities i join connections c on c.id = i.connection_id
					where c.slug = @connection and i.user_id = u.id and i.external_id = t.stable_id)
		from unnest(@ids::text[], @users::uuid[]) t (stable_id, user_id) join users u on u.id = t.user_id order by u.username_key`,
		named{"source": src.ID, "connection": src.Connection, "ids": ids, "users": users})
	if err != nil {
		return nil, translate(err)
	}
	var id, other string
	var u model.ConflictUser
	var gone, administrator, contradicts bool
	_, err = pgx.ForEachRow(rows, []any{&id, &u.Username, &u.Email, &u.DisplayName, &u.Home, &other, &gone, &administrator, &contradicts}, func() error {
		switch u.Obstacle = ""; {
		case administrator:
			u.Obstacle = "May use this console: sources do not touch such users."
		case other != "" && gone:
			u.Obstacle = fmt.Sprintf("Is another “%s” of the source, who is not in it any more.", other)
		case other != "":
			u.Obstacle = fmt.Sprintf("Is “%s” of the source already.", other)
		case contradicts:
			u.Obstacle = "Signed in through AWS as somebody with another id."
		}
		found[id] = append(found[id], u)
		return nil
	})
	return found, translate(err)
}

// mirroredPerson is somebody of a source, locked, with what a person said of them.
type mirroredPerson struct {
	name, user, by string
	home, present  bool
}

func (s *Store) lockMirrored(ctx context.Context, src model.Source, stableID string) (mirroredPerson, error) {
	return single(ctx, s.db, func(r pgx.CollectableRow) (m mirroredPerson, err error) {
		return m, r.Scan(&m.name, &m.user, &m.by, &m.home, &m.present)
	}, `select username, coalesce(user_id::text, ''), linked_by, linked_home, state = 'present' from source_users
		where source_id = @source and stable_id = @id for update`, named{"source": src.ID, "id": stableID})
}

// quietSource is a source, locked while no run of it is under way: what a run has
// planned knows nothing of what is decided meanwhile.
func (s *Store) quietSource(ctx context.Context, slug string) (model.Source, error) {
	src, err := s.source(ctx, slug, "for update of s")
	if err != nil {
		return src, err
	}
	running, err := single(ctx, s.db, pgx.RowTo[bool], "select exists (select from source_runs where source_id = @id and ended_at is null)", named{"id": src.ID})
	if err == nil && running {
		err = ErrRunning
	}
	return src, err
}

// LinkByHand makes somebody of a source the user of that name: what a person decides who
// looked at a conflict. The source becomes the home of a user who has none. ErrRunning
// while a run is under way, ErrNotFound without such a person or user, a *NotAdopted
// where it cannot be.
func (s *Store) LinkByHand(ctx context.Context, actor model.Actor, slug, stableID, username string) (u model.User, err error) {
	err = s.InTx(ctx, func(tx *Store) error {
		src, err := tx.quietSource(ctx, slug)
		if err != nil {
			return err
		}
		if u, err = tx.one(ctx, "where username_key = @key for update", named{"key": model.Key(username)}); err != nil {
			return err
		}
		person, err := tx.lockMirrored(ctx, src, stableID)
		if err != nil {
			return err
		}
		candidates, err := tx.candidates(ctx, src, []string{stableID}, []string{u.ID})
		if err != nil {
			return err
		}
		switch {
		case len(candidates[stableID]) == 0:
			return ErrNotFound
		case candidates[stableID][0].Obstacle != "":
			return &NotAdopted{u.Username + ": " + candidates[stableID][0].Obstacle}
		case !person.present:
			return &NotAdopted{fmt.Sprintf("“%s” is not in the source any more.", person.name)}
		case person.user != "":
			return &NotAdopted{fmt.Sprintf("“%s” is a user here already.", person.name)}
		}
		home := u.Home == ""
		if home {
			u.Home = src.Slug
		}
		return tx.setLink(ctx, actor, src, stableID, u, home, true)
	})
	return u, err
}

// UnlinkByHand takes back what LinkByHand did; fields that the source has written since
// stay. Errors as of LinkByHand.
func (s *Store) UnlinkByHand(ctx context.Context, actor model.Actor, slug, stableID string) (u model.User, err error) {
	err = s.InTx(ctx, func(tx *Store) error {
		src, err := tx.quietSource(ctx, slug)
		if err != nil {
			return err
		}
		linked, err := single(ctx, tx.db, pgx.RowTo[string], `select user_id::text from source_users where source_id = @source and stable_id = @id
			and linked_by <> '' and user_id is not null`, named{"source": src.ID, "id": stableID})
		if err != nil {
			return err
		}
		if u, err = tx.one(ctx, "where id = @id::uuid for update", named{"id": linked}); err != nil {
			return err
		}
		person, err := tx.lockMirrored(ctx, src, stableID)
		if err != nil {
			return err
		}
		if person.user != u.ID || person.by == "" {
			return ErrConflict
		}
		home := person.home && u.Home == src.Slug
		if home {
			u.Home = ""
		}
		return tx.setLink(ctx, actor, src, stableID, u, home, false)
	})
	return u, err
}

// setLink writes that somebody of a source is the user, or is not any more. home: the
// user's home changes by it, to what u has.
func (s *Store) setLink(ctx context.Context, actor model.Actor, src model.Source, stableID string, u model.User, home, link bool) error {
	action := "user.unlinked_from_source"
	sql := "update source_users set user_id = null, linked_by = '', linked_at = null, linked_home = false"
	if link {
		action = "user.linked_to_source"
		sql = "update source_users set user_id = @user::uuid, linked_by = @by, linked_at = now(), linked_home = @home"
	}
	_, err := s.db.Exec(ctx, sql+" where source_id = @source and stable_id = @id",
		named{"source": src.ID, "id": stableID, "user": u.ID, "by": clean(actor.Name, 512), "home": home})
	if err != nil {
		return translate(err)
	}
	if home {
		_, err := s.db.Exec(ctx, "update users set home_source = nullif(@slug, ''), updated_at = now() where id = @user::uuid", named{"slug": u.Home, "user": u.ID})
		if err != nil {
			return translate(err)
		}
	}
	if !src.Kind.Reads() && src.Status == model.SourceLive {
		if err := s.planSoon(ctx, src); err != nil {
			return err
		}
	}
	return s.record(ctx, actor, action, u.Username, nil, map[string]any{"source": src.Slug, "home": home, "id": stableID, "by_hand": true}, "")
}

// LinkedByHand lists of whom of a source a person said which user they are, the newest
// first.
func (s *Store) LinkedByHand(ctx context.Context, src model.Source, limit int) ([]model.LinkedByHand, error) {
	return list(ctx, s.db, pgx.RowToStructByPos[model.LinkedByHand], `select p.stable_id, p.username, u.username, p.linked_by, p.linked_at, p.linked_home
		from source_users p join users u on u.id = p.user_id where p.source_id = @source and p.linked_by <> '' order by p.linked_at desc, p.stable_id limit @limit`,
		named{"source": src.ID, "limit": limit})
}
