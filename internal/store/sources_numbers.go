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

// LastLogins are when users signed in last, by id; who never did is left out.
func (s *Store) LastLogins(ctx context.Context, users []string) (map[string]time.Time, error) {
	last := map[string]time.Time{}
	if len(users) == 0 {
		return last, nil
	}
	rows, err := s.db.Query(ctx, "select id::text, last_login_at from users where id = any(@ids::uuid[]) and last_login_at is not null", named{"ids": users})
	if err != nil {
		return nil, translate(err)
	}
	var id string
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&id, &at}, func() error { last[id] = at; return nil })
	return last, translate(err)
}

// RecentOf counts whom a run would deactivate and who signed in since that time.
func (s *Store) RecentOf(ctx context.Context, run int64, since time.Time) (int, error) {
	return single(ctx, s.db, pgx.RowTo[int], `select count(*) from source_changes c join users u on u.id = c.user_id
		where c.run_id = @run and c.kind = 'deactivated' and u.last_login_at >= @since`, named{"run": run, "since": since})
}
