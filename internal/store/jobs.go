package store

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// Times of jobs.
const (
	jobLease    = 10 * time.Second // a worker that was not heard of for so long is gone
	maxJobTries = 6                // a part that fails so often in a row ends the job
)

// ErrJobTaken: another worker has the job.
var ErrJobTaken = errors.New("another worker has the job")

const jobColumns = `j.id, j.kind, j.state, j.actor, j.remote_addr, j.outside_console, j.created_at, j.started_at, j.finished_at, j.total, j.done,
	j.made, j.changed, j.kept, (select count(*) from job_rows r where r.job_id = j.id and r.nr > j.total), j.problem, j.canceled_by,
	coalesce(j.undoes, 0), coalesce((select max(u.id) from jobs u where u.undoes = j.id and u.state not in ('canceled', 'failed')), 0),
	j.audit_id, j.columns`

func scanJob(row pgx.CollectableRow) (j model.Job, err error) {
	var started, finished *time.Time
	err = row.Scan(&j.ID, &j.Kind, &j.State, &j.Actor.Name, &j.Actor.RemoteAddr, &j.Actor.OutsideConsole, &j.CreatedAt, &started, &finished,
		&j.Total, &j.Done, &j.Made, &j.Changed, &j.Kept, &j.Aside, &j.Problem, &j.CanceledBy, &j.Undoes, &j.UndoneBy, &j.AuditID, &j.Columns)
	j.StartedAt, j.FinishedAt = valueOrZero(started), valueOrZero(finished)
	return j, err
}

// Job finds a job; ErrNotFound when it is not there, or not any more.
func (s *Store) Job(ctx context.Context, id int64) (model.Job, error) {
	return single(ctx, s.db, scanJob, "select "+jobColumns+" from jobs j where j.id = @id", named{"id": id})
}

// Jobs lists the jobs, newest first.
func (s *Store) Jobs(ctx context.Context, p Page) ([]model.Job, string, error) {
	before := int64(1<<63 - 1)
	if at, ok := p.position(1); ok {
		if id, err := strconv.ParseInt(at[0], 10, 64); err == nil {
			before = id
		}
	}
	jobs, err := list(ctx, s.db, scanJob, "select "+jobColumns+" from jobs j where j.id < @before order by j.id desc limit @limit",
		named{"before": before, "limit": p.limit() + 1})
	if err != nil {
		return nil, "", err
	}
	jobs, next := cut(jobs, p.limit(), func(j model.Job) []string { return []string{strconv.FormatInt(j.ID, 10)} })
	return jobs, next, nil
}

// startJob adds a job of a kind, with the entry of the audit that begins its act.
func (s *Store) startJob(ctx context.Context, j model.Job, object string) (model.Job, error) {
	args, err := auditArgs(j.Actor, "user."+string(j.Kind), object, nil, map[string]any{"rows": j.Total}, "")
	if err != nil {
		return j, err
	}
	if j.AuditID, err = s.recordOne(ctx, args); err != nil {
		return j, err
	}
	if j.Columns == nil {
		j.Columns = []string{}
	}
	err = s.db.QueryRow(ctx, `insert into jobs (kind, actor, remote_addr, outside_console, total, undoes, audit_id, columns)
		values (@kind, @actor, @remote, @outside, @total, nullif(@undoes::bigint, 0), @audit, @columns) returning id`, named{"kind": j.Kind,
		"actor": clean(j.Actor.Name, 512), "remote": clean(j.Actor.RemoteAddr, 64), "outside": j.Actor.OutsideConsole, "total": j.Total,
		"undoes": j.Undoes, "audit": j.AuditID, "columns": j.Columns}).Scan(&j.ID)
	return j, translate(err)
}

// ClaimJob gives the worker a job to work on: the one with the id, or the oldest
// that is due when the id is zero. One whose worker was not heard of for a
// while is due, too, unless a part is being done: then the worker holds the row. ErrNotFound when there is none.
func (s *Store) ClaimJob(ctx context.Context, id int64, worker string) (model.Job, error) {
	return single(ctx, s.db, scanJob, `with j as (update jobs set state = 'running', worker = @worker, alive_at = now(), started_at = coalesce(started_at, now())
			where id = (select id from jobs where (id = @id or (@id = 0 and due_at <= now()))
				and (state = 'waiting' or state = 'running' and alive_at < now() - @lease::interval)
				order by id limit 1 for update skip locked) returning *)
		select `+jobColumns+" from j", named{"id": id, "worker": worker, "lease": jobLease})
}

// StepJob does the next part of a job in one transaction: work gets the store that
// is the transaction, and the job, and returns the job with what is done then.
// ErrJobTaken when the worker does not have the job any more: nothing was done.
func (s *Store) StepJob(ctx context.Context, id int64, worker string, work func(*Store, model.Job) (model.Job, error)) (j model.Job, err error) {
	err = s.InTx(ctx, func(tx *Store) error {
		j, err = single(ctx, tx.db, scanJob, "select "+jobColumns+" from jobs j where j.id = @id and j.state = 'running' and j.worker = @worker for update of j",
			named{"id": id, "worker": worker})
		if errors.Is(err, ErrNotFound) {
			return ErrJobTaken
		}
		if err != nil {
			return err
		}
		tx.act.first = j.AuditID
		switch {
		case j.CanceledBy != "":
			j.State = model.JobCanceled
		case j.Done < j.Total:
			if j, err = work(tx, j); err != nil {
				return err
			}
			fallthrough
		default:
			if j.Done >= j.Total {
				j.State = model.JobDone
			}
		}
		return tx.saveJob(ctx, j)
	})
	return j, err
}

// saveJob writes how far a job is; the end is an entry of the audit.
func (s *Store) saveJob(ctx context.Context, j model.Job) error {
	_, err := s.db.Exec(ctx, `update jobs set state = @state, done = @done, made = @made, changed = @changed, kept = @kept, problem = @problem, attempts = 0,
		alive_at = now(), finished_at = case when @over then now() end, worker = case when @over then '' else worker end where id = @id`,
		named{"id": j.ID, "state": j.State, "done": j.Done, "made": j.Made, "changed": j.Changed, "kept": j.Kept, "problem": j.Problem, "over": j.Over()})
	if err != nil || !j.Over() {
		return translate(err)
	}
	return s.record(ctx, j.Actor, "user."+string(j.Kind)+"_"+string(j.State), strconv.Itoa(j.Done)+" of "+counted(j.Total, "row", "rows"), nil,
		map[string]any{"made": j.Made, "changed": j.Changed, "not_done": j.Kept}, j.Problem)
}

// ReleaseJob gives a job back: another worker may go on with it.
func (s *Store) ReleaseJob(ctx context.Context, id int64, worker string) error {
	_, err := s.db.Exec(ctx, "update jobs set state = 'waiting', worker = '' where id = @id and state = 'running' and worker = @worker",
		named{"id": id, "worker": worker})
	return err
}

// RetryJob gives back a job of which a part failed, to be tried again after a
// while; after several times it ends the job, with the problem in words.
func (s *Store) RetryJob(ctx context.Context, id int64, worker, problem string) (model.Job, error) {
	err := s.InTx(ctx, func(tx *Store) error {
		attempts, err := single(ctx, tx.db, pgx.RowTo[int], `update jobs set state = 'waiting', worker = '', attempts = attempts + 1,
			due_at = now() + interval '1 second' * 2 ^ attempts where id = @id and state = 'running' and worker = @worker returning attempts`,
			named{"id": id, "worker": worker})
		if err != nil || attempts < maxJobTries {
			return err
		}
		return tx.endJob(ctx, id, problem)
	})
	if err != nil && !errors.Is(err, ErrNotFound) {
		return model.Job{}, err
	}
	return s.Job(ctx, id)
}

// FailJob ends a job that its worker cannot go on with, with the problem in words.
func (s *Store) FailJob(ctx context.Context, id int64, worker, problem string) (j model.Job, err error) {
	err = s.InTx(ctx, func(tx *Store) error {
		if err := tx.ReleaseJob(ctx, id, worker); err != nil {
			return err
		}
		return tx.endJob(ctx, id, problem)
	})
	if err != nil && !errors.Is(err, ErrNotFound) {
		return j, err
	}
	return s.Job(ctx, id)
}

// endJob ends a job that nobody has: with a problem as failed, else as canceled.
func (s *Store) endJob(ctx context.Context, id int64, problem string) error {
	j, err := single(ctx, s.db, scanJob, "select "+jobColumns+" from jobs j where j.id = @id and j.state = 'waiting' for update of j", named{"id": id})
	if err != nil {
		return err
	}
	j.State, j.Problem = model.JobFailed, problem
	if problem == "" {
		j.State = model.JobCanceled
	}
	s.act.first = j.AuditID
	return s.saveJob(ctx, j)
}

// CancelJob ends a job: at once when nobody works on it, else after the part that
// is being done. What is done stays. ErrConflict when it is over.
func (s *Store) CancelJob(ctx context.Context, actor model.Actor, id int64) error {
	return s.InTx(ctx, func(tx *Store) error {
		j, err := single(ctx, tx.db, scanJob, "select "+jobColumns+" from jobs j where j.id = @id for update of j", named{"id": id})
		if err != nil {
			return err
		}
		if j.Over() {
			return ErrConflict
		}
		tx.act.first = j.AuditID
		if err := tx.record(ctx, actor, "user."+string(j.Kind)+"_cancel", counted(j.Total, "row", "rows"), nil, nil, ""); err != nil {
			return err
		}
		if _, err := tx.db.Exec(ctx, "update jobs set canceled_by = @by where id = @id", named{"id": id, "by": clean(actor.Name, 512)}); err != nil {
			return err
		}
		if j.State == model.JobWaiting {
			return tx.endJob(ctx, id, "")
		}
		return nil
	})
}
