package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// crowdRing is how many requests of an app are kept.
const crowdRing = 50

// endsFull tells whether a request ends a full synchronization: it reads
// memberships after users and groups, while one is under way or was two minutes
// ago. Who reads nothing but memberships makes no full synchronization.
const endsFull = `(@members and a.users_at >= a.full_began_at and a.groups_at >= a.full_began_at
	and (@at < greatest(a.full_began_at, a.full_ended_at) + interval '2 minutes' or (not @piece and coalesce(a.full_ended_at < a.full_began_at, true))))`

// NoteCrowdRequest keeps a request of an app among its last, counts it, and
// follows how far the app's synchronization is. Some apps ask for the members of
// each group, which others do at any time: it counts while a synchronization is
// under way or was two minutes ago. Noting does not wait for the disk:
// after a crash of the server the last ones may be missing.
func (s *Store) NoteCrowdRequest(ctx context.Context, r model.CrowdRequest) error {
	_, err := s.db.Exec(ctx, `
		with soon as materialized (select set_config('synchronous_commit', 'off', true)),
		state as (
			insert into crowd_activity as a (app, requests, refused, tested_at, full_began_at, users_at, groups_at, memberships_at, full_users,
				full_groups, full_memberships, incremental_at, incremental_events, synced_at)
			select @app, 1, @refused::int, case when @test then @at::timestamptz end, case when @begins then @at end, case when @users_page then @at end,
				case when @groups_page then @at end, case when @members then @ended::timestamptz end, @users::bigint, @groups::bigint,
				0, case when @incremental then @at end, @events::bigint, case when @incremental then @at end from soon
			on conflict (app) do update set
				requests = a.requests + 1,
				refused = a.refused + excluded.refused,
				tested_at = coalesce(excluded.tested_at, a.tested_at),
				full_began_at = case when @begins and (a.full_began_at is null or a.full_ended_at >= a.full_began_at
					or a.full_began_at < @at - interval '6 hours') then @at else a.full_began_at end,
				users_at = coalesce(excluded.users_at, a.users_at),
				groups_at = coalesce(excluded.groups_at, a.groups_at),
				memberships_at = coalesce(excluded.memberships_at, a.memberships_at),
				full_ended_at = case when `+endsFull+` then @ended else a.full_ended_at end,
				full_users = case when @first and @users_page then 0 else a.full_users end + excluded.full_users,
				full_groups = case when @first and @groups_page then 0 else a.full_groups end + excluded.full_groups,
				full_memberships = case when @begins or (@members and not @piece and `+endsFull+`) then 0 else a.full_memberships end
					+ case when `+endsFull+` then @memberships::bigint else 0 end,
				incremental_at = coalesce(excluded.incremental_at, a.incremental_at),
				incremental_events = case when @incremental then excluded.incremental_events else a.incremental_events end,
				synced_at = case when @incremental or `+endsFull+` then @ended else a.synced_at end,
				usual_wait = case when not (@incremental or `+endsFull+`) or a.synced_at is null or @at < a.synced_at + interval '1 minute' then a.usual_wait
					when a.usual_wait = 0 then extract(epoch from @at - a.synced_at)
					else 0.75 * a.usual_wait + 0.25 * least(extract(epoch from @at - a.synced_at), 4 * a.usual_wait) end
			returning requests)
		insert into crowd_requests (app, slot, at, method, path, kind, status, reason, entries, took_us, remote_addr, user_agent)
		select @app, (requests % @ring)::int, @at, @method, @path, @kind, @status, @reason, @entries, @took, @remote, @agent from state
		on conflict (app, slot) do update set at = excluded.at, method = excluded.method, path = excluded.path, kind = excluded.kind,
			status = excluded.status, reason = excluded.reason, entries = excluded.entries, took_us = excluded.took_us,
			remote_addr = excluded.remote_addr, user_agent = excluded.user_agent`, crowdRequestArgs(r))
	return translate(err)
}

func crowdRequestArgs(r model.CrowdRequest) named {
	good := r.Status < 300
	count := func(kind string) int {
		if good && r.Kind == kind {
			return r.Entries
		}
		return 0
	}
	whole := r.Kind == model.CrowdUsers || r.Kind == model.CrowdGroups || r.Kind == model.CrowdMemberships
	refused := 0
	if r.Status == 401 || r.Status == 403 {
		refused = 1
	}
	return named{
		"app": r.App, "at": r.At, "method": clean(r.Method, 16), "path": clean(r.Path, 255), "kind": r.Kind, "status": r.Status,
		"reason": r.Reason, "entries": r.Entries, "took": r.Took.Microseconds(), "remote": clean(r.RemoteAddr, 64),
		"agent": clean(r.UserAgent, 255), "ring": crowdRing, "refused": refused,
		"first":       good && r.First && whole,
		"begins":      good && r.First && whole && r.Kind != model.CrowdMemberships,
		"members":     good && r.Kind == model.CrowdMemberships,
		"piece":       good && r.Kind == model.CrowdMemberships && !r.First,
		"ended":       r.At.Add(r.Took),
		"users_page":  good && r.Kind == model.CrowdUsers,
		"groups_page": good && r.Kind == model.CrowdGroups,
		"test":        good && r.Kind == model.CrowdTest,
		"incremental": good && r.Kind == model.CrowdEvents && r.First,
		"users":       count(model.CrowdUsers), "groups": count(model.CrowdGroups),
		"memberships": count(model.CrowdMemberships), "events": count(model.CrowdEvents),
	}
}

const activityColumns = `app, requests, refused, tested_at, full_began_at, full_ended_at, full_users, full_groups, full_memberships,
	incremental_at, incremental_events, synced_at, usual_wait, memberships_at`

func scanActivity(row pgx.CollectableRow) (a model.CrowdActivity, err error) {
	var tested, began, ended, incremental, synced, memberships *time.Time
	var wait float64
	err = row.Scan(&a.App, &a.Requests, &a.Refused, &tested, &began, &ended, &a.FullUsers, &a.FullGroups, &a.FullMemberships,
		&incremental, &a.IncrementalEvents, &synced, &wait, &memberships)
	a.TestedAt, a.FullBeganAt, a.FullEndedAt = valueOrZero(tested), valueOrZero(began), valueOrZero(ended)
	a.IncrementalAt, a.SyncedAt, a.MembershipsAt = valueOrZero(incremental), valueOrZero(synced), valueOrZero(memberships)
	a.UsualWait = time.Duration(wait * float64(time.Second))
	return a, err
}

// CrowdActivities is what every app that ever came was seen to do, by slug and
// without its last requests.
func (s *Store) CrowdActivities(ctx context.Context) ([]model.CrowdActivity, error) {
	return list(ctx, s.db, scanActivity, "select "+activityColumns+" from crowd_activity order by app")
}

// CrowdActivity is what an app was seen to do; the zero value with the slug
// when it never came.
func (s *Store) CrowdActivity(ctx context.Context, app string) (model.CrowdActivity, error) {
	a, err := single(ctx, s.db, scanActivity, "select "+activityColumns+" from crowd_activity where app = @app", named{"app": app})
	if errors.Is(err, ErrNotFound) {
		return model.CrowdActivity{App: app}, nil
	}
	if err != nil {
		return a, err
	}
	a.Recent, err = s.CrowdRequests(ctx, app)
	return a, err
}

// CrowdRequests lists the last requests of an app, the newest first.
func (s *Store) CrowdRequests(ctx context.Context, app string) ([]model.CrowdRequest, error) {
	return list(ctx, s.db, scanCrowdRequest, `
		select r.app, r.at, r.method, r.path, r.kind, r.status, r.reason, r.entries, r.took_us, r.remote_addr, r.user_agent
		from crowd_requests r join crowd_activity a on a.app = r.app where r.app = @app
		order by (a.requests - r.slot) % @ring`, named{"app": app, "ring": crowdRing})
}

func scanCrowdRequest(row pgx.CollectableRow) (r model.CrowdRequest, err error) {
	var took int64
	err = row.Scan(&r.App, &r.At, &r.Method, &r.Path, &r.Kind, &r.Status, &r.Reason, &r.Entries, &took, &r.RemoteAddr, &r.UserAgent)
	r.Took = time.Duration(took) * time.Microsecond
	return r, err
}

// unknownApplications is how many attempts under unknown names are kept.
const unknownApplications = 50

// NoteUnknownApplication keeps an attempt to use the directory under a name that no
// app has. Only the last ones are kept.
func (s *Store) NoteUnknownApplication(ctx context.Context, c model.UnknownApplication) error {
	_, err := s.db.Exec(ctx, `
		with old as (delete from crowd_strangers where (name, remote_addr) in
			(select name, remote_addr from crowd_strangers order by at desc, name, remote_addr offset @keep))
		insert into crowd_strangers (name, remote_addr, at) values (@name, @remote, @at)
		on conflict (name, remote_addr) do update set attempts = crowd_strangers.attempts + 1, at = excluded.at`,
		named{"name": clean(c.Name, 64), "remote": clean(c.RemoteAddr, 64), "at": c.At, "keep": unknownApplications - 1})
	return translate(err)
}

// UnknownApplications lists the last attempts under names that no app has, the
// newest first.
func (s *Store) UnknownApplications(ctx context.Context) ([]model.UnknownApplication, error) {
	return list(ctx, s.db, func(row pgx.CollectableRow) (c model.UnknownApplication, err error) {
		err = row.Scan(&c.Name, &c.RemoteAddr, &c.Attempts, &c.At)
		return c, err
	}, "select name, remote_addr, attempts, at from crowd_strangers order by at desc, name, remote_addr")
}
