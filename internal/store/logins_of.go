package store

import (
	"context"
	"time"

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

// LoginsForStory is LoginsOf, and among them the login by whose page the user was
// linked, while that can be undone; from is its id.
func (s *Store) LoginsForStory(ctx context.Context, u model.User, limit int, now time.Time) (logins []model.Login, from string, err error) {
	logins, err = list(ctx, s.db, func(row pgx.CollectableRow) (l model.Login, err error) {
		var finished *time.Time
		var linked bool
		err = row.Scan(append(loginFields(&l, &finished), &linked)...)
		if l.FinishedAt = valueOrZero(finished); linked {
			from = l.ID
		}
		return l, err
	}, `with made as (select substr(a.note, 12) as id from users u join audit a on a.object = u.username and a.action = 'identity.link'
			where u.id = @id::uuid and a.note like 'from login %' and a.at > @undoable and `+linkStands+` order by a.id desc limit 1)
		select `+loginColumns+`, l.id in (select id from made) from logins l where l.id in (
			select id from (select id from logins l where l.user_id = @id::uuid or (l.username_key <> '' and l.username_key = @key)
				order by l.started_at desc, l.id desc limit @limit) newest union select id from made)
		order by l.started_at desc, l.id desc`,
		named{"id": u.ID, "key": model.Key(u.Username), "limit": limit, "undoable": now.Add(-model.UndoFor)})
	return logins, from, err
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
