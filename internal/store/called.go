package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// Called reads what people call the connections, by their live revision or else
// their draft, the apps and the sources.
func (s *Store) Called(ctx context.Context) (model.Called, error) {
	c := model.Called{Connections: map[string]string{}, Apps: map[string]string{}, Sources: map[string]string{}}
	type named struct{ Kind, Slug, Name string }
	all, err := list(ctx, s.db, pgx.RowToStructByPos[named], `
		select 'connection', c.slug, coalesce((select r.config ->> 'name' from revisions r
			where r.connection_id = c.id and r.state in ('live', 'draft') order by r.state = 'live' desc limit 1), '')
		from connections c
		union all
		select 'app', slug, name from apps
		union all
		select 'source', slug, name from sources`)
	if err != nil {
		return c, err
	}
	for _, n := range all {
		switch n.Kind {
		case "app":
			c.Apps[n.Slug] = n.Name
		case "source":
			c.Sources[n.Slug] = n.Name
		default:
			c.Connections[n.Slug] = n.Name
		}
	}
	return c, nil
}
