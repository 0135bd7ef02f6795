package store

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// KnownPerson is a user, seen from one connection.
type KnownPerson struct {
	User        model.User
	Identity    *model.Identity    // on the connection; nil: never signed in through it
	Person      *model.Person      // as AWS described the person last; nil: never
	Identities  []model.Identity   // on every connection, Identity among them
	Consent     *model.Consent     // by which the user may be linked on the connection; read for links, as the next
	Administers bool               // may use the console
	Source      string             // slug of AWS's directory, as a source of the connection, that knows the user
	SourceID    string             // the stable id by which it does
	Memberships []model.Membership // those that were asked for
}

// KnownPeopleQuery says what EachKnownPerson reads about each.
type KnownPeopleQuery struct {
	Connection  string   // slug
	Groups      []string // of these, every membership is read
	Memberships bool     // those by rules of the connection are read, too
	Every       bool     // and every other membership
	Links       bool     // and what a login needs to know to link them
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

// KnownByStableID reads what EachKnownPerson reads about all about the users whom a
// login through the connection finds by some stable ids, by these.
func (s *Store) KnownByStableID(ctx context.Context, q KnownPeopleQuery, ids []string) (map[string]KnownPerson, error) {
	type link struct{ ID, Source, Username string }
	links, err := list(ctx, s.db, pgx.RowToStructByPos[link], "select m.stable_id, s.slug, u.username"+linkedByAWS+`(select c.id from connections c
		where c.slug = @connection) and m.stable_id = any(@ids) order by u.id`, named{"connection": q.Connection, "ids": ids})
	if err != nil || len(links) == 0 {
		return nil, err
	}
	names := make([]string, len(links))
	for i, l := range links {
		names[i] = l.Username
	}
	people, err := s.KnownPeople(ctx, q, names)
	byName := make(map[string]KnownPerson, len(people))
	for _, k := range people {
		byName[k.User.Username] = k
	}
	found := make(map[string]KnownPerson, len(links))
	for _, l := range links {
		if k, ok := byName[l.Username]; ok {
			k.Source, k.SourceID = l.Source, l.ID
			found[l.ID] = k
		}
	}
	return found, err
}

// LiveConnections are those that people sign in with, with their live revisions.
func (s *Store) LiveConnections(ctx context.Context) ([]model.Connection, error) {
	return list(ctx, s.db, func(row pgx.CollectableRow) (c model.Connection, err error) {
		c.Live = new(model.Revision)
		err = row.Scan(&c.ID, &c.Slug, &c.Status, &c.Live.ID, &c.Live.Version, &c.Live.Number, &c.Live.Config)
		c.Live.ConnectionID, c.Live.State = c.ID, model.RevisionLive
		return c, err
	}, `select c.id, c.slug, c.status, r.id, r.version, r.number, r.config from connections c
		join revisions r on r.connection_id = c.id and r.state = 'live' where c.status = 'live' order by c.slug`)
}

// KnownOn reads the same users seen from each of some connections: what a login
// through each would know about them, by the connection's slug.
func (s *Store) KnownOn(ctx context.Context, connections []string, users []model.User) (map[string][]KnownPerson, error) {
	known := make(map[string][]KnownPerson, len(connections))
	at := map[knownKey]*KnownPerson{}
	ids := make([]string, len(users))
	for i, u := range users {
		ids[i] = u.ID
	}
	for _, slug := range connections {
		known[slug] = make([]KnownPerson, len(users))
		for i, u := range users {
			known[slug][i].User = u
			at[knownKey{slug, u.ID}] = &known[slug][i]
		}
	}
	if err := s.readIdentities(ctx, connections, ids, at); err != nil {
		return nil, err
	}
	return known, s.readLinks(ctx, connections, ids, at)
}

// knownKey is a user, seen from a connection.
type knownKey struct{ connection, user string }

// readIdentities reads what AWS calls the users, everywhere, and what it said last
// on the connections.
func (s *Store) readIdentities(ctx context.Context, connections, ids []string, at map[knownKey]*KnownPerson) error {
	type seen struct {
		identity model.Identity
		person   *model.Person
	}
	all, err := list(ctx, s.db, func(row pgx.CollectableRow) (v seen, err error) {
		var last *time.Time
		err = row.Scan(append(identityFields(&v.identity, &last), &v.person)...)
		v.identity.LastLoginAt = valueOrZero(last)
		return v, err
	}, "select "+identityColumns+`, case when c.slug = any(@connections) then i.last_person end
		from identities i join connections c on c.id = i.connection_id where i.user_id = any(@users::uuid[])
		order by i.last_login_at nulls first, i.id`, named{"connections": connections, "users": ids})
	if err != nil {
		return err
	}
	for _, v := range all { // of several, the one used last counts
		for _, slug := range connections {
			k := at[knownKey{slug, v.identity.UserID}]
			k.Identities = append(k.Identities, v.identity)
			if v.identity.Connection == slug {
				k.Identity, k.Person = &v.identity, v.person
			}
		}
	}
	return nil
}

// readLinks reads what allows to link the users, and what speaks against it.
func (s *Store) readLinks(ctx context.Context, connections, ids []string, at map[knownKey]*KnownPerson) error {
	type link struct {
		user, connection string
		administers      bool
		consent          *model.Consent
		source, sourceID string
	}
	all, err := list(ctx, s.db, func(row pgx.CollectableRow) (v link, err error) {
		return v, row.Scan(&v.user, &v.connection, &v.administers, &v.consent, &v.source, &v.sourceID)
	}, "select u.id::text, c.slug, "+administers+", "+openConsent+`, coalesce(s.slug, ''), coalesce(s.stable_id, '')
		from users u cross join connections c left join link_consents k on k.user_id = u.id and k.connection_id = c.id
			left join lateral (select s.slug, m.stable_id from source_users m join sources s on s.id = m.source_id
				where m.user_id = u.id and s.kind = 'aws' and s.connection_id = c.id order by m.state = 'absent', s.slug, m.stable_id limit 1) s on true
		where u.id = any(@users::uuid[]) and c.slug = any(@connections)`, named{"connections": connections, "users": ids})
	for _, v := range all {
		k := at[knownKey{v.connection, v.user}]
		k.Administers, k.Consent, k.Source, k.SourceID = v.administers, v.consent, v.source, v.sourceID
	}
	return err
}

func (s *Store) knownPeople(ctx context.Context, q KnownPeopleQuery, users []model.User) ([]KnownPerson, error) {
	people := make([]KnownPerson, len(users))
	ids := make([]string, len(users))
	at := make(map[knownKey]*KnownPerson, len(users))
	for i, u := range users {
		people[i].User, ids[i], at[knownKey{q.Connection, u.ID}] = u, u.ID, &people[i]
	}
	if err := s.readIdentities(ctx, []string{q.Connection}, ids, at); err != nil {
		return nil, err
	}
	if q.Links {
		if err := s.readLinks(ctx, []string{q.Connection}, ids, at); err != nil {
			return nil, err
		}
	}
	if !q.Memberships && !q.Every && len(q.Groups) == 0 {
		return people, nil
	}
	memberships, err := list(ctx, s.db, scanMembership, "select "+membershipColumns+membershipTables+`
		where m.user_id = any(@users::uuid[]) and
			(@every or (@memberships and m.source = 'rule' and m.ref = @connection) or g.name_key = any(@groups))`,
		named{"users": ids, "every": q.Every, "memberships": q.Memberships, "connection": q.Connection, "groups": sortedKeys(q.Groups)})
	for _, m := range memberships {
		k := at[knownKey{q.Connection, m.UserID}]
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
		logins, err := list(ctx, s.db, scanWholeLogin, "select "+loginColumns+`, l.xml_sealed from logins l
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
