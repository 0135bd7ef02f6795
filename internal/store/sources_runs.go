package store

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// ChangeState says what became of a change of a run's plan.
type ChangeState string

// States of changes.
const (
	ChangePlanned ChangeState = "planned"
	ChangeApplied ChangeState = "applied"
	ChangeSkipped ChangeState = "skipped" // something was otherwise than the plan saw it
	ChangeUndone  ChangeState = "undone"
)

// States of what a mirror has.
const (
	MirrorPresent = "present" // in the last complete reading
	MirrorAbsent  = "absent"
)

const runColumns = `r.id, (select s.slug from sources s where s.id = r.source_id), r.trigger, r.actor, r.outcome, r.reason, r.detail, r.remedy, r.counts,
	r.server, r.holds, r.remarks, r.digest, r.changes, r.done, coalesce(r.approves, 0), coalesce(r.undoes, 0), r.decided_by, r.dry, r.reading,
	r.seen_users, r.seen_groups, coalesce(r.audit_id, 0), r.remote_addr, r.started_at, r.ended_at`

func scanRun(row pgx.CollectableRow) (r model.SourceRun, err error) {
	var counts, holds []byte
	var ended *time.Time
	err = row.Scan(&r.ID, &r.Source, &r.Trigger, &r.Actor, &r.Outcome, &r.Reason, &r.Detail, &r.Remedy, &counts, &r.Server, &holds, &r.Remarks, &r.Digest,
		&r.Changes, &r.Done, &r.Approves, &r.Undoes, &r.DecidedBy, &r.Dry, &r.Reading, &r.SeenUsers, &r.SeenGroups, &r.AuditID, &r.RemoteAddr,
		&r.StartedAt, &ended)
	if err != nil {
		return r, err
	}
	r.EndedAt = valueOrZero(ended)
	if err := json.Unmarshal(counts, &r.Counts); err != nil {
		return r, err
	}
	return r, json.Unmarshal(holds, &r.Holds)
}

// SourceRun finds a run of a source; ErrNotFound when it has none with that id.
func (s *Store) SourceRun(ctx context.Context, slug string, id int64) (model.SourceRun, error) {
	return single(ctx, s.db, scanRun, "select "+runColumns+" from source_runs r where r.id = @id and r.source_id = (select id from sources where slug = @slug)",
		named{"id": id, "slug": slug})
}

// SourceRuns lists the runs of a source, newest first.
func (s *Store) SourceRuns(ctx context.Context, slug string, p Page) ([]model.SourceRun, string, error) {
	before := int64(1<<63 - 1)
	if at, ok := p.position(1); ok {
		if id, err := strconv.ParseInt(at[0], 10, 64); err == nil {
			before = id
		}
	}
	runs, err := list(ctx, s.db, scanRun, "select "+runColumns+` from source_runs r where r.source_id = (select id from sources where slug = @slug)
		and r.id < @before order by r.id desc limit @limit`, named{"slug": slug, "before": before, "limit": p.limit() + 1})
	if err != nil {
		return nil, "", err
	}
	runs, next := cut(runs, p.limit(), func(r model.SourceRun) []string { return []string{strconv.FormatInt(r.ID, 10)} })
	return runs, next, nil
}

// LastRuns are the newest run of each source, by slug; what single logins read is none.
func (s *Store) LastRuns(ctx context.Context) (map[string]model.SourceRun, error) {
	runs, err := list(ctx, s.db, scanRun, "select "+runColumns+` from sources s
		cross join lateral (select * from source_runs where source_id = s.id and trigger <> 'login' order by id desc limit 1) r`)
	last := make(map[string]model.SourceRun, len(runs))
	for _, r := range runs {
		last[r.Source] = r
	}
	return last, err
}

// WaitingRuns are the newest run of each source whose plan waits for a person, by slug.
func (s *Store) WaitingRuns(ctx context.Context) (map[string]model.SourceRun, error) {
	runs, err := list(ctx, s.db, scanRun, "select "+runColumns+` from source_runs r
		where r.outcome in ('held', 'dry_run') and r.changes > 0 order by r.id`)
	waiting := make(map[string]model.SourceRun, len(runs))
	for _, r := range runs {
		waiting[r.Source] = r
	}
	return waiting, err
}

// CountSourcesToLookAt is how many sources have a run that waits for a person, or failed
// so often in a row. A paused one waits for nobody.
func (s *Store) CountSourcesToLookAt(ctx context.Context, failed int) (int, error) {
	return single(ctx, s.db, pgx.RowTo[int], `select count(*)::int from sources s where s.status <> 'paused' and (s.failures_in_row >= @failed
		or exists (select from source_runs r where r.source_id = s.id and r.outcome in ('held', 'dry_run') and r.changes > 0))`, named{"failed": failed})
}

// RunChange is a change of a run's plan, and what became of it.
type RunChange struct {
	NR      int
	State   ChangeState
	Problem string    // why it was skipped
	At      time.Time // when it was carried out; zero: it was not
	model.SourceChange
}

const changeColumns = `c.nr, c.state, c.problem, c.applied_at, c.kind, c.stable_id, coalesce(c.user_id::text, ''), c.before, c.after, c.home,
	c.group_name, c.ref, c.origin, c.added, c.removed, c.place, c.why`

func scanRunChange(row pgx.CollectableRow) (c RunChange, err error) {
	var at *time.Time
	var before, after []byte
	err = row.Scan(&c.NR, &c.State, &c.Problem, &at, &c.Kind, &c.StableID, &c.UserID, &before, &after, &c.Home, &c.Group, &c.Ref, &c.Origin, &c.Added, &c.Removed,
		&c.Place, &c.Why)
	if err != nil {
		return c, err
	}
	c.At = valueOrZero(at)
	if before != nil {
		if err := json.Unmarshal(before, &c.Before); err != nil {
			return c, err
		}
	}
	if after != nil {
		return c, json.Unmarshal(after, &c.After)
	}
	return c, nil
}

// ChangeQuery chooses changes of a run, in the order in which they are carried out.
type ChangeQuery struct {
	Kind  model.SourceChangeKind // empty: all
	State ChangeState            // empty: all
	Page
}

// RunChanges lists what a run planned, a page at a time.
func (s *Store) RunChanges(ctx context.Context, run int64, q ChangeQuery) ([]RunChange, string, error) {
	f := new(filter)
	f.set("limit", q.limit()+1)
	f.with("c.run_id = @run", "run", run)
	if q.Kind != "" {
		f.with("c.kind = @kind", "kind", q.Kind)
	}
	if q.State != "" {
		f.with("c.state = @state", "state", q.State)
	}
	if at, ok := q.position(1); ok {
		if nr, err := strconv.Atoi(at[0]); err == nil {
			f.with("c.nr > @after", "after", nr)
		}
	}
	changes, err := filtered(ctx, s.db, scanRunChange, "select "+changeColumns+" from source_changes c"+f.String()+"order by c.nr limit @limit", f.args)
	if err != nil {
		return nil, "", err
	}
	changes, next := cut(changes, q.limit(), func(c RunChange) []string { return []string{strconv.Itoa(c.NR)} })
	return changes, next, nil
}

// RunLeftOut lists what a source said and that had no effect, conflicts first.
func (s *Store) RunLeftOut(ctx context.Context, run int64, limit int) ([]model.LeftOut, error) {
	return list(ctx, s.db, func(row pgx.CollectableRow) (l model.LeftOut, err error) {
		return l, row.Scan(&l.Kind, &l.StableID, &l.Name, &l.Users, &l.Detail)
	}, `select kind, stable_id, name, users, detail from source_left_out where run_id = @run
		order by kind not in ('username_taken', 'two_users', 'username_twice', 'reused_name'), nr limit @limit`, named{"run": run, "limit": limit})
}
