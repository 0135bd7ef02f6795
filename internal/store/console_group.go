package store

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// ConsoleRole is the role with which a user who signed in through a connection
// may use the console now; with an empty connection, through any. They must be
// active, and somebody must have put them by hand into the group whose members
// may, after AWS had sent them: neither a rule, nor a stranger whom a connection
// takes for them, makes an administrator. ErrNotFound when they may not.
func (s *Store) ConsoleRole(ctx context.Context, userID, connection string) (model.Role, error) {
	set, err := s.Settings(ctx)
	if err != nil {
		return "", err
	}
	if set.ConsoleGroupID == 0 || set.ConsoleRole != model.RoleAdmin && set.ConsoleRole != model.RoleViewer {
		return "", ErrNotFound
	}
	member, err := single(ctx, s.db, pgx.RowTo[bool], `select exists (select from memberships m join users u on u.id = m.user_id
		where u.id = @user::uuid and u.active and m.group_id = @group and m.source = 'manual' and exists (
			select from identities i join connections c on c.id = i.connection_id
			where i.user_id = u.id and @connection in ('', c.slug)
			having case when @connection = '' then bool_or(i.created_at <= m.created_at) else bool_and(i.created_at <= m.created_at) end))`,
		named{"user": userID, "group": set.ConsoleGroupID, "connection": connection})
	if err == nil && !member {
		err = ErrNotFound
	}
	return set.ConsoleRole, err
}

// guardConsoleGroup refuses a change of who is in the groups to an actor who may
// not decide who uses the console, where one of them is the group for that.
func (s *Store) guardConsoleGroup(ctx context.Context, actor model.Actor, groups ...int64) error {
	if !actor.OutsideConsole {
		return nil
	}
	set, err := s.Settings(ctx)
	if err == nil && set.ConsoleGroupID != 0 && slices.Contains(groups, set.ConsoleGroupID) {
		err = ErrConsoleGroup
	}
	return err
}

// guardConsoleMembers refuses to such an actor that users become active who are
// members by hand of that group: an owner may have deactivated them to keep them
// out. To deactivate them is for everybody.
func (s *Store) guardConsoleMembers(ctx context.Context, actor model.Actor, userIDs ...string) error {
	if !actor.OutsideConsole || len(userIDs) == 0 {
		return nil
	}
	set, err := s.Settings(ctx)
	if err != nil || set.ConsoleGroupID == 0 {
		return err
	}
	member, err := single(ctx, s.db, pgx.RowTo[bool], `select exists (select from memberships
		where group_id = @group and source = 'manual' and user_id = any(@users::uuid[]))`, named{"group": set.ConsoleGroupID, "users": userIDs})
	if err == nil && member {
		err = ErrConsoleGroup
	}
	return err
}

// AdministratorOfUser is the account by which a user who may use the console is
// known there. It is made at the first sign-in, and follows the username.
func (s *Store) AdministratorOfUser(ctx context.Context, actor model.Actor, u model.User) (a model.Administrator, err error) {
	err = s.InTx(ctx, func(tx *Store) error {
		a, err = tx.administrator(ctx, "where user_id = @user::uuid for update", named{"user": u.ID})
		if err == nil && a.Email == u.Username {
			return nil
		}
		isNew := errors.Is(err, ErrNotFound)
		if err != nil && !isNew {
			return err
		}
		// No email typed at the sign-in has this key: it has a line feed.
		a, err = single(ctx, tx.db, scanAdministrator, `insert into administrators (email, email_key, password_hash, role, user_id)
			values (@name, @key, '', 'viewer', @user::uuid)
			on conflict (user_id) do update set email = excluded.email returning `+administratorColumns,
			named{"name": u.Username, "key": "user\n" + u.ID, "user": u.ID})
		if err != nil || !isNew {
			return err
		}
		return tx.record(ctx, actor, "administrator.create", a.Email, nil, map[string]any{"email": a.Email, "through": "AWS"}, "")
	})
	return a, err
}

// HasPasskey tells whether an administrator has registered one.
func (s *Store) HasPasskey(ctx context.Context, administratorID int64) (bool, error) {
	return single(ctx, s.db, pgx.RowTo[bool], "select exists (select from passkeys where administrator_id = @admin)", named{"admin": administratorID})
}
