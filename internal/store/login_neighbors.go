package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// neighbors bounds how many logins are looked at around a refused one.
const neighbors = 200

// Brought tells of the newest logins of other people through a connection how
// many were read, and how many of them brought the attribute. It is bounded: at
// most the newest 200 logins are looked at.
func (s *Store) Brought(ctx context.Context, connection, attribute, nameID string) (brought, read int, err error) {
	type counts struct{ brought, read int }
	c, err := single(ctx, s.db, func(row pgx.CollectableRow) (c counts, err error) {
		err = row.Scan(&c.brought, &c.read)
		return c, err
	}, `
		select count(*) filter (where person -> 'Attributes' -> @attribute is not null
			and person -> 'Attributes' -> @attribute not in ('[]', '[""]')), count(*)
		from (select person, name_id from logins where connection = @connection order by started_at desc limit @limit) newest
		where person is not null and name_id <> @name_id`,
		named{"connection": connection, "attribute": attribute, "name_id": nameID, "limit": neighbors})
	return c.brought, c.read, err
}
