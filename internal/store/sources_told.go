package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

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
