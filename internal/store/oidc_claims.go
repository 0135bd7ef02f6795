package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// GroupsSeenBy lists the groups of a user that an app may see, by name; never nil.
func (s *Store) GroupsSeenBy(ctx context.Context, app, userID string) ([]string, error) {
	names, err := list(ctx, s.db, pgx.RowTo[string], `
		select g.name from groups g
		where g.id in (select group_id from memberships where user_id = @user::uuid)
			and ((select all_groups from apps where slug = @app) or g.id in (select group_id from app_groups where app = @app))
		order by g.name_key`, named{"user": userID, "app": app})
	return orNone(names), err
}
