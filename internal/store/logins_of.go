package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// LoginsOf lists the newest logins of a user, tests among them: those that
// ended with this user, and those that brought this username and were refused,
// which have no user.
func (s *Store) LoginsOf(ctx context.Context, u model.User, limit int) ([]model.Login, error) {
	rows, err := s.db.Query(ctx, "select "+loginColumns+` from logins l
		where l.user_id = @id::uuid or (l.username_key <> '' and l.username_key = @key)
		order by l.started_at desc, l.id desc limit @limit`,
		named{"id": u.ID, "key": model.Key(u.Username), "limit": limit})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanLogin)
}

// CountNewLogins counts what Logins would list, up to limit.
func (s *Store) CountNewLogins(ctx context.Context, q LoginQuery, limit int) (int, error) {
	f := q.filter()
	f.set("limit", limit)
	counts, err := filtered(ctx, s.db, pgx.RowTo[int], "select count(*) from (select from logins l"+f.String()+"limit @limit) newer", f.args)
	if err != nil {
		return 0, err
	}
	return counts[0], nil
}
