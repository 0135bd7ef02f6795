package store

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// ImportRow is one user as an import shall leave it, with groups to add by
// hand. A user who exists is changed; nobody is removed from a group.
type ImportRow struct {
	User   model.User
	Groups []string
}

// ImportUsers makes and changes users in one transaction: all rows or none. It
// returns how many users it made, and how many of those who existed it changed.
// ErrNotFound when a group is unknown. Each step is one statement for all rows:
// a file may have 20,000.
func (s *Store) ImportUsers(ctx context.Context, actor model.Actor, rows []ImportRow) (created, updated int, err error) {
	err = s.InTx(ctx, func(tx *Store) error {
		in := userImport{tx: tx, actor: actor, users: make(map[string]model.User, len(rows)), changed: map[string]bool{}}
		if err := in.saveUsers(ctx, rows); err != nil {
			return err
		}
		if err := in.addMembers(ctx, rows); err != nil {
			return err
		}
		created, updated = in.created, len(in.changed)
		if _, err := tx.consents(ctx, actor, consent{why: model.ConsentImported, users: slices.Collect(maps.Keys(in.made))}); err != nil {
			return err
		}
		return tx.recordAll(ctx, in.audit)
	})
	if err != nil {
		return 0, 0, err
	}
	return created, updated, nil
}

// userImport is an import under way.
type userImport struct {
	tx      *Store
	actor   model.Actor
	users   map[string]model.User // as stored now, by model.Key of the username
	made    map[string]bool       // by id
	changed map[string]bool       // of those who existed, by id
	created int
	audit   []named
}

func (in *userImport) note(action, object string, before, after any) error {
	args, err := auditArgs(in.actor, action, object, before, after, "")
	if err == nil && args != nil {
		in.audit = append(in.audit, args)
	}
	return err
}

// saveUsers makes those who are new and changes the others, under a lock.
func (in *userImport) saveUsers(ctx context.Context, rows []ImportRow) error {
	keys := make([]string, len(rows))
	for i, row := range rows {
		keys[i] = model.Key(row.User.Username)
	}
	stored, err := list(ctx, in.tx.db, scanUser, "select "+userColumns+` from users u where u.username_key = any(@keys)
		order by u.username_key for update`, named{"keys": keys})
	if err != nil {
		return err
	}
	for _, u := range stored {
		in.users[model.Key(u.Username)] = u
	}
	var fresh, other []named
	var activated []string
	before := make(map[string]model.User, len(stored))
	for i, row := range rows {
		u, known := in.users[keys[i]]
		if !known {
			fresh = append(fresh, userArgs(canonicalUser(row.User)))
			continue
		}
		after := u // the username's spelling and the source stay
		after.Email, after.DisplayName, after.FirstName, after.LastName = row.User.Email, row.User.DisplayName, row.User.FirstName, row.User.LastName
		after.Active = row.User.Active
		if after, changes := changedUser(u, after); changes {
			before[u.ID] = u
			other = append(other, userArgs(after))
			if after.Active && !u.Active {
				activated = append(activated, u.ID)
			}
		}
	}
	if err := in.tx.guardConsoleMembers(ctx, in.actor, activated...); err != nil {
		return err
	}
	if err := in.insert(ctx, fresh); err != nil {
		return err
	}
	return in.update(ctx, other, before)
}

// userRecords are the rows of userArgs, given as JSON in @rows.
const userRecords = ` from jsonb_to_recordset(@rows::jsonb) as r (id text, username text, username_key text, email text, email_key text,
	display_name text, first_name text, last_name text, active bool, source text, epoch int, search text) `

func (in *userImport) insert(ctx context.Context, rows []named) error {
	made, err := in.write(ctx, rows, `
		insert into users as u (username, username_key, email, email_key, display_name, first_name, last_name, active, source, search_key)
		select r.username, r.username_key, r.email, r.email_key, r.display_name, r.first_name, r.last_name, r.active, r.source, r.search`+
		userRecords+"returning "+userColumns)
	in.created = len(made)
	in.made = make(map[string]bool, len(made))
	for _, u := range made {
		in.made[u.ID] = true
		if err := in.note("user.create", u.Username, nil, auditedUser(u)); err != nil {
			return err
		}
	}
	return err
}

func (in *userImport) update(ctx context.Context, rows []named, before map[string]model.User) error {
	updated, err := in.write(ctx, rows, `
		update users u set email = r.email, email_key = r.email_key, display_name = r.display_name, first_name = r.first_name,
			last_name = r.last_name, active = r.active, session_epoch = r.epoch, search_key = r.search, updated_at = now()`+
		userRecords+"where u.id = r.id::uuid returning "+userColumns)
	for _, u := range updated {
		in.changed[u.ID] = true
		if err := in.note("user.update", u.Username, auditedUser(before[u.ID]), auditedUser(u)); err != nil {
			return err
		}
	}
	return err
}

// write runs a statement over the rows and keeps what it returns.
func (in *userImport) write(ctx context.Context, rows []named, sql string) ([]model.User, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	data, err := toJSON(rows)
	if err != nil {
		return nil, err
	}
	users, err := list(ctx, in.tx.db, scanUser, sql, named{"rows": data})
	for _, u := range users {
		in.users[model.Key(u.Username)] = u
	}
	return users, err
}

// addMembers puts the users into their groups by hand.
func (in *userImport) addMembers(ctx context.Context, rows []ImportRow) error {
	groups, err := in.groups(ctx, rows)
	if err != nil {
		return err
	}
	var users []string
	var ids []int64
	names := make(map[string]model.User, len(in.users))
	byID := make(map[int64]model.Group, len(groups))
	for _, row := range rows {
		u := in.users[model.Key(row.User.Username)]
		names[u.ID] = u
		for _, name := range row.Groups {
			g, known := groups[model.Key(name)]
			if !known {
				return fmt.Errorf("user %q: group %q: %w", row.User.Username, name, ErrNotFound)
			}
			users, ids, byID[g.ID] = append(users, u.ID), append(ids, g.ID), g
		}
	}
	if err := in.tx.guardConsoleGroup(ctx, in.actor, ids...); err != nil {
		return err
	}
	type pair struct {
		User  string
		Group int64
	}
	added, err := list(ctx, in.tx.db, pgx.RowToStructByPos[pair], `insert into memberships (user_id, group_id, source, origin)
		select i.user_id, i.group_id, 'manual', @origin from unnest(@users::uuid[], @groups::bigint[]) as i (user_id, group_id)
		on conflict do nothing returning user_id::text, group_id`, named{"users": users, "groups": ids, "origin": in.actor.Name})
	for _, p := range added {
		g, u := byID[p.Group], names[p.User]
		if !in.made[u.ID] {
			in.changed[u.ID] = true
		}
		if err := in.note("membership.add", g.Name+": "+u.Username, nil, auditedMembership(g, u)); err != nil {
			return err
		}
	}
	return err
}

// groups are those that the rows name, by model.Key of the name.
func (in *userImport) groups(ctx context.Context, rows []ImportRow) (map[string]model.Group, error) {
	var keys []string
	for _, row := range rows {
		for _, name := range row.Groups {
			keys = append(keys, model.Key(name))
		}
	}
	slices.Sort(keys)
	found, err := list(ctx, in.tx.db, func(row pgx.CollectableRow) (g model.Group, err error) {
		return g, row.Scan(&g.ID, &g.Name)
	}, "select id, name from groups where name_key = any(@keys)", named{"keys": slices.Compact(keys)})
	groups := make(map[string]model.Group, len(found))
	for _, g := range found {
		groups[model.Key(g.Name)] = g
	}
	return groups, err
}

// UsersByName finds the users with these names, whatever their case; unknown
// names are left out.
func (s *Store) UsersByName(ctx context.Context, usernames []string) ([]model.User, error) {
	keys := make([]string, len(usernames))
	for i, name := range usernames {
		keys[i] = model.Key(name)
	}
	return list(ctx, s.db, scanUser, "select "+userColumns+" from users u where u.username_key = any(@keys) order by u.username_key",
		named{"keys": keys})
}

// ManualGroups are the groups that users have by hand, by user id.
func (s *Store) ManualGroups(ctx context.Context, userIDs []string) (map[string][]string, error) {
	memberships, err := list(ctx, s.db, scanMembership, "select "+membershipColumns+membershipTables+
		"where m.user_id = any(@users::uuid[]) and m.source = 'manual' order by g.name_key", named{"users": userIDs})
	groups := make(map[string][]string)
	for _, m := range memberships {
		groups[m.UserID] = append(groups[m.UserID], m.Group)
	}
	return groups, err
}
