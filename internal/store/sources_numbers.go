package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// SourceNumbers are what the mirror of a source has.
type SourceNumbers struct {
	Home   int // active users whose home the source is
	People int // in the source
	Groups int // in the source
	Mapped int // groups of it that are groups here
	Pinned int // users of it with a pin
}

// SourceNumbers counts what a source has.
func (s *Store) SourceNumbers(ctx context.Context, src model.Source) (SourceNumbers, error) {
	return single(ctx, s.db, pgx.RowToStructByPos[SourceNumbers], `select
		(select count(*) from users where home_source = @slug and active),
		(select count(*) from source_users where source_id = @id and state = 'present'),
		(select count(*) from source_groups where source_id = @id),
		(select count(*) from source_groups where source_id = @id and group_id is not null),
		(select count(*) from users where home_source = @slug and pins <> '{}')`, named{"id": src.ID, "slug": src.Slug})
}

// UserNow is what a user is called now, and when they signed in last.
type UserNow struct {
	Username  string
	LastLogin time.Time // zero: never
}

// UsersNow are users by id; who is there no more is left out.
func (s *Store) UsersNow(ctx context.Context, ids []string) (map[string]UserNow, error) {
	now := map[string]UserNow{}
	if len(ids) == 0 {
		return now, nil
	}
	rows, err := s.db.Query(ctx, "select id::text, username, last_login_at from users where id = any(@ids::uuid[])", named{"ids": ids})
	if err != nil {
		return nil, translate(err)
	}
	var id, name string
	var at *time.Time
	_, err = pgx.ForEachRow(rows, []any{&id, &name, &at}, func() error { now[id] = UserNow{Username: name, LastLogin: valueOrZero(at)}; return nil })
	return now, translate(err)
}

// RecentOf counts whom a run would deactivate and who signed in since that time.
func (s *Store) RecentOf(ctx context.Context, run int64, since time.Time) (int, error) {
	return single(ctx, s.db, pgx.RowTo[int], `select count(*) from source_changes c join users u on u.id = c.user_id
		where c.run_id = @run and c.kind = 'deactivated' and u.last_login_at >= @since`, named{"run": run, "since": since})
}
