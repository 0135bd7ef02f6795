package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// CureFacts are what is known now of the person and the connection of a refused
// login, and decides which cure there is.
type CureFacts struct {
	Shown         []string // fingerprints of the certificates that AWS's metadata showed last
	UserExists    bool     // a user has the name that the login brought
	UserActive    bool
	Linked        string // the user to whom this very login was linked by its page, while that can be undone; empty: none
	SignedInSince bool   // this person of AWS has signed in through the connection since
}

// cureFacts are the columns and joins of CureFacts, for logins as l; @undoable is
// since when a link can be undone. The limits keep each lookup to one row of an index.
const (
	cureFactsColumns = `coalesce(k.shown, '{}'), u.id is not null, coalesce(u.active, false), coalesce(made.object, ''), since.id is not null`
	cureFactsJoins   = `
		left join metadata_checks k on k.connection_id = l.connection_id
		left join users u on l.username_key <> '' and u.username_key = l.username_key
		left join lateral (select a.object from audit a where a.object = u.username and a.action = 'identity.link' and a.note = 'from login ' || l.id
			and a.at > @undoable and ` + linkStands + ` order by a.id desc limit 1) made on true
		left join lateral (select n.id from logins n where n.connection = l.connection and n.outcome = 'signed_in' and not n.test and n.started_at > l.started_at
			and ((l.name_id_key <> '' and n.name_id_key <> '' and n.name_id_key = l.name_id_key)
				or (l.name_id_key = '' and n.username_key <> '' and n.username_key = l.username_key))
			and (coalesce(n.person ->> 'ExternalID', '') in ('', l.person ->> 'ExternalID') or coalesce(l.person ->> 'ExternalID', '') = '')
			limit 1) since on true`

	// linkStands: the user u has, on the connection of the entry a of the audit, the
	// identity that was linked then, and no other.
	linkStands = `exists (select from identities i join connections c on c.id = i.connection_id and c.slug = a.after ->> 'connection'
		where i.user_id = u.id having array_agg(i.idp_entity_id || chr(10) || i.name_id || chr(10) || i.external_id)
			= array[(a.after ->> 'idp_entity_id') || chr(10) || (a.after ->> 'name_id') || chr(10) || (a.after ->> 'external_id')])`
)

func (f *CureFacts) fields() []any {
	return []any{&f.Shown, &f.UserExists, &f.UserActive, &f.Linked, &f.SignedInSince}
}

// CureFacts are what is known now of refused logins, by their ids.
func (s *Store) CureFacts(ctx context.Context, ids []string, now time.Time) (map[string]CureFacts, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	type fact struct {
		id string
		CureFacts
	}
	all, err := list(ctx, s.db, func(row pgx.CollectableRow) (f fact, err error) {
		err = row.Scan(append([]any{&f.id}, f.fields()...)...)
		return f, err
	}, "select l.id, "+cureFactsColumns+" from logins l"+cureFactsJoins+" where l.id = any(@ids)", named{"ids": ids, "undoable": now.Add(-model.UndoFor)})
	found := make(map[string]CureFacts, len(all))
	for _, f := range all {
		found[f.id] = f.CureFacts
	}
	return found, err
}

// RefusedPerson is somebody whom AWS let through, who was refused here, and has not
// signed in since.
type RefusedPerson struct {
	Username    string
	Email       string
	DisplayName string
	FirstName   string
	LastName    string
	NameID      string
	Connection  string
	LastLoginID string
	Count       int
	LastAt      time.Time
	Login       model.Login // the newest of those: id, connection, refusal and person
	Facts       CureFacts
}

// triedLogins is how many of the newest refusals of a reason are looked at for the
// people in them.
const triedLogins = 500

// RefusedPeople lists whom AWS vouched for during the last 30 days and who was
// refused because of who they are, the newest first. Left out is who has signed in
// since, and whose reason is gone: unknown people who are users by now, deactivated
// ones who are active again. An empty connection means all. How often somebody was
// refused is counted among the newest refusals of each reason.
func (s *Store) RefusedPeople(ctx context.Context, connection string, limit int) ([]RefusedPerson, error) {
	return list(ctx, s.db, scanRefusedPerson, `
		select l.id, l.connection, l.started_at, l.username, l.name_id, l.refusal, l.person, l.times, `+cureFactsColumns+`
		from (select * from (
				select distinct on (connection, username_key, who) *, count(*) over (partition by connection, username_key, who) as times
				from (select l.*, coalesce(l.person ->> 'ExternalID', '') as who from unnest(@codes::text[]) kind (code), lateral (
						select id, connection, connection_id, started_at, code, username, username_key, name_id, name_id_key, refusal, person from logins l
						where l.code = kind.code and l.code <> '' and (@connection = '' or l.connection = @connection)
							and l.started_at > now() - interval '30 days' order by l.started_at desc limit @newest) l) l
				where username_key <> ''
				order by connection, username_key, who, started_at desc) newest
			order by started_at desc, username_key offset 0) l`+cureFactsJoins+`
		where since.id is null and not (l.code = @unknown and u.id is not null) and not (l.code = @deactivated and coalesce(u.active, false))
		order by l.started_at desc, l.username_key limit @limit`,
		named{"codes": decidedCodes, "connection": connection, "limit": limit, "newest": triedLogins, "undoable": time.Now().Add(-model.UndoFor),
			"unknown": model.CodeUserUnknown, "deactivated": model.CodeUserDeactivated})
}

func scanRefusedPerson(row pgx.CollectableRow) (p RefusedPerson, err error) {
	l := &p.Login
	err = row.Scan(append([]any{&l.ID, &l.Connection, &l.StartedAt, &l.Username, &l.NameID, &l.Refusal, &l.Person, &p.Count}, p.Facts.fields()...)...)
	l.Outcome = model.OutcomeRefused
	p.Username, p.NameID, p.Connection, p.LastLoginID, p.LastAt = l.Username, l.NameID, l.Connection, l.ID, l.StartedAt
	if who := l.Person; who != nil {
		p.Email, p.DisplayName = who.Email, who.DisplayName()
		p.FirstName, p.LastName = who.FirstName, who.LastName
	}
	return p, err
}

// CauseCount is how often logins were refused for one cause.
type CauseCount struct {
	Code   model.Code
	Cause  model.Cause // as the traces have it; empty: older than causes, or erased
	Count  int
	Cut    bool        // there were more refusals of the code than were looked at
	People int         // in them, as far as AWS vouched for who it was
	Newest model.Login // id, connection, username, time and refusal
}

// causesLooked is how many of the newest refusals of a code are told apart by cause.
const causesLooked = 1000

// RefusalCauses counts refused logins since a time by their cause, tests left out.
// Of each code it reads the newest, by their index.
func (s *Store) RefusalCauses(ctx context.Context, since time.Time) ([]CauseCount, error) {
	return list(ctx, s.db, scanCauseCount, `
		select n.code, c.cause, c.times, c.looked >= @most, c.people, n.id, n.connection, n.username, n.started_at, n.refusal
		from unnest(@codes::text[]) kind (code), lateral (
			select cause, count(*) as times, count(distinct nullif(username_key, '')) as people, sum(count(*)) over () as looked,
				(array_agg(id order by started_at desc, id desc))[1] as newest
			from (select l.id, l.started_at, l.username_key, coalesce(l.refusal ->> 'cause', '') as cause from logins l
				where l.code = kind.code and l.code <> '' and l.started_at >= @since and not l.test order by l.started_at desc, l.id desc limit @most) l
			group by cause) c
		join logins n on n.id = c.newest
		order by c.times desc, n.code, c.cause`,
		named{"codes": model.Codes, "since": since, "most": causesLooked})
}

func scanCauseCount(row pgx.CollectableRow) (c CauseCount, err error) {
	l := &c.Newest
	err = row.Scan(&c.Code, &c.Cause, &c.Count, &c.Cut, &c.People, &l.ID, &l.Connection, &l.Username, &l.StartedAt, &l.Refusal)
	l.Outcome = model.OutcomeRefused
	return c, err
}
