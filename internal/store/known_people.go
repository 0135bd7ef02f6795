package store

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// KnownPerson is a user, seen from one connection.
type KnownPerson struct {
	User        model.User
	Identity    *model.Identity    // on the connection; nil: never signed in through it
	Person      *model.Person      // as AWS described the person last; nil: never
	Memberships []model.Membership // those that were asked for
}

// KnownPeopleQuery says what EachKnownPerson reads about each.
type KnownPeopleQuery struct {
	Connection  string   // slug
	Groups      []string // of these, every membership is read
	Memberships bool     // those by rules of the connection are read, too
}

// peopleAtOnce is how many people are read and held at a time.
const peopleAtOnce = 2000

// EachKnownPerson reads every user in the order of the usernames and calls f
// with a few thousand at a time, so that a large company needs little memory.
func (s *Store) EachKnownPerson(ctx context.Context, q KnownPeopleQuery, f func([]KnownPerson) error) error {
	after := ""
	for {
		users, err := list(ctx, s.db, scanUser, "select "+userColumns+` from users u
			where u.username_key > @after order by u.username_key limit @limit`, named{"after": after, "limit": peopleAtOnce})
		if err != nil || len(users) == 0 {
			return err
		}
		people, err := s.knownPeople(ctx, q, users)
		if err != nil {
			return err
		}
		if err := f(people); err != nil {
			return err
		}
		after = model.Key(users[len(users)-1].Username)
	}
}

// KnownPeople reads about some users what EachKnownPerson reads about all.
func (s *Store) KnownPeople(ctx context.Context, q KnownPeopleQuery, usernames []string) ([]KnownPerson, error) {
	users, err := s.UsersByName(ctx, usernames)
	if err != nil || len(users) == 0 {
		return nil, err
	}
	return s.knownPeople(ctx, q, users)
}

func (s *Store) knownPeople(ctx context.Context, q KnownPeopleQuery, users []model.User) ([]KnownPerson, error) {
	people := make([]KnownPerson, len(users))
	ids := make([]string, len(users))
	at := make(map[string]*KnownPerson, len(users))
	for i, u := range users {
		people[i].User, ids[i], at[u.ID] = u, u.ID, &people[i]
	}
	type seen struct {
		identity model.Identity
		person   *model.Person
	}
	all, err := list(ctx, s.db, func(row pgx.CollectableRow) (v seen, err error) {
		err = row.Scan(&v.identity.ID, &v.identity.UserID, &v.identity.ConnectionID, &v.identity.IdPEntityID,
			&v.identity.NameID, &v.identity.ExternalID, &v.person)
		return v, err
	}, `select i.id, i.user_id::text, i.connection_id, i.idp_entity_id, i.name_id, i.external_id, i.last_person
		from identities i join connections c on c.id = i.connection_id
		where c.slug = @connection and i.user_id = any(@users::uuid[])
		order by i.last_login_at nulls first`, named{"connection": q.Connection, "users": ids})
	if err != nil {
		return nil, err
	}
	for _, v := range all { // of several, the one used last counts
		k := at[v.identity.UserID]
		k.Identity, k.Person = &v.identity, v.person
	}
	if !q.Memberships && len(q.Groups) == 0 {
		return people, nil
	}
	memberships, err := list(ctx, s.db, scanMembership, "select "+membershipColumns+membershipTables+`
		where m.user_id = any(@users::uuid[]) and
			((@memberships and m.source = 'rule' and m.ref = @connection) or g.name_key = any(@groups))`,
		named{"users": ids, "memberships": q.Memberships, "connection": q.Connection, "groups": sortedKeys(q.Groups)})
	for _, m := range memberships {
		k := at[m.UserID]
		k.Memberships = append(k.Memberships, m)
	}
	return people, err
}

// loginsAtOnce is how many whole logins are held at a time: each may have a
// message of half a megabyte.
const loginsAtOnce = 20

// EachLatestLogin calls f with the newest logins of a connection, tests left out,
// with everything that was received, up to limit.
func (s *Store) EachLatestLogin(ctx context.Context, connection string, limit int, f func(model.Login) error) error {
	ids, err := list(ctx, s.db, pgx.RowTo[string], `select id from logins
		where connection = @connection and not test and outcome <> 'pending'
		order by started_at desc, id desc limit @limit`, named{"connection": connection, "limit": limit})
	if err != nil {
		return err
	}
	for some := range slices.Chunk(ids, loginsAtOnce) {
		logins, err := list(ctx, s.db, scanWholeLogin, "select "+loginColumns+`, l.person, l.xml_sealed from logins l
			where l.id = any(@ids) order by l.started_at desc, l.id desc`, named{"ids": some})
		if err != nil {
			return err
		}
		for _, l := range logins {
			if err := f(l); err != nil {
				return err
			}
		}
	}
	return nil
}
