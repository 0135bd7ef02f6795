package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// ErasePerson deletes a user and takes everything that says who they were out of
// logins and the audit, also under the names that they had before. That somebody
// did something stays, who it was does not. It returns the alias that stands in
// the place of the name.
func (s *Store) ErasePerson(ctx context.Context, actor model.Actor, username string) (alias string, err error) {
	alias = newAlias()
	err = s.InTx(ctx, func(tx *Store) error {
		u, err := tx.one(ctx, "where username_key = @key for update", named{"key": model.Key(username)})
		if err != nil {
			return err
		}
		names, err := tx.namesOf(ctx, u)
		if err != nil {
			return err
		}
		return tx.erase(ctx, actor, u, names, alias)
	})
	return alias, err
}

// EraseName does the same with what is stored about a name that no user has:
// of somebody who was refused, or deleted. ErrExists when a user has it.
func (s *Store) EraseName(ctx context.Context, actor model.Actor, name string) (alias string, err error) {
	alias = newAlias()
	err = s.InTx(ctx, func(tx *Store) error {
		if _, err := tx.User(ctx, name); !errors.Is(err, ErrNotFound) {
			return cmp.Or(err, ErrExists)
		}
		names, err := tx.spellingsOf(ctx, name)
		if err != nil {
			return err
		}
		return tx.erase(ctx, actor, model.User{}, names, alias)
	})
	return alias, err
}

// NameKnown tells whether anything is stored about a name, of a user or of nobody.
func (s *Store) NameKnown(ctx context.Context, name string) (bool, error) {
	_, err := s.User(ctx, name)
	if errors.Is(err, ErrNotFound) {
		_, err = s.spellingsOf(ctx, name)
	}
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// spellingsOf are the ways in which logins and the audit write a name;
// ErrNotFound when nothing is stored about it.
func (s *Store) spellingsOf(ctx context.Context, name string) ([]string, error) {
	var names []string
	written, err := list(ctx, s.db, pgx.RowTo[string], `
		select username from logins where username_key <> '' and username_key = @key and user_id is null
		union select person from trace_links where lower(person) = lower(@name)
		union select @key from job_rows where keys @> array[@key]
		union select username from source_users where user_id is null and username_key <> '' and username_key = @key
		union select name from scim_resources where kind = 'User' and name_key = @key
		union select name from scim_requests where name_key = @key
		union select @key from source_left_out where keys @> array[@key]
		union select @key from source_changes where keys @> array[@key]
		union select v.name from audit a, lateral (values (a.object), (a.before ->> 'username'), (a.after ->> 'username'), (a.after ->> 'person')) v (name)
			where `+auditOfName+` and lower(v.name) = lower(@name)`, named{"key": model.Key(name), "name": model.Canonical(name)})
	for _, other := range written {
		if model.Key(other) == model.Key(name) {
			names = append(names, other)
		}
	}
	if err == nil && len(names) == 0 {
		err = ErrNotFound
	}
	return names, err
}

// auditOfName are the entries that may be about @name, written as the index
// audit_of_name is. It has the beginnings of names: the caller compares the whole.
const auditOfName = `(a.action like 'user.%' and a.action <> 'user.export' or a.action like 'identity.%' or a.action like 'membership.%'
	or a.action like 'trace_link.%') and audit_names(a.object, a.before, a.after) @> array[left(lower(@name::text), 512)]`

// HeirOf is the user who was called like this before; ErrNotFound when nobody was.
func (s *Store) HeirOf(ctx context.Context, name string) (model.User, error) {
	return s.one(ctx, `where u.username in (
		with recursive became (name) as (
			select @name::text
			union
			select a.after ->> 'username' from audit a join became on lower(a.before ->> 'username') = lower(became.name)
			where a.action = 'user.update' and a.after ->> 'username' <> became.name)
		select name from became) order by u.created_at limit 1`, named{"name": model.Canonical(name)})
}

// newAlias makes the name of somebody who was erased. It is not made of anything
// that was known about them: there is no way back.
func newAlias() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	return "erased-" + hex.EncodeToString(b[:])
}

// loginsOfPerson are those that ended with the user, and those that brought one
// of the names and ended with nobody.
const loginsOfPerson = "(l.user_id = nullif(@id, '')::uuid or (l.user_id is null and l.username_key <> '' and l.username_key = any(@keys)))"

// erase puts the alias in the place of the names. The database's own function
// deletes the user, cleans the audit, which this role cannot, and notes that it did.
func (s *Store) erase(ctx context.Context, actor model.Actor, u model.User, names []string, alias string) error {
	args := named{"id": u.ID, "keys": keysOf(names), "people": peopleKeys(u, names), "alias": alias, "names": names, "actor": clean(actor.Name, 512),
		"remote": clean(actor.RemoteAddr, 64)}
	for _, sql := range []string{
		`delete from trace_links where lower(person) = any(@people) or person = any(@names) or login_id in (select id from logins l where ` + loginsOfPerson + `)`,
		`update logins l set username = @alias, username_key = '', name_id = '', name_id_key = '', remote_addr = '', user_agent = '', person = null,
			checks = '[]', changes = '[]', refusal = null, xml_sealed = null where ` + loginsOfPerson,
		`update app_sign_ins set worked_user = '' where worked_user = any(@names)`,
		`delete from bulk_changes b where exists (select from jsonb_array_elements(b.items) i
			where i ->> 'UserID' = nullif(@id, '') or i ->> 'Username' = any(@names))`,
		`delete from job_rows where keys && @people`,
		`delete from scim_requests q where ` + pushesOfPerson,
		`delete from scim_resources r where ` + pushedOfPerson,
		`update source_groups g set members = (select coalesce(array_agg(m order by m), '{}') from unnest(g.members) m where m not in
				(select p.stable_id from source_users p where p.source_id = g.source_id and ` + mirrorOfPerson + `)), digest = ''
			where exists (select from source_users p where p.source_id = g.source_id and g.members @> array[p.stable_id] and ` + mirrorOfPerson + `)`,
		`update source_changes c set added = (select coalesce(array_agg(m), '{}') from unnest(c.added) m where m <> all(gone.ids))
			from source_runs r, lateral (select array_agg(p.stable_id) ids from source_users p where p.source_id = r.source_id and ` + mirrorOfPerson + `) gone
			where r.id = c.run_id and ` + ofMembers("c.kind") + ` and c.added && gone.ids`,
		`delete from source_users p where ` + mirrorOfPerson,
		`delete from source_changes where user_id = nullif(@id, '')::uuid or keys && @people`,
		`delete from source_left_out where keys && @people`,
		`select erase_from_audit(nullif(@id, '')::uuid, @names, @alias, @actor, @remote)`,
	} {
		if _, err := s.db.Exec(ctx, sql, args); err != nil {
			return translate(err)
		}
	}
	return nil
}

// peopleKeys are the words by which a link to follow a login may name the person.
func peopleKeys(u model.User, names []string) []string {
	keys := keysOf(names)
	if u.Email != "" {
		keys = append(keys, model.Key(u.Email))
	}
	return keys
}

func keysOf(names []string) []string {
	keys := make([]string, len(names))
	for i, name := range names {
		keys[i] = model.Key(name)
	}
	return keys
}

// namesOf are the names that a user has and had, by the audit, but for those that
// somebody else has now.
func (s *Store) namesOf(ctx context.Context, u model.User) ([]string, error) {
	names := []string{u.Username}
	for i := 0; i < len(names); i++ {
		earlier, err := list(ctx, s.db, pgx.RowTo[string], `select distinct before ->> 'username' from audit
			where action = 'user.update' and after ->> 'username' = @name and before ->> 'username' <> @name`, named{"name": names[i]})
		if err != nil {
			return nil, err
		}
		for _, name := range earlier {
			other, err := s.User(ctx, name)
			taken := err == nil && other.ID != u.ID
			if err != nil && !errors.Is(err, ErrNotFound) {
				return nil, err
			}
			if !taken && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names, nil
}
