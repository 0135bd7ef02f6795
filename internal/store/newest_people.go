package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// NewestPeople are the people of the newest answers of AWS on some connections,
// each once, as they were described last, by the connection's slug. It is bounded:
// at most the newest 200 logins of each connection are looked at. Left out is who
// was described at such length that some of it was not kept.
func (s *Store) NewestPeople(ctx context.Context, connections []string) (map[string][]model.Person, error) {
	type described struct {
		connection string
		person     model.Person
	}
	if len(connections) == 0 {
		return nil, nil
	}
	all, err := list(ctx, s.db, func(row pgx.CollectableRow) (d described, err error) {
		return d, row.Scan(&d.connection, &d.person)
	}, `select c.slug, p.person from unnest(@connections::text[]) c (slug) cross join lateral (
			select distinct on (name_id_key, username_key) person from (
				select person, name_id_key, username_key, started_at from logins where connection = c.slug order by started_at desc limit @limit) newest
			where person is not null and length(person::text) < @whole order by name_id_key, username_key, started_at desc) p`,
		named{"connections": connections, "limit": neighbors, "whole": model.WholePerson})
	people := map[string][]model.Person{}
	for _, d := range all {
		people[d.connection] = append(people[d.connection], d.person)
	}
	return people, err
}
