package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// sourceLease is how long a worker may be silent before another takes its source
// over, by the database's clock.
const sourceLease = 30 * time.Second

// Why a run cannot begin or go on.
var (
	ErrRunning = errors.New("another run of the source is under way")
	ErrRunLost = errors.New("another worker has the source")
)

// RunInterrupted is the reason of a run whose worker ended while it read.
const RunInterrupted = "interrupted"

const interruptedDetail = "The process that read ended in the middle. Nothing was changed."

// RunStart is how a run begins.
type RunStart struct {
	Trigger  model.RunTrigger
	Actor    model.Actor // who asked for it; without a name: the schedule
	Dry      bool        // change nothing
	Approves int64       // RunByApproval: the run whose plan is approved
	Worker   string      // a name that no other has
}

// StartRun takes the source for the worker and begins a run, or goes on with one that
// its worker left in the middle of carrying it out: that one is returned with outcome
// model.RunApplying, whatever was asked for. ErrRunning while another worker has the
// source; of an approval also the errors of ApprovableRun. A run that was left while it
// read has changed nothing, and is over.
func (s *Store) StartRun(ctx context.Context, slug string, start RunStart) (run model.SourceRun, err error) {
	err = s.InTx(ctx, func(tx *Store) error {
		src, open, err := tx.takeSource(ctx, slug, start.Worker)
		run = open
		switch {
		case err != nil:
			return err
		case open.ID == 0:
		case open.Outcome == model.RunApplying:
			return nil
		default:
			if err := tx.endRun(ctx, run.ID, model.RunFailed, RunInterrupted, interruptedDetail); err != nil {
				return err
			}
		}
		if start.Approves != 0 {
			if _, err := tx.ApprovableRun(ctx, slug, start.Approves); err != nil {
				return err
			}
		}
		run, err = tx.insertRun(ctx, src, start)
		return err
	})
	return run, err
}

// freeFor is when a worker may have a source.
const freeFor = "(worker = '' or worker = @worker or alive_at < clock_timestamp() - @lease::interval)"

// takeSource gives the worker the source, unless another has it and was heard of, and
// returns it with the run that is not over, if there is one. Whoever works on a run
// locks it before the source: a worker that was left for gone may still hold it.
func (s *Store) takeSource(ctx context.Context, slug, worker string) (src model.Source, open model.SourceRun, err error) {
	args := named{"slug": slug, "worker": worker, "lease": sourceLease}
	free, err := single(ctx, s.db, pgx.RowTo[bool], "select "+freeFor+" from sources where slug = @slug", args)
	if err != nil {
		return src, open, err
	}
	if !free {
		return src, open, ErrRunning
	}
	open, err = single(ctx, s.db, scanRun, "select "+runColumns+` from source_runs r where r.source_id = (select id from sources where slug = @slug)
		and r.ended_at is null for update of r`, args)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return src, open, err
	}
	if src, err = s.source(ctx, slug, "for update of s"); err != nil {
		return src, open, err
	}
	if _, err := s.db.Exec(ctx, "select set_config('postern.members', 'one by one', true)"); err != nil { // the array is not read: see migration 51
		return src, open, translate(err)
	}
	tag, err := s.db.Exec(ctx, "update sources set worker = @worker, alive_at = clock_timestamp() where slug = @slug and "+freeFor, args)
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrRunning
	}
	return src, open, translate(err)
}

func (s *Store) insertRun(ctx context.Context, src model.Source, start RunStart) (model.SourceRun, error) {
	id, err := single(ctx, s.db, pgx.RowTo[int64], `insert into source_runs (source_id, trigger, actor, remote_addr, outcome, reading, dry, approves)
		values (@source, @trigger, @actor, @remote, 'reading', @reading, @dry, nullif(@approves::bigint, 0)) returning id`,
		named{"source": src.ID, "trigger": start.Trigger, "actor": clean(start.Actor.Name, 512), "remote": clean(start.Actor.RemoteAddr, 64),
			"reading": src.Reading(), "dry": start.Dry, "approves": start.Approves})
	if errors.Is(err, ErrExists) { // somebody else was faster
		err = ErrRunning
	}
	if err != nil {
		return model.SourceRun{}, err
	}
	return s.SourceRun(ctx, src.Slug, id)
}

// BeatRun says that the worker is alive, and how much it has read. ErrRunLost when
// another has the source by now.
func (s *Store) BeatRun(ctx context.Context, run model.SourceRun, worker string, people, groups int) error {
	if err := s.holdSource(ctx, run.Source, worker); err != nil {
		return err
	}
	_, err := s.db.Exec(ctx, `update source_runs set seen_users = greatest(seen_users, @people), seen_groups = greatest(seen_groups, @groups)
		where id = @id and ended_at is null and (seen_users < @people or seen_groups < @groups)`,
		named{"id": run.ID, "people": people, "groups": groups})
	return translate(err)
}

// holdSource fails with ErrRunLost when the worker does not have the source any more.
// A transaction calls it last: until then nobody waits for the row.
func (s *Store) holdSource(ctx context.Context, slug, worker string) error {
	tag, err := s.db.Exec(ctx, "update sources set alive_at = clock_timestamp() where slug = @slug and worker = @worker", named{"slug": slug, "worker": worker})
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrRunLost
	}
	return translate(err)
}

// ReleaseSource gives a source back in the middle of a run: another worker may go on
// with it at once.
func (s *Store) ReleaseSource(ctx context.Context, slug, worker string) error {
	_, err := s.db.Exec(ctx, "update sources set worker = '' where slug = @slug and worker = @worker", named{"slug": slug, "worker": worker})
	return translate(err)
}

// EndRun ends a run that has nothing to carry out: it failed, or was cut off. The
// source is free then. ErrRunLost when another worker has it.
func (s *Store) EndRun(ctx context.Context, run model.SourceRun, worker string, outcome model.RunOutcome, reason, detail, remedy string) error {
	return s.InTx(ctx, func(tx *Store) error {
		if err := tx.endRun(ctx, run.ID, outcome, reason, detail); err != nil {
			return err
		}
		_, err := tx.db.Exec(ctx, "update source_runs set remedy = @remedy where id = @id", named{"remedy": clean(remedy, maxMirrored), "id": run.ID})
		if err != nil {
			return translate(err)
		}
		if reason == RunInterrupted {
			return tx.ReleaseSource(ctx, run.Source, worker) // no fault of the source: the next run is as due as it was
		}
		return tx.freeSource(ctx, run, worker, outcome)
	})
}

func (s *Store) endRun(ctx context.Context, id int64, outcome model.RunOutcome, reason, detail string) error {
	tag, err := s.db.Exec(ctx, `update source_runs set outcome = @outcome, reason = @reason, detail = @detail, ended_at = clock_timestamp()
		where id = @id and ended_at is null`, named{"id": id, "outcome": outcome, "reason": clean(reason, 200), "detail": clean(detail, maxMirrored)})
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrRunLost
	}
	return translate(err)
}

// freeSource gives the source back after a run, and says when the next is due: after
// the interval, a tenth sooner or later, so that sources do not run all at once.
func (s *Store) freeSource(ctx context.Context, run model.SourceRun, worker string, outcome model.RunOutcome) error {
	good := outcome != model.RunFailed && outcome != model.RunIncomplete
	tag, err := s.db.Exec(ctx, `update sources set worker = '', alive_at = clock_timestamp(),
		failures_in_row = case when @good then 0 else failures_in_row + 1 end,
		last_good_at = case when @good and @reads then clock_timestamp() else last_good_at end,
		next_run_at = case when status = 'live' and kind <> 'scim' then
			clock_timestamp() + make_interval(secs => (settings ->> 'interval_seconds')::int * (0.9 + 0.2 * random()))
			when kind = 'scim' and next_run_at > (select r.started_at from source_runs r where r.id = @run) then next_run_at end
		where slug = @slug and worker = @worker`, named{"slug": run.Source, "run": run.ID, "worker": worker, "good": good, "reads": run.Trigger != model.RunByUndo})
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrRunLost
	}
	return translate(err)
}

// DueSources are the slugs of sources of which a run is due, or was left in the
// middle by its worker.
func (s *Store) DueSources(ctx context.Context) ([]string, error) {
	return list(ctx, s.db, pgx.RowTo[string], `select slug from sources s where (worker = '' or alive_at < now() - @lease::interval)
		and (status = 'live' and next_run_at <= now()
			or exists (select from source_runs r where r.source_id = s.id and r.ended_at is null and r.outcome = 'applying'))
		order by next_run_at nulls first`, named{"lease": sourceLease})
}

// EndInterruptedReadings ends runs whose worker was lost while it read: they have changed
// nothing, and nobody goes on with them. Their sources are free then, and as due as they
// were. What was left while it was carried out is gone on with instead: see DueSources.
func (s *Store) EndInterruptedReadings(ctx context.Context) error {
	return s.InTx(ctx, func(tx *Store) error {
		sources, err := list(ctx, tx.db, pgx.RowTo[int64], `update source_runs set outcome = 'failed', reason = @reason, detail = @detail,
			ended_at = clock_timestamp()
			where id in (select r.id from source_runs r join sources s on s.id = r.source_id
				where r.ended_at is null and r.outcome = 'reading'
					and (s.worker = '' or s.alive_at < clock_timestamp() - @lease::interval)
				for update of r skip locked) returning source_id`,
			named{"reason": RunInterrupted, "detail": interruptedDetail, "lease": sourceLease})
		if err != nil || len(sources) == 0 {
			return err
		}
		_, err = tx.db.Exec(ctx, "update sources set worker = '' where id = any(@ids)", named{"ids": sources})
		return translate(err)
	})
}

// actorOfRun is who began a run, in the audit.
func actorOfRun(r model.SourceRun) model.Actor {
	if r.Actor == "" {
		return model.ActorOfSource(r.Source)
	}
	return model.Actor{Name: r.Actor, RemoteAddr: r.RemoteAddr}
}

// runObject names a run in the audit.
func runObject(r model.SourceRun) string { return fmt.Sprintf("%s, run %d", r.Source, r.ID) }
