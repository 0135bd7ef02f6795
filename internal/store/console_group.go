package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// ConsoleRole is the role with which a user may use the console now: active, and
// a member of the group whose members may. ErrNotFound when not.
func (s *Store) ConsoleRole(ctx context.Context, userID string) (model.Role, error) {
	set, err := s.Settings(ctx)
	if err != nil {
		return "", err
	}
	if set.ConsoleGroupID == 0 || set.ConsoleRole != model.RoleAdmin && set.ConsoleRole != model.RoleViewer {
		return "", ErrNotFound
	}
	member, err := single(ctx, s.db, pgx.RowTo[bool], `select exists (select from memberships m join users u on u.id = m.user_id
		where u.id = @user::uuid and u.active and m.group_id = @group)`, named{"user": userID, "group": set.ConsoleGroupID})
	if err == nil && !member {
		err = ErrNotFound
	}
	return set.ConsoleRole, err
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
