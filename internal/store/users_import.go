package store

import (
	"context"
	"errors"
	"fmt"

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
func (s *Store) ImportUsers(ctx context.Context, actor model.Actor, rows []ImportRow) (created, updated int, err error) {
	err = s.InTx(ctx, func(tx *Store) error {
		for _, row := range rows {
			isNew, changed, err := tx.importRow(ctx, actor, row)
			switch {
			case err != nil:
				return fmt.Errorf("user %q: %w", row.User.Username, err)
			case isNew:
				created++
			case changed:
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
func (s *Store) importRow(ctx context.Context, actor model.Actor, row ImportRow) (isNew, changed bool, err error) {
	u, err := s.one(ctx, "where username_key = @key for update", named{"key": model.Key(row.User.Username)})
	switch {
	case errors.Is(err, ErrNotFound):
		isNew = true
		if u, err = s.insertUser(ctx, row.User); err != nil {
			return false, false, err
		}
		err = s.record(ctx, actor, "user.create", u.Username, nil, auditedUser(u), "")
	case err == nil:
		after := u // the username's spelling and the source stay
		after.Email, after.DisplayName, after.FirstName, after.LastName = row.User.Email, row.User.DisplayName, row.User.FirstName, row.User.LastName
		after.Active = row.User.Active
		u, changed, err = s.changeUser(ctx, actor, u, after)
	}
	if err != nil {
		return false, false, err
	}
	for _, g := range row.Groups {
		added, err := s.addMember(ctx, actor, g, u.Username)
		if err != nil {
			return false, false, err
		}
		changed = changed || added
	}
	return isNew, changed, nil
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
