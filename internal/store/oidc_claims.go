package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
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

// MostGroupsSeenBy finds the active user whose groups that an app may see have the
// longest names together, and how many they are; ErrNotFound when nobody is in any.
func (s *Store) MostGroupsSeenBy(ctx context.Context, app string) (u model.User, groups int, err error) {
	var id string
	err = translate(s.db.QueryRow(ctx, `
		select m.user_id, count(*) from (select distinct user_id, group_id from memberships) m
			join groups g on g.id = m.group_id join users u on u.id = m.user_id and u.active
		where (select all_groups from apps where slug = @app) or g.id in (select group_id from app_groups where app = @app)
		group by m.user_id order by sum(octet_length(g.name) + 3) desc, m.user_id limit 1`, named{"app": app}).Scan(&id, &groups))
	if err != nil {
		return u, 0, err
	}
	u, err = s.UserByID(ctx, id)
	return u, groups, err
}
