package store

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// PersonData is everything that is stored about a user, or about a name that no
// user has. Of what is secret or sealed it says that it is there. docs/privacy.md
// lists the same.
type PersonData struct {
	Names       []string           `json:"names"` // now and before
	User        *model.User        `json:"user"`  // null: no user has the name
	Identities  []PersonIdentity   `json:"aws_identities"`
	Consents    []model.Consent    `json:"link_consents"` // by which the next login may be linked to them
	Memberships []model.Membership `json:"memberships"`
	Logins      []PersonLogin      `json:"logins"`
	Audit       []model.AuditEntry `json:"audit"` // what was done to them, and what they did as an administrator

	TraceLinks      []model.TraceLink       `json:"trace_links"` // made for them, without the tokens
	ServicePassword []PersonPassword        `json:"service_password"`
	CrowdSessions   []PersonCrowdSession    `json:"directory_sessions"`
	AppSignIns      []PersonAppSignIn       `json:"app_sign_ins"`
	AppTokens       []PersonAppToken        `json:"app_tokens"`
	AppsLastUsed    []PersonAppUse          `json:"apps_last_used_by_them"`
	Directory       []PersonDirectoryChange `json:"directory_changes"`
	BulkChanges     []PersonBulkChange      `json:"changes_of_many"`
	JobRows         []PersonJobRow          `json:"rows_of_imports"`
	Pins            model.Pins              `json:"pins"` // what an administrator keeps from sources
	Sources         []PersonSource          `json:"said_by_sources"`
	SourceChanges   []PersonSourceChange    `json:"changes_by_sources"`
	SourceLeftOut   []PersonLeftOut         `json:"left_out_by_sources"`
	Pushed          []PersonPushed          `json:"pushed_by_identity_providers"`
	PushRequests    []PersonPushRequest     `json:"requests_of_identity_providers"`

	ConsoleSessions []model.ConsoleSession `json:"console_sessions"` // of somebody who comes to the console through AWS, as the next three
	Passkeys        []PersonPasskey        `json:"passkeys"`
	RecoveryCodes   int                    `json:"recovery_codes"`
	KnownBrowsers   []time.Time            `json:"known_browsers_last_seen"`

	Truncated []string `json:"truncated"` // the lists that were cut: only the newest 10,000 are here
}

// The parts that have no type of their own.
type (
	// PersonIdentity is what AWS calls them, and what it said at the last login.
	PersonIdentity struct {
		model.Identity
		LastPerson *model.Person `json:"said_at_last_login"`
	}
	// PersonLogin is a login without the sealed message.
	PersonLogin struct {
		model.Login
		MessageKept bool `json:"message_kept_sealed"`
	}
	// PersonPassword is the password of a service account, which nobody knows.
	PersonPassword struct {
		CreatedBy  string     `json:"created_by"`
		CreatedAt  time.Time  `json:"created_at"`
		LastUsedAt *time.Time `json:"last_used_at"`
	}
	// PersonCrowdSession is a session that an app asked for.
	PersonCrowdSession struct {
		App       string    `json:"app"`
		CreatedAt time.Time `json:"created_at"`
		ExpiresAt time.Time `json:"expires_at"`
	}
	// PersonAppSignIn is a sign-in to an app.
	PersonAppSignIn struct {
		App       string    `json:"app"`
		CreatedAt time.Time `json:"created_at"`
		ExpiresAt time.Time `json:"expires_at"`
	}
	// PersonAppToken is what an app holds for them.
	PersonAppToken struct {
		Kind       string    `json:"kind"`
		App        string    `json:"app"`
		Scopes     []string  `json:"scopes"`
		SignedInAt time.Time `json:"signed_in_at"`
		ExpiresAt  time.Time `json:"expires_at"`
	}
	// PersonAppUse is an app that they were the last to sign in to.
	PersonAppUse struct {
		App string     `json:"app"`
		At  *time.Time `json:"at"`
	}
	// PersonDirectoryChange is what apps have to fetch.
	PersonDirectoryChange struct {
		At        time.Time `json:"at"`
		Kind      string    `json:"kind"`
		Operation string    `json:"operation"`
		Name      string    `json:"name"`
		OldName   string    `json:"old_name"`
	}
	// PersonBulkChange is a change of many users that they were among.
	PersonBulkChange struct {
		At    time.Time `json:"at"`
		Actor string    `json:"actor"`
		Kind  string    `json:"kind"`
		Group string    `json:"group"`
	}
	// PersonJobRow is what the file of an import says about them.
	PersonJobRow struct {
		At    time.Time       `json:"at"`
		Actor string          `json:"actor"`
		State string          `json:"state"`
		Row   json.RawMessage `json:"row"`
		Did   json.RawMessage `json:"did"`
	}
	// PersonSource is what a source says about them.
	PersonSource struct {
		Source      string              `json:"source"`
		StableID    string              `json:"stable_id"`
		Username    string              `json:"username"`
		Email       string              `json:"email"`
		FirstName   string              `json:"first_name"`
		LastName    string              `json:"last_name"`
		DisplayName string              `json:"display_name"`
		Enabled     bool                `json:"enabled"`
		Why         string              `json:"why"`
		Place       string              `json:"place"`
		State       string              `json:"state"`
		ForeignIDs  []string            `json:"foreign_ids"`
		Attributes  map[string][]string `json:"attributes"`
		Groups      []string            `json:"groups"`
	}
	// PersonSourceChange is what a run of a source planned or did to them.
	PersonSourceChange struct {
		At     time.Time       `json:"at"`
		Source string          `json:"source"`
		Run    int64           `json:"run"`
		Kind   string          `json:"kind"`
		State  string          `json:"state"`
		Before json.RawMessage `json:"before"`
		After  json.RawMessage `json:"after"`
		Place  string          `json:"place"`
		Why    string          `json:"why"`
	}
	// PersonLeftOut is what a source said about them and that had no effect.
	PersonLeftOut struct {
		At     time.Time `json:"at"`
		Source string    `json:"source"`
		Run    int64     `json:"run"`
		Kind   string    `json:"kind"`
		Name   string    `json:"name"`
		Detail string    `json:"detail"`
	}
	// PersonPushed is what an identity provider pushed about them, as it was sent.
	PersonPushed struct {
		Source     string          `json:"source"`
		ID         string          `json:"id"`
		ExternalID string          `json:"external_id"`
		Document   json.RawMessage `json:"document"`
		CreatedAt  time.Time       `json:"created_at"`
		ModifiedAt time.Time       `json:"modified_at"`
		DeletedAt  *time.Time      `json:"deleted_at"`
		Groups     []string        `json:"groups"`
	}
	// PersonPushRequest is a request of an identity provider about them.
	PersonPushRequest struct {
		At      time.Time `json:"at"`
		Source  string    `json:"source"`
		Line    string    `json:"line"`
		Outcome string    `json:"outcome"`
		Details []string  `json:"details"`
	}
	// PersonPasskey is the public half of a passkey.
	PersonPasskey struct {
		Name       string     `json:"name"`
		CreatedAt  time.Time  `json:"created_at"`
		LastUsedAt *time.Time `json:"last_used_at"`
	}
)

// maxPersonRows bounds each list of an export.
const maxPersonRows = 10_000

// PersonData collects what is stored about a user, and notes in the audit that
// it was read.
func (s *Store) PersonData(ctx context.Context, actor model.Actor, username string) (PersonData, error) {
	var d PersonData
	err := s.InTx(ctx, func(tx *Store) error {
		u, err := tx.User(ctx, username)
		if err != nil {
			return err
		}
		d.User = &u
		if d.Names, err = tx.namesOf(ctx, u); err != nil {
			return err
		}
		if err := tx.collect(ctx, &d, maxPersonRows); err != nil {
			return err
		}
		return tx.RecordAudit(ctx, actor, "user.data_exported", u.Username, "")
	})
	return d, err
}

// NameData collects what is stored about a name that no user has; ErrExists when
// a user has it.
func (s *Store) NameData(ctx context.Context, actor model.Actor, name string) (PersonData, error) {
	var d PersonData
	err := s.InTx(ctx, func(tx *Store) error {
		_, err := tx.User(ctx, name)
		switch {
		case err == nil:
			return ErrExists
		case !errors.Is(err, ErrNotFound):
			return err
		}
		if d.Names, err = tx.spellingsOf(ctx, name); err != nil {
			return err
		}
		if err := tx.collect(ctx, &d, maxPersonRows); err != nil {
			return err
		}
		return tx.RecordAudit(ctx, actor, "user.data_exported", d.Names[0], "")
	})
	return d, err
}

// collect fills in everything but who it is about.
func (s *Store) collect(ctx context.Context, d *PersonData, limit int) (err error) {
	var u model.User
	if d.User != nil {
		u = *d.User
	}
	args := named{"names": d.Names, "keys": keysOf(d.Names), "people": peopleKeys(u, d.Names), "id": u.ID, "limit": limit + 1}
	actors := slices.Clone(d.Names)
	d.Memberships = []model.Membership{}
	if d.User != nil {
		if d.Pins, err = s.Pins(ctx, u.ID); err != nil {
			return err
		}
		for _, name := range d.Names {
			actors = append(actors, model.Administrator{Email: name, UserID: u.ID}.ActorName())
		}
		if d.Memberships, err = s.UserMemberships(ctx, u.ID); err != nil {
			return err
		}
	}
	args["actors"] = actors
	cut := func(name string, n int) int {
		if n > limit {
			d.Truncated = append(d.Truncated, name)
		}
		return min(n, limit)
	}
	d.Truncated = []string{}
	if err := s.collectLists(ctx, d, args); err != nil {
		return err
	}
	d.Logins = d.Logins[:cut("logins", len(d.Logins))]
	d.Audit = d.Audit[:cut("audit", len(d.Audit))]
	d.Directory = d.Directory[:cut("directory_changes", len(d.Directory))]
	d.BulkChanges = d.BulkChanges[:cut("changes_of_many", len(d.BulkChanges))]
	d.JobRows = d.JobRows[:cut("rows_of_imports", len(d.JobRows))]
	d.SourceChanges = d.SourceChanges[:cut("changes_by_sources", len(d.SourceChanges))]
	d.SourceLeftOut = d.SourceLeftOut[:cut("left_out_by_sources", len(d.SourceLeftOut))]
	d.PushRequests = d.PushRequests[:cut("requests_of_identity_providers", len(d.PushRequests))]
	for i := range d.TraceLinks {
		d.TraceLinks[i].TokenSealed = nil
	}
	return s.db.QueryRow(ctx, "select count(*) from recovery_codes where used_at is null and administrator_id in ("+administratorOf+")",
		args).Scan(&d.RecoveryCodes)
}

// administratorOf finds the account of somebody who comes to the console through AWS.
const administratorOf = "select id from administrators where user_id = nullif(@id, '')::uuid"

// auditOfPerson are the entries about them and by them. Of a change of many only
// they are named: the others are none of their business.
const auditOfPerson = `select id, at, actor, remote_addr, action, object, before,
		case when action like 'bulk.%' and not actor = any(@actors) then jsonb_set(after, '{usernames}',
			(select coalesce(jsonb_agg(u), '[]') from jsonb_array_elements_text(after -> 'usernames') u where u = any(@names))) else after end, note, coalesce(act, 0)
	from audit a where actor = any(@actors) or exists (select from unnest(@names::text[]) n where a.object = n or right(a.object, length(n) + 2) = ': ' || n
		or a.before ->> 'username' = n or a.after ->> 'username' = n or a.before ->> 'person' = n or a.after ->> 'person' = n
		or (a.action like 'bulk.%' and a.after -> 'usernames' @> to_jsonb(array[n])))
	order by id desc limit @limit`

// mirrorOfPerson are the rows p of a mirror that are about them.
const mirrorOfPerson = "(p.user_id = nullif(@id, '')::uuid or (p.user_id is null and (p.username_key = any(@people) or p.email_key = any(@people))))"

// pushedOfPerson are the rows r of what was pushed that are about them.
const pushedOfPerson = `(r.kind = 'User' and (r.id::text in (select p.stable_id from source_users p where p.source_id = r.source_id and ` + mirrorOfPerson + `)
	or r.name_key = any(@people) and not exists (select from source_users p where p.source_id = r.source_id and p.stable_id = r.id::text
		and p.user_id is not null)))`

// pushesOfPerson are the rows q of requests that are about them.
const pushesOfPerson = "(q.name_key = any(@people) or q.resource_id in (select r.id::text from scim_resources r where " + pushedOfPerson + "))"

// collectLists reads the lists, each where it is kept.
func (s *Store) collectLists(ctx context.Context, d *PersonData, args named) error {
	return errors.Join(
		into(ctx, s, &d.Identities, scanPersonIdentity, "select "+identityColumns+`, i.last_person from identities i join connections c on c.id = i.connection_id
			where i.user_id = nullif(@id, '')::uuid order by i.id`, args),
		into(ctx, s, &d.Consents, scanConsent, "select "+consentColumns+consentTables+"where k.user_id = nullif(@id, '')::uuid order by k.id", args),
		into(ctx, s, &d.Logins, scanPersonLogin, "select "+loginColumns+", l.xml_sealed is not null from logins l where "+loginsOfPerson+`
			order by l.started_at desc, l.id desc limit @limit`, args),
		into(ctx, s, &d.Audit, scanAuditEntry, auditOfPerson, args),
		into(ctx, s, &d.TraceLinks, scanTraceLink, traceLinkSQL+"where lower(t.person) = any(@people) or t.person = any(@names) order by t.id desc", args),
		into(ctx, s, &d.ServicePassword, pgx.RowToStructByPos[PersonPassword], `select created_by, created_at, last_used_at
			from service_passwords where user_id = nullif(@id, '')::uuid`, args),
		into(ctx, s, &d.CrowdSessions, pgx.RowToStructByPos[PersonCrowdSession], `select app, created_at, expires_at
			from crowd_sessions where user_id = nullif(@id, '')::uuid order by created_at desc`, args),
		into(ctx, s, &d.AppSignIns, pgx.RowToStructByPos[PersonAppSignIn], `select app, created_at, expires_at
			from oidc_requests where user_id = nullif(@id, '')::uuid order by created_at desc`, args),
		into(ctx, s, &d.AppTokens, pgx.RowToStructByPos[PersonAppToken], `select kind, app, scopes, auth_time, expires_at
			from oidc_tokens where user_id = nullif(@id, '')::uuid order by expires_at desc`, args),
		into(ctx, s, &d.AppsLastUsed, pgx.RowToStructByPos[PersonAppUse], "select app, worked_at from app_sign_ins where worked_user = any(@names) order by app",
			args),
		into(ctx, s, &d.Directory, pgx.RowToStructByPos[PersonDirectoryChange], `select at, kind, operation, name, old_name
			from crowd_events where user_id = nullif(@id, '')::uuid or (kind = 'user' and (name = any(@names) or old_name = any(@names)))
			order by id desc limit @limit`, args),
		into(ctx, s, &d.BulkChanges, pgx.RowToStructByPos[PersonBulkChange], `select b.at, b.actor, b.kind, coalesce(g.name, '')
			from bulk_changes b left join groups g on g.id = b.group_id where exists (select from jsonb_array_elements(b.items) i
			where i ->> 'UserID' = nullif(@id, '') or i ->> 'Username' = any(@names)) order by b.id desc limit @limit`, args),
		into(ctx, s, &d.JobRows, pgx.RowToStructByPos[PersonJobRow], `select j.created_at, j.actor, j.state, r.input, r.did
			from job_rows r join jobs j on j.id = r.job_id where r.keys && @people order by j.id desc, r.nr limit @limit`, args),
		into(ctx, s, &d.Sources, pgx.RowToStructByPos[PersonSource], `select s.slug, p.stable_id, p.username, p.email, p.first_name, p.last_name,
			p.display_name, p.enabled, p.why, p.place, p.state, p.foreign_ids, coalesce(p.attributes, '{}'), array(select g.name from source_groups g
				where g.source_id = p.source_id and case s.kind when 'scim' then g.stable_id in (select m.group_id::text from scim_members m
					where m.member_id = p.stable_id::uuid) else g.members @> array[p.stable_id] end order by 1)
			from source_users p join sources s on s.id = p.source_id where `+mirrorOfPerson+" order by s.slug, p.stable_id", args),
		into(ctx, s, &d.SourceChanges, pgx.RowToStructByPos[PersonSourceChange], `select coalesce(c.applied_at, r.started_at), s.slug, r.id, c.kind, c.state,
			c.before, c.after, c.place, c.why from source_changes c join source_runs r on r.id = c.run_id join sources s on s.id = r.source_id
			where c.user_id = nullif(@id, '')::uuid or c.keys && @people order by r.id desc, c.nr limit @limit`, args),
		into(ctx, s, &d.SourceLeftOut, pgx.RowToStructByPos[PersonLeftOut], `select r.started_at, s.slug, r.id, l.kind, l.name, l.detail
			from source_left_out l join source_runs r on r.id = l.run_id join sources s on s.id = r.source_id
			where l.keys && @people order by r.id desc, l.nr limit @limit`, args),
		into(ctx, s, &d.Pushed, pgx.RowToStructByPos[PersonPushed], `select s.slug, r.id::text, r.external_id, r.document, r.created_at, r.modified_at,
			r.deleted_at, array(select g.name from scim_members m join scim_resources g on g.id = m.group_id where m.member_id = r.id order by 1)
			from scim_resources r join sources s on s.id = r.source_id where `+pushedOfPerson+" order by s.slug, r.id", args),
		into(ctx, s, &d.PushRequests, pgx.RowToStructByPos[PersonPushRequest], `select q.at, s.slug, q.line, q.outcome, q.details
			from scim_requests q join sources s on s.id = q.source_id where `+pushesOfPerson+" order by q.id desc limit @limit", args),
		into(ctx, s, &d.ConsoleSessions, scanConsoleSession, "select "+consoleSessionColumns+` from admin_sessions
			where administrator_id in (`+administratorOf+") order by id desc", args),
		into(ctx, s, &d.Passkeys, pgx.RowToStructByPos[PersonPasskey], `select name, created_at, last_used_at
			from passkeys where administrator_id in (`+administratorOf+") order by created_at", args),
		into(ctx, s, &d.KnownBrowsers, pgx.RowTo[time.Time], "select seen_at from known_browsers where administrator_id in ("+administratorOf+
			") order by seen_at", args),
	)
}

// into reads a list to where it belongs; one without rows is empty, not null.
func into[T any](ctx context.Context, s *Store, to *[]T, scan pgx.RowToFunc[T], sql string, args named) error {
	rows, err := list(ctx, s.db, scan, sql, args)
	*to = orNone(rows)
	return err
}

func scanPersonIdentity(row pgx.CollectableRow) (p PersonIdentity, err error) {
	var last *time.Time
	err = row.Scan(append(identityFields(&p.Identity, &last), &p.LastPerson)...)
	p.LastLoginAt = valueOrZero(last)
	return p, err
}

func scanPersonLogin(row pgx.CollectableRow) (l PersonLogin, err error) {
	var finished *time.Time
	err = row.Scan(append(loginFields(&l.Login, &finished), &l.MessageKept)...)
	l.FinishedAt = valueOrZero(finished)
	return l, err
}
