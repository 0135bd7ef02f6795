package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

const membershipColumns = `m.user_id::text, u.username, m.group_id, g.name, m.source, m.ref, m.origin, m.login_id, m.created_at`

const membershipTables = ` from memberships m join users u on u.id = m.user_id join groups g on g.id = m.group_id `

func scanMembership(row pgx.CollectableRow) (m model.Membership, err error) {
	err = row.Scan(&m.UserID, &m.Username, &m.GroupID, &m.Group, &m.Source, &m.Ref, &m.Origin, &m.LoginID, &m.CreatedAt)
	return m, err
}

// UserMemberships lists why a user is in which groups, by group name.
func (s *Store) UserMemberships(ctx context.Context, userID string) ([]model.Membership, error) {
	return list(ctx, s.db, scanMembership, selectMemberships("where m.user_id = @user::uuid"), named{"user": userID})
}

func selectMemberships(where string) string {
	return "select " + membershipColumns + membershipTables + where + " order by g.name_key, m.source, m.ref"
}

// Member is a user in a group, with the reasons.
type Member struct {
	User        model.User
	Memberships []model.Membership
}

// MemberQuery chooses members of a group, in the order of their usernames.
type MemberQuery struct {
	Search string
	Page
}

// Members lists who is in a group and why, a page at a time.
func (s *Store) Members(ctx context.Context, group string, q MemberQuery) ([]Member, string, error) {
	g, err := s.Group(ctx, group)
	if err != nil {
		return nil, "", err
	}
	f := new(filter)
	f.set("limit", q.limit()+1)
	f.with("exists (select from memberships m where m.group_id = @group and m.user_id = u.id)", "group", g.ID)
	if key := model.Key(q.Search); key != "" {
		f.searchText("u.search_key", key)
	}
	if at, ok := q.position(1); ok {
		f.with("u.username_key > @after", "after", at[0])
	}
	users, err := filtered(ctx, s.db, scanUser, "select "+userColumns+" from users u"+f.String()+
		"order by u.username_key limit @limit", f.args)
	if err != nil {
		return nil, "", err
	}
	users, next := cut(users, q.limit(), func(u model.User) []string { return []string{model.Key(u.Username)} })
	members, err := s.withReasons(ctx, g.ID, users)
	return members, next, err
}

func (s *Store) withReasons(ctx context.Context, groupID int64, users []model.User) ([]Member, error) {
	ids := make([]string, len(users))
	members := make([]Member, len(users))
	at := make(map[string]int, len(users))
	for i, u := range users {
		ids[i], members[i].User, at[u.ID] = u.ID, u, i
	}
	reasons, err := list(ctx, s.db, scanMembership, "select "+membershipColumns+membershipTables+
		"where m.group_id = @group and m.user_id = any(@users::uuid[]) order by m.source, m.ref",
		named{"group": groupID, "users": ids})
	for _, m := range reasons {
		i := at[m.UserID]
		members[i].Memberships = append(members[i].Memberships, m)
	}
	return members, err
}

// AddMember puts a user into a group by hand. Doing it again changes nothing.
func (s *Store) AddMember(ctx context.Context, actor model.Actor, group, username string) error {
	return s.InTx(ctx, func(tx *Store) error {
		_, err := tx.addMember(ctx, actor, group, username)
		return err
	})
}

// addMember is AddMember inside a transaction of the caller's. It tells whether
// the membership is new.
func (s *Store) addMember(ctx context.Context, actor model.Actor, group, username string) (bool, error) {
	g, u, err := s.pair(ctx, group, username)
	if err == nil {
		err = s.guardConsoleGroup(ctx, actor, g.ID)
	}
	if err != nil {
		return false, err
	}
	tag, err := s.db.Exec(ctx, `
		insert into memberships (user_id, group_id, source, origin) values (@user::uuid, @group, 'manual', @origin)
		on conflict do nothing`, named{"user": u.ID, "group": g.ID, "origin": actor.Name})
	if err != nil || tag.RowsAffected() == 0 {
		return false, translate(err)
	}
	return true, s.record(ctx, actor, "membership.add", g.Name+": "+u.Username, nil, auditedMembership(g, u), "")
}

// RemoveMember takes back what was given by hand; ErrNotFound when nothing was.
// Memberships from rules and directories stay.
func (s *Store) RemoveMember(ctx context.Context, actor model.Actor, group, username string) error {
	return s.InTx(ctx, func(tx *Store) error {
		g, u, err := tx.pair(ctx, group, username)
		if err == nil {
			err = tx.guardConsoleGroup(ctx, actor, g.ID)
		}
		if err != nil {
			return err
		}
		tag, err := tx.db.Exec(ctx, "delete from memberships where user_id = $1::uuid and group_id = $2 and source = 'manual'", u.ID, g.ID)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return &Gone{Part: PartMembership, Object: g.Name + ": " + u.Username, Actions: []string{"membership.remove"},
				Brought: []string{"membership.add"}}
		}
		return tx.record(ctx, actor, "membership.remove", g.Name+": "+u.Username, auditedMembership(g, u), nil, "")
	})
}

func auditedMembership(g model.Group, u model.User) any {
	return map[string]any{"group": g.Name, "username": u.Username, "source": model.MemberManual}
}

func (s *Store) pair(ctx context.Context, group, username string) (model.Group, model.User, error) {
	// Without the members counted, unlike Group.
	g := model.Group{Name: group}
	err := translate(s.db.QueryRow(ctx, "select id, name from groups where name_key = @key",
		named{"key": model.Key(group)}).Scan(&g.ID, &g.Name))
	if err != nil {
		return g, model.User{}, fmt.Errorf("group %q: %w", group, err)
	}
	u, err := s.User(ctx, username)
	return g, u, err
}
