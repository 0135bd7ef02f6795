package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// ImportRow is one user as an import shall leave it, with groups to add by
// hand. A user who exists is changed; nobody is removed from a group.
type ImportRow struct {
	User   model.User
	Groups []string
}

// ImportUsers makes and changes users in one transaction: all rows or none.
func (s *Store) ImportUsers(ctx context.Context, actor model.Actor, rows []ImportRow) (created, updated int, err error) {
	err = s.InTx(ctx, func(tx *Store) error {
		for _, row := range rows {
			isNew, err := tx.importRow(ctx, actor, row)
			if err != nil {
				return fmt.Errorf("user %q: %w", row.User.Username, err)
			}
			if isNew {
				created++
			} else {
				updated++
			}
		}
		return nil
	})
	if err != nil {
		return 0, 0, err
	}
	return created, updated, nil
}

// importRow needs no savepoint of its own: an error ends the whole import. (Two
// savepoints a row made PostgreSQL slow down with the square of the rows.)
func (s *Store) importRow(ctx context.Context, actor model.Actor, row ImportRow) (isNew bool, err error) {
	u, err := s.one(ctx, "where username_key = @key for update", pgx.NamedArgs{"key": model.Key(row.User.Username)})
	switch {
	case errors.Is(err, ErrNotFound):
		isNew = true
		if u, err = s.insertUser(ctx, row.User); err != nil {
			return isNew, err
		}
		err = s.record(ctx, actor, "user.create", u.Username, nil, auditedUser(u), "")
	case err == nil:
		err = s.importChange(ctx, actor, u, row.User)
	}
	if err != nil {
		return isNew, err
	}
	for _, g := range row.Groups {
		if err := s.addMember(ctx, actor, g, u.Username); err != nil {
			return isNew, err
		}
	}
	return isNew, nil
}

// importChange writes what the import says about a user who exists.
func (s *Store) importChange(ctx context.Context, actor model.Actor, before, row model.User) error {
	after := before
	after.Email, after.DisplayName, after.FirstName, after.LastName = row.Email, row.DisplayName, row.FirstName, row.LastName
	after.Active = row.Active
	if after == before {
		return nil
	}
	if before.Active && !after.Active {
		after.SessionEpoch++
	}
	after, err := s.writeUser(ctx, after)
	if err != nil {
		return err
	}
	return s.record(ctx, actor, "user.update", after.Username, auditedUser(before), auditedUser(after), "")
}

// UsersByName finds the users with these names, whatever their case; unknown
// names are left out.
func (s *Store) UsersByName(ctx context.Context, usernames []string) ([]model.User, error) {
	keys := make([]string, len(usernames))
	for i, name := range usernames {
		keys[i] = model.Key(clean(name, 1024))
	}
	rows, err := s.db.Query(ctx, "select "+userColumns+" from users u where u.username_key = any(@keys) order by u.username_key",
		pgx.NamedArgs{"keys": keys})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanUser)
}

// ManualGroups are the groups that users have by hand, by user id.
func (s *Store) ManualGroups(ctx context.Context, userIDs []string) (map[string][]string, error) {
	rows, err := s.db.Query(ctx, "select "+membershipColumns+membershipTables+
		"where m.user_id = any(@users::uuid[]) and m.source = 'manual' order by g.name_key", pgx.NamedArgs{"users": userIDs})
	if err != nil {
		return nil, err
	}
	memberships, err := pgx.CollectRows(rows, scanMembership)
	groups := make(map[string][]string)
	for _, m := range memberships {
		groups[m.UserID] = append(groups[m.UserID], m.Group)
	}
	return groups, err
}
