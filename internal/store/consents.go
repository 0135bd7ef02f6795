package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

const consentColumns = `k.id, k.act::text, k.user_id::text, k.connection_id, c.slug, k.username_key, k.given_by, k.why, k.given_at,
	k.ends_at, k.taken_back_at, k.taken_back_by`

const consentTables = ` from link_consents k join connections c on c.id = k.connection_id `

func scanConsent(row pgx.CollectableRow) (c model.Consent, err error) {
	var ends, takenBack *time.Time
	err = row.Scan(&c.ID, &c.Act, &c.UserID, &c.ConnectionID, &c.Connection, &c.UsernameKey, &c.GivenBy, &c.Why, &c.GivenAt,
		&ends, &takenBack, &c.TakenBackBy)
	c.EndsAt, c.TakenBackAt = valueOrZero(ends), valueOrZero(takenBack)
	return c, err
}

// administers is the condition that the user u may use the console, or could as a
// member of the group for that.
const administers = `(exists (select from administrators a where a.user_id = u.id) or exists (select from memberships m
	where m.user_id = u.id and m.source = 'manual'
		and m.group_id = (select (value ->> 'console_group_id')::bigint from settings where key = '` + settingsKey + `')))`

// consent is what an act gives to some users.
type consent struct {
	why        model.ConsentWhy
	users      []string // ids
	connection string   // slug; empty: every connection that is live
	ends       time.Time
}

// consents gives consent, as part of the act that it is: to those of the users
// who do not administer the console, on connections that are live, where they have
// no identity, or to be linked anew where they have one. Whoever has an open
// consent there has the new one in its place, unless it is the same. It returns
// what was given.
func (s *Store) consents(ctx context.Context, actor model.Actor, g consent) ([]model.Consent, error) {
	if len(g.users) == 0 {
		return nil, nil
	}
	return list(ctx, s.db, scanConsent, `with act as (select gen_random_uuid() as id), k as (
		insert into link_consents (act, user_id, connection_id, username_key, given_by, why, ends_at)
		select act.id, u.id, c.id, u.username_key, @by, @why, @ends::timestamptz
		from act, users u, connections c
		where u.id = any(@users::uuid[]) and c.status = 'live' and @connection in ('', c.slug) and not `+administers+`
			and exists (select from identities i where i.user_id = u.id and i.connection_id = c.id) = (@why = 'link_anew')
		order by u.username_key, c.slug
		on conflict (user_id, connection_id) do update set act = excluded.act, username_key = excluded.username_key, given_by = excluded.given_by,
			why = excluded.why, given_at = excluded.given_at, ends_at = excluded.ends_at, taken_back_at = null, taken_back_by = ''
			where link_consents.taken_back_at is not null or link_consents.why <> excluded.why or link_consents.username_key <> excluded.username_key
				or link_consents.ends_at is distinct from excluded.ends_at
		returning *)
		select `+consentColumns+` from k join connections c on c.id = k.connection_id order by k.id`,
		named{"by": clean(actor.Name, 512), "why": g.why, "users": g.users, "connection": g.connection, "ends": nullTime(g.ends)})
}

// AllowLink lets the next login that brings the name of one of the users through
// the connection be linked to them. Only users without an identity there, who do
// not administer the console, can be; the connection must be live. Each is
// audited. It returns what was given, and with it the act to undo.
func (s *Store) AllowLink(ctx context.Context, actor model.Actor, connection string, userIDs []string) ([]model.Consent, error) {
	return s.allow(ctx, actor, "identity.allow_link", consent{why: model.ConsentAllowed, users: userIDs, connection: connection})
}

// AllowLinkAnew lets the next person from AWS who brings the name of one of the
// users take the place of the one to whom they are linked on the connection, until
// the end. The old identity works until then. Each is audited.
func (s *Store) AllowLinkAnew(ctx context.Context, actor model.Actor, connection string, userIDs []string, ends time.Time) ([]model.Consent, error) {
	return s.allow(ctx, actor, "identity.allow_link_anew",
		consent{why: model.ConsentLinkAnew, users: userIDs, connection: connection, ends: ends})
}

func (s *Store) allow(ctx context.Context, actor model.Actor, action string, g consent) (given []model.Consent, err error) {
	err = s.InTx(ctx, func(tx *Store) error {
		if _, err := tx.db.Exec(ctx, "select from users where id = any(@users::uuid[]) order by id for update", named{"users": g.users}); err != nil {
			return translate(err)
		}
		if given, err = tx.consents(ctx, actor, g); err != nil {
			return err
		}
		return tx.recordConsents(ctx, actor, action, given)
	})
	return given, err
}

// recordConsents writes an entry of the audit for each, under the user's name.
func (s *Store) recordConsents(ctx context.Context, actor model.Actor, action string, given []model.Consent) error {
	ids := make([]string, len(given))
	for i, c := range given {
		ids[i] = c.UserID
	}
	users, err := s.usersByID(ctx, ids)
	if err != nil {
		return err
	}
	var entries []named
	for _, c := range given {
		after := map[string]any{"connection": c.Connection, "why": c.Why}
		if !c.EndsAt.IsZero() {
			after["until"] = c.EndsAt.UTC().Format(time.RFC3339)
		}
		entry, err := auditArgs(actor, action, users[c.UserID].Username, nil, after, "")
		if err != nil {
			return err
		}
		entries = append(entries, entry)
	}
	return s.recordAll(ctx, entries)
}

// usersByID are users by their ids.
func (s *Store) usersByID(ctx context.Context, ids []string) (map[string]model.User, error) {
	users, err := list(ctx, s.db, scanUser, "select "+userColumns+" from users u where u.id = any(@ids::uuid[])", named{"ids": ids})
	byID := make(map[string]model.User, len(users))
	for _, u := range users {
		byID[u.ID] = u
	}
	return byID, err
}

// TakeBackLink takes back what allows a user to be linked on a connection.
// ErrNotFound when nothing does: it was used, or taken back already.
func (s *Store) TakeBackLink(ctx context.Context, actor model.Actor, userID, connection string) error {
	taken, err := s.takeBack(ctx, actor, "k.user_id = @user::uuid and c.slug = @connection", named{"user": userID, "connection": connection})
	if err == nil && len(taken) == 0 {
		err = ErrNotFound
	}
	return err
}

// TakeBackAct takes back what is not used yet of an act of consent, as AllowLink
// and AllowLinkAnew return it.
func (s *Store) TakeBackAct(ctx context.Context, actor model.Actor, act string) ([]model.Consent, error) {
	return s.takeBack(ctx, actor, "k.act = @act::uuid", named{"act": act})
}

func (s *Store) takeBack(ctx context.Context, actor model.Actor, which string, args named) (taken []model.Consent, err error) {
	args["by"] = clean(actor.Name, 512)
	err = s.InTx(ctx, func(tx *Store) error {
		// A login that is under way has locked its user: whoever comes second sees what the first did.
		if _, err := tx.db.Exec(ctx, "select from users where id in (select k.user_id "+consentTables+"where "+which+") order by id for update", args); err != nil {
			return translate(err)
		}
		taken, err = list(ctx, tx.db, scanConsent, `with k as (update link_consents set taken_back_at = now(), taken_back_by = @by
				where taken_back_at is null and id in (select k.id `+consentTables+"where "+which+`) returning *)
			select `+consentColumns+" from k join connections c on c.id = k.connection_id order by k.id", args)
		if err != nil {
			return err
		}
		return tx.recordConsents(ctx, actor, "identity.take_back_link", taken)
	})
	return taken, err
}

// renameConsents keeps what allows to link a user whom an administrator renames.
// The name that a login brings renames nobody's consent: it was given for another.
func (s *Store) renameConsents(ctx context.Context, before, after model.User) error {
	if model.Key(before.Username) == model.Key(after.Username) {
		return nil
	}
	_, err := s.db.Exec(ctx, "update link_consents set username_key = @after where user_id = @user::uuid and username_key = @before",
		named{"user": after.ID, "before": model.Key(before.Username), "after": model.Key(after.Username)})
	return err
}

// useConsent uses up the act that a login was linked by, and what else would allow
// the user to be linked on this connection: an identity is there now. errTryAgain
// when somebody took it back in between.
func (s *Store) useConsent(ctx context.Context, c *model.Consent, userID string, connectionID int64) error {
	if c != nil {
		tag, err := s.db.Exec(ctx, "delete from link_consents where user_id = @user::uuid and act = @act::uuid and taken_back_at is null",
			named{"user": userID, "act": c.Act})
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return errTryAgain
		}
	}
	_, err := s.db.Exec(ctx, "delete from link_consents where user_id = @user::uuid and connection_id = @connection",
		named{"user": userID, "connection": connectionID})
	return err
}

// openConsent is the consent k of the user u for the connection c as JSON, null
// where there is none that is about the user's name of now.
const openConsent = `case when k.taken_back_at is null and k.username_key = u.username_key then jsonb_build_object('ID', k.id, 'Act', k.act,
	'UserID', k.user_id, 'ConnectionID', k.connection_id, 'Connection', c.slug, 'UsernameKey', k.username_key, 'GivenBy', k.given_by, 'Why', k.why,
	'GivenAt', k.given_at, 'EndsAt', k.ends_at) end`

// linkFacts completes what is known about the user with the username: what allows
// to link them on the connection, and what speaks against it.
func (s *Store) linkFacts(ctx context.Context, k *model.Known, connectionID int64, p model.Person) error {
	return translate(s.db.QueryRow(ctx, "select "+administers+", "+openConsent+`,
			coalesce((select o.username from identities i join users o on o.id = i.user_id
				where @external <> '' and i.external_id = @external and i.user_id <> u.id limit 1), '')
		from users u join connections c on c.id = @connection left join link_consents k on k.user_id = u.id and k.connection_id = c.id
		where u.id = @user::uuid`, named{"user": k.ByUsername.ID, "connection": connectionID, "external": p.ExternalID},
	).Scan(&k.Administers, &k.Consent, &k.StableIDOf))
}

// Consents are those of a user that are neither used nor taken back, on
// connections that are there.
func (s *Store) Consents(ctx context.Context, userID string) ([]model.Consent, error) {
	return list(ctx, s.db, scanConsent, "select "+consentColumns+consentTables+`
		where k.user_id = @user::uuid and k.taken_back_at is null order by c.slug`, named{"user": userID})
}

// allowedBy is the note of the audit about a link that a consent allowed.
func allowedBy(c model.Consent) string {
	return "allowed by " + c.GivenBy + " on " + c.GivenAt.UTC().Format(time.DateOnly) + " (" + string(c.Why) + ")"
}
