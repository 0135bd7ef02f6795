package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// Switches are the latest times that a source deactivated the user or made them active
// again, the newest first.
func (s *Store) Switches(ctx context.Context, userID string, limit int) ([]model.Switched, error) {
	return list(ctx, s.db, func(row pgx.CollectableRow) (w model.Switched, err error) {
		var undone *time.Time
		err = row.Scan(&w.Source, &w.Run, &w.Active, &w.Why, &w.At, &undone)
		w.UndoneAt = valueOrZero(undone)
		return w, err
	}, `select s.slug, r.id, (c.after ->> 'active')::boolean, c.why, c.applied_at, case when c.state = 'undone' then
			(select u.started_at from source_runs u where u.undoes = r.id order by u.id desc limit 1) end
		from source_changes c join source_runs r on r.id = c.run_id join sources s on s.id = r.source_id
		where c.user_id = @user::uuid and c.kind in ('linked', 'updated', 'renamed', 'deactivated', 'reactivated') and c.applied_at is not null
			and (c.before ->> 'active') is distinct from (c.after ->> 'active')
		order by c.applied_at desc, r.id desc, c.nr desc limit @limit`, named{"user": userID, "limit": limit})
}

// SourceTold is a source, and whether what it does here is known.
type SourceTold struct {
	Slug string
	Name string
	Kind model.SourceKind
	Told bool // a run has a plan, or somebody was pushed
}

// SourcesTold lists the sources by name, with whether each has told of anybody.
func (s *Store) SourcesTold(ctx context.Context) ([]SourceTold, error) {
	return list(ctx, s.db, pgx.RowToStructByPos[SourceTold], `select slug, name, kind,
		exists (select from source_runs r where r.source_id = s.id and r.outcome not in ('reading', 'failed', 'incomplete'))
			or exists (select from source_users u where u.source_id = s.id)
		from sources s order by lower(name), slug`)
}
