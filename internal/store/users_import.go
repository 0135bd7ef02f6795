package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// ImportRow is what an import says about one user, with groups to add by hand. A
// user who exists is changed where it says something: an empty email or name says
// nothing. Nobody is removed from a group.
type ImportRow struct {
	User       model.User
	KeepActive bool // says nothing about whether a user who exists is active
	Groups     []string
}

// Imported is what an import did.
type Imported struct {
	Made, Changed int
	users         []importedUser // in the order of the rows
}

// importedUser is what an import did to one user, so that it can be undone.
type importedUser struct {
	UserID string
	Made   bool
	Before *model.User // as it was; nil: the user itself was not changed
	Groups []int64     // that it was added to
	At     time.Time   // when: users and memberships that have another time changed since
}

func (d importedUser) nothing() bool { return !d.Made && d.Before == nil && len(d.Groups) == 0 }

// ImportUsers makes and changes users in one transaction: all rows or none.
// ErrNotFound when a group is unknown. Each step is one statement for all rows.
func (s *Store) ImportUsers(ctx context.Context, actor model.Actor, rows []ImportRow) (Imported, error) {
	var did Imported
	err := s.InTx(ctx, func(tx *Store) error {
		in := newUserImport(tx, actor, len(rows))
		if err := in.saveUsers(ctx, rows); err != nil {
			return err
		}
		if err := in.addMembers(ctx, rows); err != nil {
			return err
		}
		if _, err := tx.consents(ctx, actor, consent{why: model.ConsentImported, users: slices.Collect(maps.Keys(in.made))}); err != nil {
			return err
		}
		did = in.did(rows)
		return tx.recordAll(ctx, in.audit)
	})
	if err != nil {
		return Imported{}, err
	}
	return did, nil
}

func newUserImport(tx *Store, actor model.Actor, rows int) *userImport {
	return &userImport{tx: tx, actor: actor, users: make(map[string]model.User, rows), made: map[string]bool{}, changed: map[string]bool{},
		before: map[string]model.User{}, added: map[string][]int64{}}
}

// did is what the import did, row by row.
func (in *userImport) did(rows []ImportRow) Imported {
	all := Imported{Made: in.created, Changed: len(in.changed), users: make([]importedUser, len(rows))}
	for i, row := range rows {
		id := in.users[model.Key(row.User.Username)].ID
		d := importedUser{UserID: id, Made: in.made[id], Groups: in.added[id], At: in.at}
		if before, changed := in.before[id]; changed {
			d.Before = &before
		}
		all.users[i] = d
	}
	return all
}

// userImport is an import under way.
type userImport struct {
	tx      *Store
	actor   model.Actor
	users   map[string]model.User // as stored now, by model.Key of the username
	made    map[string]bool       // by id
	changed map[string]bool       // of those who existed, by id
	before  map[string]model.User // those whose fields were changed, by id
	added   map[string][]int64    // groups by user
	at      time.Time             // of the transaction
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
	if err := in.tx.db.QueryRow(ctx, "select now()").Scan(&in.at); err != nil {
		return err
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
	for i, row := range rows {
		u, known := in.users[keys[i]]
		if !known {
			fresh = append(fresh, userArgs(canonicalUser(row.User)))
			continue
		}
		after := u // the username's spelling and the source stay
		after.Email, after.DisplayName = cmp.Or(row.User.Email, u.Email), cmp.Or(row.User.DisplayName, u.DisplayName)
		after.FirstName, after.LastName = cmp.Or(row.User.FirstName, u.FirstName), cmp.Or(row.User.LastName, u.LastName)
		if !row.KeepActive {
			after.Active = row.User.Active
		}
		if after, changes := changedUser(u, after); changes {
			in.before[u.ID] = u
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
	return in.update(ctx, other)
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
	for _, u := range made {
		in.made[u.ID] = true
		if err := in.note("user.create", u.Username, nil, auditedUser(u)); err != nil {
			return err
		}
	}
	return err
}

func (in *userImport) update(ctx context.Context, rows []named) error {
	updated, err := in.write(ctx, rows, `
		update users u set email = r.email, email_key = r.email_key, display_name = r.display_name, first_name = r.first_name,
			last_name = r.last_name, active = r.active, session_epoch = r.epoch, search_key = r.search, updated_at = now()`+
		userRecords+"where u.id = r.id::uuid returning "+userColumns)
	for _, u := range updated {
		in.changed[u.ID] = true
		if err := in.note("user.update", u.Username, auditedUser(in.before[u.ID]), auditedUser(u)); err != nil {
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
		in.added[u.ID] = append(in.added[u.ID], g.ID)
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
