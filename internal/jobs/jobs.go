// Package jobs does work that takes long, part by part, after the request that
// started it. What a job is and how far it is stands in the database, so it
// survives the process: each part is one transaction, and whoever has the job next
// goes on behind the last part that was done.
package jobs

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// Times of a runner.
const (
	lookEvery = 5 * time.Second  // for jobs that another process left
	partTime  = 25 * time.Second // at most; a process that ends waits for the part under way
)

// Part does the next part of a job on the store that is its transaction, and
// returns the job with what is done then. An error undoes the part.
type Part func(ctx context.Context, tx *store.Store, j model.Job) (model.Job, error)

// parts is how each kind of job is done.
var parts = map[model.JobKind]Part{ //nolint:gochecknoglobals // a constant
	model.JobImport: func(ctx context.Context, tx *store.Store, j model.Job) (model.Job, error) {
		return tx.ImportNext(ctx, j)
	},
	model.JobImportUndo: func(ctx context.Context, tx *store.Store, j model.Job) (model.Job, error) {
		return tx.UndoImportNext(ctx, j)
	},
}

// Runner works on the jobs of one database, one at a time. Any number of
// processes may have one.
type Runner struct {
	store *store.Store
	log   *slog.Logger
	wake  chan struct{}
}

// New makes a runner; it works when Run or WorkFor is called.
func New(st *store.Store, log *slog.Logger) *Runner {
	return &Runner{store: st, log: log, wake: make(chan struct{}, 1)}
}

// Run works on what is due until the context ends. The part under way is
// finished then, and the job given back.
func (r *Runner) Run(ctx context.Context) error {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		_, err := r.work(ctx, 0)
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			continue
		case !errors.Is(err, store.ErrNotFound):
			r.log.WarnContext(ctx, "a job could not be worked on; tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		case <-r.wake:
		}
	}
}

// WorkFor works on one job in the caller's goroutine for that time, so that what
// is done soon can be answered at once, and leaves the rest to Run. It returns the
// job as it is then. A caller who goes away stops nothing.
func (r *Runner) WorkFor(ctx context.Context, id int64, d time.Duration) (model.Job, error) {
	limited, stop := context.WithTimeout(context.WithoutCancel(ctx), d)
	defer stop()
	_, err := r.work(limited, id)
	select {
	case r.wake <- struct{}{}:
	default: // it is awake
	}
	if err != nil && limited.Err() == nil && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrJobTaken) {
		return model.Job{}, err
	}
	return r.store.Job(ctx, id) // somebody else may have it, or it is over
}

// work takes on the job with the id, or any that is due, and does its parts until
// it is over or the context ends. store.ErrNotFound when there is none.
func (r *Runner) work(ctx context.Context, id int64) (model.Job, error) {
	worker := rand.Text()
	j, err := r.store.ClaimJob(ctx, id, worker)
	for err == nil && !j.Over() {
		if ctx.Err() != nil {
			return j, r.store.ReleaseJob(context.WithoutCancel(ctx), j.ID, worker)
		}
		var next model.Job
		next, err = r.part(ctx, j, worker)
		if err != nil && !errors.Is(err, store.ErrJobTaken) {
			return r.failed(context.WithoutCancel(ctx), j, worker, err)
		}
		if err == nil {
			j = next
		}
	}
	return j, err
}

func (r *Runner) part(ctx context.Context, j model.Job, worker string) (model.Job, error) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), partTime)
	defer stop()
	return r.store.StepJob(ctx, j.ID, worker, func(tx *store.Store, j model.Job) (model.Job, error) {
		return parts[j.Kind](ctx, tx, j)
	})
}

// failed ends a job for which there is no hope, and lets the others be tried again
// after a while.
func (r *Runner) failed(ctx context.Context, j model.Job, worker string, err error) (model.Job, error) {
	r.log.WarnContext(ctx, "a part of a job failed", "job", j.ID, "kind", j.Kind, "done", j.Done, "error", err)
	if errors.Is(err, store.ErrConsoleGroup) {
		return r.store.FailJob(ctx, j.ID, worker, "It concerns people who may use the console, about whom an owner decides.")
	}
	return r.store.RetryJob(ctx, j.ID, worker, "It failed several times. The log says why.")
}
