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

const loginColumns = `l.id, l.connection, coalesce(l.revision_id, 0), l.revision_version, l.test, l.unsolicited, l.started_at,
	l.finished_at, l.outcome, l.refusal, l.username, coalesce(l.user_id::text, ''), l.name_id, l.request_id,
	l.remote_addr, l.user_agent, l.checks, l.changes`

func loginFields(l *model.Login, finished **time.Time) []any {
	return []any{&l.ID, &l.Connection, &l.RevisionID, &l.RevisionVersion, &l.Test, &l.Unsolicited, &l.StartedAt,
		finished, &l.Outcome, &l.Refusal, &l.Username, &l.UserID, &l.NameID, &l.RequestID,
		&l.RemoteAddr, &l.UserAgent, &l.Checks, &l.Changes}
}

func scanLogin(row pgx.CollectableRow) (l model.Login, err error) {
	var finished *time.Time
	err = row.Scan(loginFields(&l, &finished)...)
	l.FinishedAt = valueOrZero(finished)
	return l, err
}

func scanWholeLogin(row pgx.CollectableRow) (l model.Login, err error) {
	var finished *time.Time
	err = row.Scan(append(loginFields(&l, &finished), &l.Person, &l.XMLSealed)...)
	l.FinishedAt = valueOrZero(finished)
	return l, err
}

// LoginQuery chooses logins, newest first.
type LoginQuery struct {
	Connection string
	Search     string // a reference, or the beginning of a username or NameID
	Outcome    model.Outcome
	Code       model.Code
	Since      time.Time // zero: no limit
	Until      time.Time
	Page
}

// Logins lists traces, a page at a time, without what was received.
func (s *Store) Logins(ctx context.Context, q LoginQuery) ([]model.Login, string, error) {
	args := pgx.NamedArgs{"connection": q.Connection, "outcome": q.Outcome, "code": q.Code, "search": strings.TrimSpace(q.Search),
		"prefix": strings.TrimPrefix(contains(model.Key(q.Search)), "%"), "since": nullTime(q.Since), "until": nullTime(q.Until),
		"no_answer": model.CodeNoAnswer, "waiting": model.NoAnswerAfter.Seconds(), "limit": q.limit() + 1}
	where := `where (@connection = '' or l.connection = @connection)
		and (@outcome = '' or l.outcome = @outcome)
		and (@code = '' or l.code = @code or (@code = @no_answer and l.outcome = 'pending' and l.started_at < now() - make_interval(secs => @waiting)))
		and (@search = '' or l.id = lower(@search) or l.username_key like @prefix or lower(l.name_id) like @prefix)
		and (@since::timestamptz is null or l.started_at >= @since)
		and (@until::timestamptz is null or l.started_at < @until)`
	if at, ok := q.position(2); ok {
		if _, err := time.Parse(time.RFC3339Nano, at[0]); err == nil {
			where += " and (l.started_at, l.id) < (@at::timestamptz, @id)"
			args["at"], args["id"] = at[0], at[1]
		}
	}
	rows, err := s.db.Query(ctx, "select "+loginColumns+" from logins l "+where+
		" order by l.started_at desc, l.id desc limit @limit", args)
	if err != nil {
		return nil, "", err
	}
	logins, err := pgx.CollectRows(rows, scanLogin)
	if err != nil {
		return nil, "", err
	}
	logins, next := cut(logins, q.limit(), func(l model.Login) []string {
		return []string{l.StartedAt.UTC().Format(time.RFC3339Nano), l.ID}
	})
	return logins, next, nil
}

// Login is one trace with everything.
func (s *Store) Login(ctx context.Context, id string) (model.Login, error) {
	return s.wholeLogin(ctx, "where l.id = @id", pgx.NamedArgs{"id": clean(id, 64)})
}

// LatestTest is the newest test login of a revision.
func (s *Store) LatestTest(ctx context.Context, revisionID int64) (model.Login, error) {
	return s.wholeLogin(ctx, "where l.test and l.revision_id = @revision order by l.started_at desc, l.id desc limit 1",
		pgx.NamedArgs{"revision": revisionID})
}

func (s *Store) wholeLogin(ctx context.Context, where string, args pgx.NamedArgs) (model.Login, error) {
	rows, err := s.db.Query(ctx, "select "+loginColumns+", l.person, l.xml_sealed from logins l "+where, args)
	if err != nil {
		return model.Login{}, err
	}
	l, err := pgx.CollectExactlyOneRow(rows, scanWholeLogin)
	return l, translate(err)
}

// SaveLogin writes a trace, or finishes the one with that id.
func (s *Store) SaveLogin(ctx context.Context, l model.Login) error {
	_, err := s.db.Exec(ctx, saveLoginSQL, loginArgs(l))
	return translate(err)
}

const saveLoginSQL = `
	insert into logins (id, connection_id, connection, revision_id, revision_version, test, unsolicited, started_at, finished_at,
		outcome, code, refusal, username, username_key, user_id, name_id, request_id, remote_addr, user_agent, checks, changes,
		person, xml_sealed)
	values (@id, (select id from connections where slug = @connection), @connection, nullif(@revision::bigint, 0), @version, @test,
		@unsolicited, @started, @finished, @outcome, @code, @refusal, @username, @username_key, nullif(@user, '')::uuid,
		@name_id, @request_id, @remote, @agent, @checks, @changes, @person, @xml)
	on conflict (id) do update set revision_id = excluded.revision_id, revision_version = excluded.revision_version,
		unsolicited = excluded.unsolicited, finished_at = excluded.finished_at, outcome = excluded.outcome, code = excluded.code,
		refusal = excluded.refusal, username = excluded.username, username_key = excluded.username_key, user_id = excluded.user_id,
		name_id = excluded.name_id, checks = excluded.checks, changes = excluded.changes, person = excluded.person,
		xml_sealed = excluded.xml_sealed`

// loginArgs are the columns of a trace. Whatever AWS or a browser sent is made
// fit for the database first.
func loginArgs(l model.Login) pgx.NamedArgs {
	code := model.Code("")
	if l.Refusal != nil {
		code = l.Refusal.Code
	}
	if l.Checks == nil {
		l.Checks = []model.Check{}
	}
	if l.Changes == nil {
		l.Changes = []model.Change{}
	}
	return pgx.NamedArgs{
		"id": l.ID, "connection": clean(l.Connection, 64), "revision": l.RevisionID, "version": l.RevisionVersion,
		"test": l.Test, "unsolicited": l.Unsolicited, "started": l.StartedAt, "finished": nullTime(l.FinishedAt),
		"outcome": l.Outcome, "code": code, "refusal": cleanJSON(l.Refusal), "username": clean(l.Username, 1024),
		"username_key": clean(model.Key(l.Username), 1024), "user": l.UserID, "name_id": clean(l.NameID, 1024),
		"request_id": l.RequestID, "remote": clean(l.RemoteAddr, 64), "agent": clean(l.UserAgent, 512),
		"checks": cleanJSON(l.Checks), "changes": cleanJSON(l.Changes), "person": cleanJSON(l.Person), "xml": l.XMLSealed,
	}
}

// RefusedPerson is somebody AWS let in and Postern did not know.
type RefusedPerson struct {
	Username    string
	Email       string
	DisplayName string
	NameID      string
	Connection  string
	LastLoginID string
	Count       int
	LastAt      time.Time
}

// RefusedPeople lists who tried to sign in and is not known, newest first;
// those who exist by now are left out. An empty connection means all.
func (s *Store) RefusedPeople(ctx context.Context, connection string, limit int) ([]RefusedPerson, error) {
	rows, err := s.db.Query(ctx, `
		select distinct on (l.connection, l.username_key) l.username, l.person, l.name_id, l.connection, l.id,
			count(*) over (partition by l.connection, l.username_key), l.started_at
		from logins l
		where l.code = @code and l.username_key <> '' and (@connection = '' or l.connection = @connection)
		  and l.started_at > now() - interval '30 days'
		  and not exists (select from users u where u.username_key = l.username_key)
		order by l.connection, l.username_key, l.started_at desc`,
		pgx.NamedArgs{"code": model.CodeUserUnknown, "connection": connection})
	if err != nil {
		return nil, err
	}
	people, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p RefusedPerson, err error) {
		var who *model.Person
		err = row.Scan(&p.Username, &who, &p.NameID, &p.Connection, &p.LastLoginID, &p.Count, &p.LastAt)
		if who != nil {
			p.Email, p.DisplayName = who.Email, who.DisplayName()
		}
		return p, err
	})
	return newestFirst(people, limit), err
}

// CountLogins counts the logins since a time, tests left out, by outcome.
func (s *Store) CountLogins(ctx context.Context, since time.Time) (map[model.Outcome]int, error) {
	rows, err := s.db.Query(ctx, "select outcome, count(*) from logins where started_at >= $1 and not test group by outcome", since)
	if err != nil {
		return nil, err
	}
	counts := make(map[model.Outcome]int)
	var outcome model.Outcome
	var n int
	_, err = pgx.ForEachRow(rows, []any{&outcome, &n}, func() error {
		counts[outcome] = n
		return nil
	})
	return counts, err
}
