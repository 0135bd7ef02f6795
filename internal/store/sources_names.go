package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// SourceNames are the names of all sources, by slug.
func (s *Store) SourceNames(ctx context.Context) (map[string]string, error) {
	rows, err := s.db.Query(ctx, "select slug, name from sources")
	if err != nil {
		return nil, translate(err)
	}
	names := map[string]string{}
	var slug, name string
	_, err = pgx.ForEachRow(rows, []any{&slug, &name}, func() error { names[slug] = name; return nil })
	return names, translate(err)
}

// GivingGroup is a group of a source that is a group here.
type GivingGroup struct {
	Source string // slug
	Name   string // of the source
	Theirs string // the group's name there
}

// GivingGroups lists which groups of sources give a group.
func (s *Store) GivingGroups(ctx context.Context, group int64) ([]GivingGroup, error) {
	return list(ctx, s.db, pgx.RowToStructByPos[GivingGroup], `select s.slug, s.name, g.name from source_groups g join sources s on s.id = g.source_id
		where g.group_id = @group order by lower(s.name), s.slug, g.name`, named{"group": group})
}
