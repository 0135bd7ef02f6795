package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// How far back the use of certificates is told.
const (
	signInsCounted    = 30 * 24 * time.Hour
	refusalsCounted   = 7 * 24 * time.Hour
	refusalsLookedAt  = 1000 // the newest: anybody can send answers that are refused
	certificateUseFor = 400 * 24 * time.Hour
)

func scanCertificateUse(row pgx.CollectableRow) (u model.CertificateUse, err error) {
	var first, last, refusedFirst, refusedLast *time.Time
	err = row.Scan(&u.ConnectionID, &u.Fingerprint, &u.SignIns, &first, &last, &u.LastLogin, &u.LastPerson, &u.Refused, &refusedFirst, &refusedLast, &u.Proposed)
	u.FirstAt, u.LastAt, u.RefusedFirstAt, u.RefusedLastAt = valueOrZero(first), valueOrZero(last), valueOrZero(refusedFirst), valueOrZero(refusedLast)
	return u, err
}

// CertificateUses tells what was seen of each certificate in the logins of
// connections, in one query: in sign-ins, in answers that were refused because it
// is not trusted, and among what was proposed.
func (s *Store) CertificateUses(ctx context.Context, now time.Time, connectionIDs ...int64) ([]model.CertificateUse, error) {
	return list(ctx, s.db, scanCertificateUse, `
		with used as (
			select connection_id, fingerprint, sum(sign_ins) filter (where day >= (@counted::timestamptz at time zone 'UTC')::date) as sign_ins,
				min(first_at) as first_at, max(last_at) as last_at, (array_agg(last_login order by last_at desc))[1] as last_login
			from certificate_days where connection_id = any(@ids::bigint[]) group by 1, 2),
		refused as (
			select connection_id, refusal ->> 'received' as fingerprint, count(*) as refused, min(started_at) as first_at, max(started_at) as last_at
			from (select connection_id, refusal, started_at from logins
				where code = @code and code <> '' and started_at > @since order by started_at desc, id desc limit @most) newest
			where connection_id = any(@ids::bigint[]) and refusal ->> 'received' <> '' group by 1, 2),
		proposed as (select connection_id, fingerprint, certificate from certificate_proposals
			where decided_at is null and connection_id = any(@ids::bigint[]))
		select coalesce(u.connection_id, r.connection_id, w.connection_id), coalesce(u.fingerprint, r.fingerprint, w.fingerprint), coalesce(u.sign_ins, 0),
			u.first_at, u.last_at, coalesce(u.last_login, ''),
			coalesce(nullif(p.display_name, ''), p.username, l.username, ''), coalesce(r.refused, 0), r.first_at, r.last_at, w.certificate
		from used u full join refused r using (connection_id, fingerprint) full join proposed w using (connection_id, fingerprint)
		left join logins l on l.id = u.last_login left join users p on p.id = l.user_id`,
		named{"ids": connectionIDs, "counted": now.Add(-signInsCounted), "since": now.Add(-refusalsCounted),
			"code": model.CodeCertificateUnknown, "most": refusalsLookedAt})
}

// RevisionBefore is the revision of a connection that counted before the live
// one; ErrNotFound when there was none.
func (s *Store) RevisionBefore(ctx context.Context, connectionID int64) (model.Revision, error) {
	return single(ctx, s.db, scanRevision, "select "+revisionColumns+` from revisions
		where connection_id = @id and state = 'past' and live_at is not null order by live_at desc, number desc limit 1`, named{"id": connectionID})
}

// CertificateOrigin is who first put a certificate among those that are trusted.
type CertificateOrigin struct {
	By string
	At time.Time
}

// CertificateOrigins tells it of certificates, given as base64 of their DER, in
// their order: the first revision that counted and has it. Zero where none has it
// as one line, as it may be in metadata of others than AWS.
func (s *Store) CertificateOrigins(ctx context.Context, connectionID int64, base64s []string) ([]CertificateOrigin, error) {
	return list(ctx, s.db, func(row pgx.CollectableRow) (o CertificateOrigin, err error) {
		var at *time.Time
		err = row.Scan(&o.By, &at)
		o.At = valueOrZero(at)
		return o, err
	}, `select coalesce(r.author, ''), r.created_at from unnest(@ders::text[]) with ordinality d (der, n)
		left join lateral (select author, coalesce(live_at, created_at) as created_at from revisions
			where connection_id = @id and state <> 'draft' and position(d.der in config ->> 'idp_metadata') > 0 order by number limit 1) r on true
		order by d.n`, named{"id": connectionID, "ders": base64s})
}
