package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

const userColumns = `u.id::text, u.username, u.email, u.display_name, u.first_name, u.last_name, u.active, u.source,
	u.session_epoch, u.created_at, u.updated_at, u.last_login_at, coalesce(u.home_source, ''), u.deactivated_by`

func scanUser(row pgx.CollectableRow) (u model.User, err error) {
	var last *time.Time
	err = row.Scan(userFields(&u, &last)...)
	u.LastLoginAt = valueOrZero(last)
	return u, err
}

// userFields are where userColumns are scanned to.
func userFields(u *model.User, last **time.Time) []any {
	return []any{&u.ID, &u.Username, &u.Email, &u.DisplayName, &u.FirstName, &u.LastName, &u.Active, &u.Source,
		&u.SessionEpoch, &u.CreatedAt, &u.UpdatedAt, last, &u.Home, &u.DeactivatedBy}
}

// auditedUser is a user as the audit keeps it: without what every login changes.
func auditedUser(u model.User) any {
	return map[string]any{"username": u.Username, "email": u.Email, "display_name": u.DisplayName,
		"first_name": u.FirstName, "last_name": u.LastName, "active": u.Active, "source": u.Source}
}

func (s *Store) one(ctx context.Context, where string, args named) (model.User, error) {
	return single(ctx, s.db, scanUser, selectUser(where), args)
}

func selectUser(where string) string { return "select " + userColumns + " from users u " + where }

// User finds a user by name, whatever its case.
func (s *Store) User(ctx context.Context, username string) (model.User, error) {
	return s.one(ctx, "where username_key = @key", named{"key": model.Key(username)})
}

// UserByID finds a user by id.
func (s *Store) UserByID(ctx context.Context, id string) (model.User, error) {
	return s.one(ctx, "where id = @id::uuid", named{"id": id})
}

// CountUsers counts every user.
func (s *Store) CountUsers(ctx context.Context) (int, error) {
	var n int
	err := s.db.QueryRow(ctx, "select count(*) from users").Scan(&n)
	return n, err
}

// CreateUser adds a user, with memberships by hand in the groups named. That is
// consent to link the user through the connections that are live. ErrExists when
// the username is taken, ErrNotFound when a group is unknown.
func (s *Store) CreateUser(ctx context.Context, actor model.Actor, u model.User, groups []string) (model.User, error) {
	return s.createUser(ctx, actor, u, groups, model.ConsentMade)
}

// CreateUserOfDocument does the same for a user whom the configuration document names.
func (s *Store) CreateUserOfDocument(ctx context.Context, actor model.Actor, u model.User, groups []string) (model.User, error) {
	return s.createUser(ctx, actor, u, groups, model.ConsentDocument)
}

func (s *Store) createUser(ctx context.Context, actor model.Actor, u model.User, groups []string, why model.ConsentWhy) (model.User, error) {
	err := s.InTx(ctx, func(tx *Store) (err error) {
		if u, err = tx.insertUser(ctx, u); err != nil {
			return err
		}
		if err := tx.record(ctx, actor, "user.create", u.Username, nil, auditedUser(u), ""); err != nil {
			return err
		}
		for _, g := range groups {
			if _, err := tx.addMember(ctx, actor, g, u.Username); err != nil {
				return err
			}
		}
		_, err = tx.consents(ctx, actor, consent{why: why, users: []string{u.ID}})
		return err
	})
	return u, err
}

func (s *Store) insertUser(ctx context.Context, u model.User) (model.User, error) {
	return single(ctx, s.db, scanUser, `
		insert into users as u (username, username_key, email, email_key, display_name, first_name, last_name, active, source, search_key)
		values (@username, @username_key, @email, @email_key, @display_name, @first_name, @last_name, @active, @source, @search)
		returning `+userColumns, userArgs(canonicalUser(u)))
}

// canonicalUser is a user in the form in which it is stored.
func canonicalUser(u model.User) model.User {
	u.Username, u.Email = model.Canonical(u.Username), model.Canonical(u.Email)
	u.DisplayName, u.FirstName, u.LastName = clean(u.DisplayName, maxText), clean(u.FirstName, maxText), clean(u.LastName, maxText)
	if u.Source == "" {
		u.Source = model.UserManual
	}
	return u
}

func userArgs(u model.User) named {
	return named{"id": u.ID,
		"username": u.Username, "username_key": model.Key(u.Username), "email": u.Email, "email_key": model.Key(u.Email),
		"display_name": u.DisplayName, "first_name": u.FirstName, "last_name": u.LastName, "active": u.Active,
		"source": u.Source, "epoch": u.SessionEpoch, "search": searchKey(u.Username, u.Email, u.DisplayName)}
}

// UpdateUser changes a user under a lock. Deactivating ends every session.
func (s *Store) UpdateUser(ctx context.Context, actor model.Actor, username string, change func(*model.User) error) (model.User, error) {
	var after model.User
	err := s.InTx(ctx, func(tx *Store) error {
		before, err := tx.one(ctx, "where username_key = @key for update", named{"key": model.Key(username)})
		if err != nil {
			return err
		}
		after = before
		if err := change(&after); err != nil {
			return err
		}
		if after, _, err = tx.changeUser(ctx, actor, before, after); err != nil {
			return err
		}
		return tx.renameConsents(ctx, before, after)
	})
	return after, err
}

// changeUser writes what differs between two states of a user, with its audit
// entry, and tells whether anything did. Callers have locked the row. When a
// user is deactivated, every session of an older epoch is over.
func (s *Store) changeUser(ctx context.Context, actor model.Actor, before, after model.User) (model.User, bool, error) {
	after, changes := changedUser(before, after)
	if !changes {
		return before, false, nil
	}
	if !before.Active && after.Active {
		if err := s.guardConsoleMembers(ctx, actor, before.ID); err != nil {
			return before, false, err
		}
	}
	after, err := single(ctx, s.db, scanUser, `
		update users u set username = @username, username_key = @username_key, email = @email, email_key = @email_key,
			display_name = @display_name, first_name = @first_name, last_name = @last_name, active = @active,
			source = @source, session_epoch = @epoch, search_key = @search, updated_at = now()
		where id = @id::uuid returning `+userColumns, userArgs(after))
	if err != nil {
		return after, false, err
	}
	return after, true, s.record(ctx, actor, "user.update", after.Username, auditedUser(before), auditedUser(after), "")
}

// changedUser is a changed user as it is to be stored; false when nothing
// changes. Deactivating moves the session epoch on, which ends every session.
func changedUser(before, after model.User) (model.User, bool) {
	after = canonicalUser(after)
	after.ID, after.SessionEpoch = before.ID, before.SessionEpoch
	after.CreatedAt, after.UpdatedAt, after.LastLoginAt = before.CreatedAt, before.UpdatedAt, before.LastLoginAt
	after.Home, after.DeactivatedBy = before.Home, before.DeactivatedBy // the database marks who deactivated
	if before.Active && !after.Active {
		after.SessionEpoch++
	}
	return after, after != before
}

// DeleteUser removes a user with memberships and identities. Logins stay.
func (s *Store) DeleteUser(ctx context.Context, actor model.Actor, username string) error {
	return s.InTx(ctx, func(tx *Store) error {
		u, err := tx.one(ctx, "where username_key = @key for update", named{"key": model.Key(username)})
		if err != nil {
			return err
		}
		if _, err := tx.db.Exec(ctx, "delete from users where id = $1::uuid", u.ID); err != nil {
			return err
		}
		return tx.record(ctx, actor, "user.delete", u.Username, auditedUser(u), nil, "")
	})
}
