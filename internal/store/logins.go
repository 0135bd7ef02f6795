package store

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// NewLoginID makes the id of a trace: 80 random bits that people can read out.
func NewLoginID() string { return strings.ToLower(rand.Text()[:16]) }

const loginColumns = `l.id, l.connection, coalesce(l.revision_id, 0), l.revision_version, l.test, l.unsolicited, l.verified, l.started_at,
	l.finished_at, l.outcome, l.refusal, l.username, coalesce(l.user_id::text, ''), l.name_id, l.request_id,
	l.remote_addr, l.user_agent, l.checks, l.changes, l.person`

func loginFields(l *model.Login, finished **time.Time) []any {
	return []any{&l.ID, &l.Connection, &l.RevisionID, &l.RevisionVersion, &l.Test, &l.Unsolicited, &l.Verified, &l.StartedAt,
		finished, &l.Outcome, &l.Refusal, &l.Username, &l.UserID, &l.NameID, &l.RequestID,
		&l.RemoteAddr, &l.UserAgent, &l.Checks, &l.Changes, &l.Person}
}

func scanLogin(row pgx.CollectableRow) (l model.Login, err error) {
	var finished *time.Time
	err = row.Scan(loginFields(&l, &finished)...)
	l.FinishedAt = valueOrZero(finished)
	return l, err
}

func scanWholeLogin(row pgx.CollectableRow) (l model.Login, err error) {
	var finished *time.Time
	err = row.Scan(append(loginFields(&l, &finished), &l.XMLSealed)...)
	l.FinishedAt = valueOrZero(finished)
	return l, err
}

// LoginQuery chooses logins, newest first.
type LoginQuery struct {
	Connection string
	Search     string // a reference, or the beginning of a username or NameID
	Outcome    model.Outcome
	Code       model.Code
	Cause      model.Cause // of Code
	Unnamed    bool        // with Cause: refusals that name none are of it, too
	Since      time.Time   // zero: no limit
	Until      time.Time
	Page
}

// Logins lists traces, a page at a time, without what was received.
func (s *Store) Logins(ctx context.Context, q LoginQuery) ([]model.Login, string, error) {
	f := q.filter()
	f.set("limit", q.limit()+1)
	if at, ok := q.position(2); ok {
		if _, ok := cursorTime(at[0]); ok {
			f.with("(l.started_at, l.id) < (@at::timestamptz, @id)", "at", at[0])
			f.set("id", at[1])
		}
	}
	logins, err := filtered(ctx, s.db, scanLogin, "select "+loginColumns+" from logins l"+f.String()+
		"order by l.started_at desc, l.id desc limit @limit", f.args)
	if err != nil {
		return nil, "", err
	}
	logins, next := cut(logins, q.limit(), func(l model.Login) []string {
		return []string{l.StartedAt.UTC().Format(time.RFC3339Nano), l.ID}
	})
	return logins, next, nil
}

// filter is which logins.
func (q LoginQuery) filter() *filter {
	f := new(filter)
	if q.Connection != "" {
		f.with("l.connection = @connection", "connection", q.Connection)
	}
	if q.Outcome != "" {
		f.with("l.outcome = @outcome", "outcome", string(q.Outcome))
	}
	switch {
	case q.Code == model.CodeNoAnswer: // it is written nowhere: time tells
		f.with("l.outcome = 'pending' and l.started_at < now() - make_interval(secs => @waiting)",
			"waiting", model.NoAnswerAfter.Seconds())
	case q.Code != "":
		f.with("l.code = @code and l.code <> ''", "code", string(q.Code))
	}
	if q.Cause != "" && q.Code != model.CodeNoAnswer {
		f.with("(l.refusal ->> 'cause' = @cause or @unnamed and coalesce(l.refusal ->> 'cause', '') = '')", "cause", string(q.Cause))
		f.set("unnamed", q.Unnamed)
	}
	if key := model.Key(q.Search); key != "" {
		f.with(`(l.id = @reference or (l.username_key <> '' and l.username_key like @prefix)
			or (l.name_id_key <> '' and l.name_id_key like @prefix))`, "reference", key)
		f.set("prefix", startsWith(key))
	}
	if !q.Since.IsZero() {
		f.with("l.started_at >= @since", "since", q.Since)
	}
	if !q.Until.IsZero() {
		f.with("l.started_at < @until", "until", q.Until)
	}
	return f
}

// Login is one trace with everything.
func (s *Store) Login(ctx context.Context, id string) (model.Login, error) {
	return s.wholeLogin(ctx, "where l.id = @id", named{"id": id})
}

// LatestTest is the newest test login of a revision.
func (s *Store) LatestTest(ctx context.Context, revisionID int64) (model.Login, error) {
	return s.wholeLogin(ctx, "where l.test and l.revision_id = @revision order by l.started_at desc, l.id desc limit 1",
		named{"revision": revisionID})
}

func (s *Store) wholeLogin(ctx context.Context, where string, args named) (model.Login, error) {
	rows, err := s.db.Query(ctx, "select "+loginColumns+", l.xml_sealed from logins l "+where, args)
	if err != nil {
		return model.Login{}, err
	}
	l, err := pgx.CollectExactlyOneRow(rows, scanWholeLogin)
	return l, translate(err)
}

// SaveLogin writes a trace, or finishes the one with that id. Of two answers to
// one request the first that finishes keeps the trace; the other gets a new id,
// and without what was received, which is sealed to the old one. The returned
// login has the id that was written.
func (s *Store) SaveLogin(ctx context.Context, l model.Login) (model.Login, error) {
	args, err := loginArgs(l)
	if err != nil {
		return l, err
	}
	var saved int
	err = s.db.QueryRow(ctx, saveLoginSQL, args).Scan(&saved)
	if err != nil || saved > 0 {
		return l, translate(err)
	}
	l.ID, l.XMLSealed = NewLoginID(), nil
	args["id"], args["xml"] = l.ID, l.XMLSealed
	err = s.db.QueryRow(ctx, saveLoginSQL, args).Scan(&saved)
	return l, translate(err)
}

// saveLoginSQL writes the trace and, when the login has ended, counts it among
// those of its day; those of connections that do not exist together, since
// anybody can invent names. A sign-in counts for the certificate that verified
// it. The ids of AWS's groups that it brought are noted. It returns how many traces
// it wrote.
const saveLoginSQL = `
	with saved as (insert into logins (id, connection_id, connection, revision_id, revision_version, test, unsolicited, verified, started_at, finished_at,
		outcome, code, refusal, username, username_key, user_id, name_id, name_id_key, request_id, remote_addr, user_agent, checks, changes,
		person, xml_sealed)
	values (@id, (select id from connections where slug = @connection), @connection, nullif(@revision::bigint, 0), @version, @test,
		@unsolicited, @verified, @started, @finished, @outcome, @code, @refusal, @username, @username_key, nullif(@user, '')::uuid,
		@name_id, @name_id_key, @request_id, @remote, @agent, @checks, @changes, @person, @xml)
	on conflict (id) do update set revision_id = excluded.revision_id, revision_version = excluded.revision_version,
		unsolicited = excluded.unsolicited, verified = excluded.verified, finished_at = excluded.finished_at, outcome = excluded.outcome, code = excluded.code,
		refusal = excluded.refusal, username = excluded.username, username_key = excluded.username_key, user_id = excluded.user_id,
		name_id = excluded.name_id, name_id_key = excluded.name_id_key, checks = excluded.checks, changes = excluded.changes, person = excluded.person,
		xml_sealed = excluded.xml_sealed
	where logins.outcome = 'pending'
	returning id, started_at, finished_at, connection_id, connection, outcome, code, test),
	counted as (insert into login_days (day, connection, outcome, code, part, count)
		select (started_at at time zone 'UTC')::date, case when connection_id is null then '' else connection end, outcome, code, pg_backend_pid() % 16, 1
		from saved where outcome <> 'pending' and not test
		on conflict (day, connection, outcome, code, part) do update set count = login_days.count + 1),
	signed as (insert into certificate_days (connection_id, fingerprint, day, part, sign_ins, first_at, last_at, last_login)
		select connection_id, @certificate, (finished_at at time zone 'UTC')::date, pg_backend_pid() % 16, 1, finished_at, finished_at, id
		from saved where outcome = 'signed_in' and not test and connection_id is not null and finished_at is not null and @certificate <> ''
		on conflict (connection_id, fingerprint, day, part) do update set sign_ins = certificate_days.sign_ins + 1,
			last_login = case when excluded.last_at >= certificate_days.last_at then excluded.last_login else certificate_days.last_login end,
			last_at = greatest(certificate_days.last_at, excluded.last_at), first_at = least(certificate_days.first_at, excluded.first_at)),` + noteAWSGroups + `
	select count(*) from saved`

// loginArgs are the columns of a trace. Whatever AWS or a browser sent is made
// fit for the database first.
func loginArgs(l model.Login) (named, error) {
	args := named{
		"id": l.ID, "connection": clean(l.Connection, 64), "revision": l.RevisionID, "version": l.RevisionVersion,
		"test": l.Test, "unsolicited": l.Unsolicited, "verified": l.Verified, "started": l.StartedAt, "finished": nullTime(l.FinishedAt),
		"outcome": l.Outcome, "code": model.Code(""), "username": clean(l.Username, maxText),
		"username_key": clean(model.Key(l.Username), maxText), "user": l.UserID, "name_id": clean(l.NameID, maxText),
		"name_id_key": clean(model.Key(l.NameID), maxText), "request_id": l.RequestID, "remote": clean(l.RemoteAddr, 64),
		"agent": clean(l.UserAgent, 512), "xml": l.XMLSealed, "certificate": clean(l.VerifiedBy(), 128), "aws_groups": awsGroupsOf(l),
	}
	if l.Refusal != nil {
		args["code"] = l.Refusal.Code
	}
	person := l.Person
	if person != nil {
		stored := person.Stored()
		person = &stored
	}
	for name, v := range map[string]any{"refusal": l.Refusal, "person": person,
		"checks": orNone(l.Checks), "changes": orNone(l.Changes)} {
		text, err := toJSON(v)
		if err != nil {
			return nil, err
		}
		args[name] = text
	}
	return args, nil
}

// NoteRepetition notes in the trace of a login that its answer came again in the
// browser that it signed in. However often it comes, there is one note.
func (s *Store) NoteRepetition(ctx context.Context, id string, now time.Time) error {
	return s.InTx(ctx, func(tx *Store) error {
		var checks []model.Check
		if err := tx.db.QueryRow(ctx, "select checks from logins where id = $1 for update", id).Scan(&checks); err != nil {
			return translate(err)
		}
		checks = model.WithRepetition(checks, now)
		text, err := toJSON(checks)
		if err != nil {
			return err
		}
		_, err = tx.db.Exec(ctx, "update logins set checks = $2 where id = $1", id, text)
		return translate(err)
	})
}

// orNone writes an empty list instead of null.
func orNone[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}
