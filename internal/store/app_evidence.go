package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// AppEvidence is what happened between Postern and each app, by slug; an empty
// slug means all. It is one query.
func (s *Store) AppEvidence(ctx context.Context, slug string) ([]model.AppEvidence, error) {
	return list(ctx, s.db, scanAppEvidence, "select "+appColumns+`,
			exists (select from connections c where c.status = 'live' and (a.connection = '' or c.slug = a.connection)),
			(select count(*) from app_secrets s where s.app = a.slug), exists (select from users),
			i.worked_at, coalesce(i.worked_user, ''), i.refused_at, coalesce(i.refused_error, ''), coalesce(i.refused_why, ''), coalesce(i.refused_addr, ''),
			coalesce(d.requests, 0), coalesce(d.refused, 0), d.tested_at, d.full_began_at, d.full_ended_at, coalesce(d.full_users, 0),
			coalesce(d.full_groups, 0), coalesce(d.full_memberships, 0), d.incremental_at, coalesce(d.incremental_events, 0), d.synced_at,
			coalesce(d.usual_wait, 0), d.memberships_at,
			n.at, coalesce(n.status, 0), coalesce(n.reason, ''), coalesce(n.remote_addr, ''),
			exists (select from crowd_requests r where r.app = a.slug and r.status < 300), a.created_at,
			case when not exists (select from app_secrets s where s.app = a.slug) then
				(select max(x.at) from audit x where x.object = a.slug and x.action = 'app.secret.delete' and x.at >= a.created_at) end,
			case when not a.all_groups and not exists (select from app_groups g where g.app = a.slug) then
				(select max(x.at) from audit x where x.object = a.slug and x.action = 'app.group_lost' and x.at >= a.created_at) end
		from apps a
		left join app_sign_ins i on i.app = a.slug
		left join crowd_activity d on d.app = a.slug
		left join crowd_requests n on n.app = a.slug and n.slot = (d.requests % @ring)::int
		where @slug = '' or a.slug = @slug order by a.slug`, named{"slug": slug, "ring": crowdRing})
}

func scanAppEvidence(row pgx.CollectableRow) (e model.AppEvidence, err error) {
	var worked, refused, tested, began, ended, incremental, synced, memberships, newest, noSecret, noGroup *time.Time
	var wait float64
	a, d := &e.App, &e.Directory
	err = row.Scan(&a.Slug, &a.Kind, &a.Name, &a.Product, &a.RedirectURIs, &a.PostLogoutURIs, &a.StartURL, &a.AllowedIPs, &a.Connection, &a.Public,
		&a.AllGroups, &a.Groups, &e.Open, &e.Secrets, &e.Users,
		&worked, &e.SignIns.WorkedUser, &refused, &e.SignIns.RefusedError, &e.SignIns.RefusedWhy, &e.SignIns.RefusedAddr,
		&d.Requests, &d.Refused, &tested, &began, &ended, &d.FullUsers, &d.FullGroups, &d.FullMemberships, &incremental, &d.IncrementalEvents,
		&synced, &wait, &memberships, &newest, &e.Newest.Status, &e.Newest.Reason, &e.Newest.RemoteAddr, &e.Succeeded,
		&e.CreatedAt, &noSecret, &noGroup)
	e.SignIns.App, d.App, e.Newest.App = a.Slug, a.Slug, a.Slug
	e.SignIns.WorkedAt, e.SignIns.RefusedAt, e.Newest.At = valueOrZero(worked), valueOrZero(refused), valueOrZero(newest)
	e.SecretLostAt, e.GroupLostAt = valueOrZero(noSecret), valueOrZero(noGroup)
	d.TestedAt, d.FullBeganAt, d.FullEndedAt, d.IncrementalAt = valueOrZero(tested), valueOrZero(began), valueOrZero(ended), valueOrZero(incremental)
	d.SyncedAt, d.MembershipsAt, d.UsualWait = valueOrZero(synced), valueOrZero(memberships), time.Duration(wait*float64(time.Second))
	return e, err
}
