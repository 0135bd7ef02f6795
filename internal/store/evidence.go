package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// Up to how many are looked at, so that what is asked costs the same however many
// logins there are.
const (
	countedSignIns    = 5000
	countedRefusals   = 1000
	countedPeople     = 200
	countedUnanswered = 2000 // of all connections together
	comparedAnswers   = 20
	comparedSignIns   = 200
	toldTurns         = 40
)

// SignInEvidence is what happened on each connection up to now, by slug; an empty
// connection means all. It is one query over indexes: of each reason it asks for
// the newest login and counts those lately, up to a bound.
func (s *Store) SignInEvidence(ctx context.Context, connection string, now time.Time) ([]model.SignInEvidence, error) {
	var usual []model.Code
	for _, code := range model.Codes {
		if code.CountsAsUsual() {
			usual = append(usual, code)
		}
	}
	return list(ctx, s.db, scanSignInEvidence, signInEvidenceSQL, named{
		"connection": connection, "now": now, "today": now.UTC().Format(time.DateOnly), "codes": model.Codes, "usual": usual,
		"waiting": model.NoAnswerAfter.Seconds(), "signed": countedSignIns, "refused": countedRefusals, "people": countedPeople,
		"pending": countedUnanswered, "compared": comparedAnswers, "unknown": model.CodeCertificateUnknown,
		"newest": comparedSignIns, "turns": toldTurns,
	})
}

// signInEvidenceSQL reads logins by the index logins_evidence alone, but for who
// was refused and with what.
const signInEvidenceSQL = `
	with pending as materialized (
		select connection, started_at from logins where outcome = 'pending' and not test
			and started_at > @now::timestamptz - interval '7 days' and started_at < @now::timestamptz - make_interval(secs => @waiting)
		order by started_at desc limit @pending)
	select c.slug, ok.at, coalesce(lately.hour, 0), coalesce(lately.day, 0), coalesce(refusals.all, '[]'),
		coalesce(open.hour, 0), coalesce(open.day, 0), coalesce(open.week, 0), coalesce(open.since, 0), open.last,
		coalesce(usual.signed, 0), coalesce(usual.refused, 0), coalesce(this_hour.least, 0),
		c.id, coalesce(k.trust_new, false), k.checked_at, coalesce(k.failures, 0),
		coalesce(k.problem, ''), coalesce(k.shown, '{}'), k.shown_since, coalesce(k.offered, ''),
		coalesce(turned.turns, '[]'), coalesce(turned.newest, '{}'),
		case when c.status = 'suspended' then (select max(a.at) from audit a where a.object = c.slug and a.action = 'connection.status') end
	from connections c
	left join metadata_checks k on k.connection_id = c.id
	left join lateral (
		select max(newest.finished_at) as at from (values (true), (false)) v (verified), lateral (
			select l.finished_at from logins l where l.connection = c.slug and l.outcome = 'signed_in' and l.code = '' and l.verified = v.verified
				and not l.test and l.finished_at <= @now::timestamptz
			order by l.finished_at desc limit 1) newest) ok on true
	left join lateral (
		select count(*) filter (where finished_at > @now::timestamptz - interval '1 hour') as hour, count(*) as day from (
			select l.finished_at from (values (true), (false)) v (verified), lateral (
				select m.finished_at from logins m where m.connection = c.slug and m.outcome = 'signed_in' and m.code = '' and m.verified = v.verified
					and not m.test and m.finished_at > @now::timestamptz - interval '24 hours' and m.finished_at <= @now::timestamptz
				order by m.finished_at desc limit @signed) l) l) lately on true
	left join lateral (
		select jsonb_agg(jsonb_build_object('code', kind.code, 'verified', v.verified, 'hour', counted.hour, 'day', counted.day, 'since', coalesce(since.n, 0),
			'people', coalesce(since.people, 0), 'first_at', first.finished_at, 'last_at', newest.finished_at, 'last_login', newest.id,
			'received', carried.received, 'cause', coalesce(led.cause, ''))) as all
		from unnest(@codes::text[]) kind (code) cross join (values (true), (false)) v (verified)
		cross join lateral (
			select l.id, l.finished_at from logins l where l.connection = c.slug and l.outcome = 'refused' and l.code = kind.code
				and l.verified = v.verified and not l.test and l.finished_at <= @now::timestamptz
			order by l.finished_at desc limit 1) newest
		left join lateral (
			select count(*) filter (where finished_at > @now::timestamptz - interval '1 hour') as hour, count(*) as day from (
				select l.finished_at from logins l where l.connection = c.slug and l.outcome = 'refused' and l.code = kind.code and l.verified = v.verified
					and not l.test and l.finished_at > @now::timestamptz - interval '24 hours' and l.finished_at <= @now::timestamptz
				order by l.finished_at desc limit @refused) l) counted on true
		left join lateral (
			select count(*) as n, least(count(distinct who), @people) as people from (
				select case when row_number() over (order by l.finished_at desc) <= @people then
					coalesce(nullif(l.username_key, ''), nullif(l.name_id_key, ''), l.remote_addr) end as who
				from logins l where l.connection = c.slug and l.outcome = 'refused' and l.code = kind.code and l.verified = v.verified and not l.test
					and l.finished_at > greatest(ok.at, @now::timestamptz - interval '7 days') and l.finished_at <= @now::timestamptz
				order by l.finished_at desc limit @refused) l) since on true
		left join lateral (
			select l.finished_at from logins l where l.connection = c.slug and l.outcome = 'refused' and l.code = kind.code and l.verified = v.verified
				and not l.test and l.finished_at > greatest(ok.at, @now::timestamptz - interval '7 days') and l.finished_at <= @now::timestamptz
			order by l.finished_at limit 1) first on true
		left join lateral (
			select jsonb_agg(distinct received) as received from (
				select l.refusal ->> 'received' as received from logins l where kind.code = @unknown and l.connection = c.slug and l.outcome = 'refused'
					and l.code = kind.code and l.verified = v.verified and not l.test
					and l.finished_at > greatest(ok.at, @now::timestamptz - interval '7 days') and l.finished_at <= @now::timestamptz
				order by l.finished_at desc limit @compared) l) carried on true
		left join lateral (
			select cause from (
				select cause, count(*) over (partition by cause) as alike, count(*) over () as of from (
					select l.refusal ->> 'cause' as cause from logins l where l.connection = c.slug and l.outcome = 'refused' and l.code = kind.code
						and l.verified = v.verified and not l.test
						and l.finished_at > greatest(ok.at, @now::timestamptz - interval '7 days') and l.finished_at <= @now::timestamptz
					order by l.finished_at desc limit @compared) l) l
			where 2 * alike > of limit 1) led on true) refusals on true
	left join lateral (
		select count(*) filter (where started_at > @now::timestamptz - interval '1 hour') as hour,
			count(*) filter (where started_at > @now::timestamptz - interval '24 hours') as day, count(*) as week,
			count(*) filter (where started_at > coalesce(ok.at, '-infinity')) as since, max(started_at) as last
		from pending p where p.connection = c.slug) open on true
	left join lateral (
		select coalesce(sum(count) filter (where outcome = 'signed_in'), 0) as signed, coalesce(sum(count) filter (where outcome = 'refused'), 0) as refused
		from login_days d where d.day >= @today::date - 14 and d.day < @today::date and d.connection = c.slug
			and (d.outcome = 'signed_in' or d.code = any(@usual))) usual on true
	left join lateral (
		select min(n) as least from (values (1), (7)) back (days), lateral (
			select count(*) as n from (
				select from logins l where l.connection = c.slug and l.outcome = 'signed_in' and l.code = '' and l.verified = any('{t,f}') and not l.test
					and l.finished_at > @now::timestamptz - make_interval(days => back.days, hours => 1)
					and l.finished_at <= @now::timestamptz - make_interval(days => back.days) limit @refused) l) counted) this_hour on true
	left join lateral (` + turnsSQL + `) turned on true
	where @connection = '' or c.slug = @connection
	order by c.slug`

// turnsSQL reads of a connection's newest sign-ins those at which AWS described a
// user otherwise than before, where it did, and the newest one.
const turnsSQL = `
		with newest as (
			select l.id, l.user_id, l.person, l.finished_at, lower(concat_ws('/', l.person ->> 'Email', l.person ->> 'FirstName', l.person ->> 'LastName',
				l.person ->> 'ExternalID')) as who
			from logins l where l.connection = c.slug and l.outcome = 'signed_in' and l.code = '' and l.verified and not l.test
				and l.finished_at > @now::timestamptz - interval '7 days' and l.finished_at <= @now::timestamptz
			order by l.finished_at desc limit @newest),
		turns as (
			select id, user_id, person, finished_at from (
				select n.*, lag(who) over (partition by user_id order by finished_at, id) is distinct from who as turn from newest n where user_id is not null) n
			where turn),
		told as (
			select t.*, count(*) over (partition by user_id) as times from turns t)
		select
			(select jsonb_agg(jsonb_build_object('login', id, 'at', finished_at, 'user', user_id, 'person', person) order by finished_at, id)
				from (select * from told where times > 1 order by finished_at desc, id desc limit @turns) told) as turns,
			(select jsonb_build_object('login', id, 'at', finished_at, 'user', coalesce(user_id::text, ''), 'person', person)
				from newest order by finished_at desc limit 1) as newest`

func scanSignInEvidence(row pgx.CollectableRow) (e model.SignInEvidence, err error) {
	var success, unanswered, checked, since, suspended *time.Time
	err = row.Scan(&e.Connection, &success, &e.Hour, &e.Day, &e.Refusals, &e.Unanswered.Hour, &e.Unanswered.Day, &e.Unanswered.Week,
		&e.Unanswered.Since, &unanswered,
		&e.UsualSignedIn, &e.UsualRefused, &e.UsualThisHour,
		&e.Check.ConnectionID, &e.Check.TrustNew, &checked, &e.Check.Failures, &e.Check.Problem, &e.Check.Shown, &since, &e.Check.Offered,
		&e.Turns, &e.Newest, &suspended)
	e.Check.ShownSince, e.SuspendedAt = valueOrZero(since), valueOrZero(suspended)
	e.LastSuccess, e.Unanswered.LastAt, e.Check.CheckedAt = valueOrZero(success), valueOrZero(unanswered), valueOrZero(checked)
	return e, err
}
