package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// namesakes bounds how many of those who brought one name are read.
const namesakes = 50

// Namesakes are what AWS said of those who came through a connection with the
// subject, the username or the stable id that a person brings, whoever they were:
// at the last sign-in of every user known by one of them, and at the connection's
// newest logins, tests among them. It is bounded: at most the newest 200 logins
// are looked at.
func (s *Store) Namesakes(ctx context.Context, connectionID int64, slug string, p model.Person) ([]model.Person, error) {
	return list(ctx, s.db, pgx.RowTo[model.Person], `
		select person from (
			(select i.last_person as person from identities i where i.connection_id = @connection and i.idp_entity_id = @idp and i.last_person is not null
				and (i.name_id = @name_id or (@external <> '' and i.external_id = @external)) limit @most)
			union all
			(select i.last_person from users u join identities i on i.user_id = u.id where u.username_key = @key and i.connection_id = @connection
				and i.idp_entity_id = @idp and i.last_person is not null limit @most)
			union all
			(select l.person from (
				select person, username_key from logins where connection = @slug and verified order by started_at desc limit @newest) l
			where l.person ->> 'IdPEntityID' = @idp and (l.person ->> 'NameID' = @name_id or l.username_key = @key
				or (@external <> '' and l.person ->> 'ExternalID' = @external)) limit @most)) all_of_them`,
		named{"connection": connectionID, "slug": slug, "idp": p.IdPEntityID, "name_id": p.NameID, "external": p.ExternalID,
			"key": model.Key(p.Username), "newest": neighbors, "most": namesakes})
}
