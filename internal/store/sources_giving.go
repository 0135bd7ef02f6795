package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// GivingGroups lists which groups of sources give a group.
func (s *Store) GivingGroups(ctx context.Context, group int64) ([]model.GivingGroup, error) {
	return list(ctx, s.db, pgx.RowToStructByPos[model.GivingGroup], `select s.slug, g.name from source_groups g join sources s on s.id = g.source_id
		where g.group_id = @group order by lower(s.name), s.slug, g.name`, named{"group": group})
}
