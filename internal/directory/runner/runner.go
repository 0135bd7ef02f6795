// Package runner carries out runs of sources: it takes a source so that nobody else
// has it, reads, plans, decides whether a person has to approve, and carries the plan
// out part by part. How far a run is stands in the database: when a process ends in
// the middle, another goes on behind the last part that was done.
package runner

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// Times of a runner.
const (
	lookEvery = 5 * time.Second  // for runs that are due
	beatEvery = 5 * time.Second  // says that it is alive
	partTime  = 25 * time.Second // of one transaction, at most; a process that ends waits for it
)

// sourcesAtOnce is how many sources one process works on at a time.
const sourcesAtOnce = 3

// Reader reads a source to the end, or says why it could not: the error is, or wraps,
// a *directory.ReadError. progress is told how much was read so far.
type Reader interface {
	Read(ctx context.Context, progress func(people, groups int)) (model.Reading, error)
}

// Opener makes the reader of a source, with its secret opened; nil: none is kept.
type Opener func(ctx context.Context, src model.Source, secret []byte) (Reader, error)

// Secrets opens what the store keeps sealed.
type Secrets interface {
	Open(sealed []byte, context string) ([]byte, error)
}

// Runner runs the sources of one database. Any number of processes may have one.
type Runner struct {
	store   *store.Store
	secrets Secrets
	open    Opener
	log     *slog.Logger
	wake    chan struct{}

	background sync.WaitGroup
	ended      chan struct{} // closed when the process ends
	endOnce    sync.Once
}

// New makes a runner. Schedules are kept while Run runs.
func New(st *store.Store, secrets Secrets, open Opener, log *slog.Logger) *Runner {
	return &Runner{store: st, secrets: secrets, open: open, log: log, wake: make(chan struct{}, 1), ended: make(chan struct{})}
}

// Ask is what a run is begun for.
type Ask struct {
	Trigger  model.RunTrigger
	Actor    model.Actor // without a name: the schedule
	Dry      bool        // change nothing
	Approves int64       // RunByApproval: the run whose plan is approved
}

// Run begins what is due, and goes on with what another process left in the middle,
// until the context ends. It returns when everything that it works on stands still:
// the transaction under way is finished, and another process can go on.
func (r *Runner) Run(ctx context.Context) error {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	free := make(chan struct{}, sourcesAtOnce)
	for ctx.Err() == nil {
		err := r.store.EndInterruptedReadings(ctx)
		var due []string
		if err == nil {
			due, err = r.store.DueSources(ctx)
		}
		if err != nil && ctx.Err() == nil {
			r.log.WarnContext(ctx, "the sources could not be looked at; tried again", "error", err)
		}
		for _, slug := range due {
			select {
			case free <- struct{}{}:
			default:
				continue // the rest waits for a place
			}
			r.background.Go(func() {
				defer func() { <-free; r.nudge() }()
				r.scheduled(ctx, slug)
			})
		}
		select {
		case <-ctx.Done():
		case <-look.C:
		case <-r.wake:
		}
	}
	r.endOnce.Do(func() { close(r.ended) })
	r.background.Wait()
	return nil
}

// Wait returns when nothing is under way that was begun.
func (r *Runner) Wait() { r.background.Wait() }

func (r *Runner) nudge() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *Runner) scheduled(ctx context.Context, slug string) {
	run, err := r.Sync(ctx, slug, Ask{Trigger: model.RunBySchedule})
	switch {
	case errors.Is(err, store.ErrRunning), errors.Is(err, store.ErrRunLost), ctx.Err() != nil:
	case err != nil:
		r.log.WarnContext(ctx, "a run of a source ended with an error", "source", slug, "error", err)
	default:
		r.log.InfoContext(ctx, "a source was run", "source", slug, "run", run.ID, "outcome", run.Outcome, "reason", run.Reason)
	}
}

// Begin begins a run and returns it; it goes on after the caller has gone. A run that
// another process left in the middle is returned instead, and gone on with.
// store.ErrRunning while another is under way.
func (r *Runner) Begin(ctx context.Context, slug string, a Ask) (model.SourceRun, error) {
	return r.begin(ctx, func(worker string) (model.SourceRun, error) { return r.start(ctx, slug, a, worker) })
}

// BeginUndo begins to take back what a run did. Errors as of store.StartUndo.
func (r *Runner) BeginUndo(ctx context.Context, actor model.Actor, slug string, id int64) (model.SourceRun, error) {
	return r.begin(ctx, func(worker string) (model.SourceRun, error) { return r.store.StartUndo(ctx, actor, slug, id, worker) })
}

func (r *Runner) begin(ctx context.Context, start func(worker string) (model.SourceRun, error)) (model.SourceRun, error) {
	worker := rand.Text()
	run, err := start(worker)
	if err != nil {
		return run, err
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	r.background.Go(func() {
		defer stop()
		go func() {
			select {
			case <-r.ended:
				stop()
			case <-ctx.Done():
			}
		}()
		if _, err := r.work(ctx, run, worker); err != nil && ctx.Err() == nil {
			r.log.WarnContext(ctx, "a run of a source ended with an error", "source", run.Source, "run", run.ID, "error", err)
		}
	})
	return run, nil
}

// Sync runs a source and returns the run when it is over. What another process left in
// the middle is finished first. store.ErrRunning while another run is under way.
func (r *Runner) Sync(ctx context.Context, slug string, a Ask) (model.SourceRun, error) {
	for {
		worker := rand.Text()
		run, err := r.start(ctx, slug, a, worker)
		if err != nil {
			return run, err
		}
		resumed := run.Outcome == model.RunApplying
		if run, err = r.work(ctx, run, worker); err != nil || !resumed || a.Trigger == model.RunBySchedule {
			return run, err
		}
	}
}

// Undo takes back what a run did, and returns when that is over. Errors as of
// store.StartUndo.
func (r *Runner) Undo(ctx context.Context, actor model.Actor, slug string, id int64) (model.SourceRun, error) {
	worker := rand.Text()
	run, err := r.store.StartUndo(ctx, actor, slug, id, worker)
	if err != nil {
		return run, err
	}
	return r.work(ctx, run, worker)
}

func (r *Runner) start(ctx context.Context, slug string, a Ask, worker string) (model.SourceRun, error) {
	return r.store.StartRun(ctx, slug, store.RunStart{Trigger: a.Trigger, Actor: a.Actor, Dry: a.Dry, Approves: a.Approves, Worker: worker})
}

// work brings a run to its end while saying that it is alive. When the context ends
// before, another process can go on at once.
func (r *Runner) work(ctx context.Context, run model.SourceRun, worker string) (model.SourceRun, error) {
	w := &work{Runner: r, run: run, worker: worker}
	ctx, stop := context.WithCancelCause(ctx)
	var beats sync.WaitGroup
	beats.Go(func() { w.beat(ctx, stop) })
	err := w.do(ctx)
	stop(nil)
	beats.Wait()
	if errors.Is(err, store.ErrRunLost) {
		return w.run, err
	}
	after := context.WithoutCancel(ctx)
	if !w.run.Outcome.Over() {
		err = errors.Join(err, r.store.ReleaseSource(after, run.Source, worker))
	}
	return w.run, err
}

// work is one run under way.
type work struct {
	*Runner
	run    model.SourceRun
	worker string

	mu             sync.Mutex
	people, groups int // read so far
}

// beat says again and again that the worker is alive. When it has lost the source, the
// work ends.
func (w *work) beat(ctx context.Context, stop context.CancelCauseFunc) {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		w.mu.Lock()
		people, groups := w.people, w.groups
		w.mu.Unlock()
		if err := w.store.BeatRun(ctx, w.run, w.worker, people, groups); errors.Is(err, store.ErrRunLost) {
			stop(err)
			return
		}
	}
}

func (w *work) progress(people, groups int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.people, w.groups = max(w.people, people), max(w.groups, groups)
}

func (w *work) do(ctx context.Context) error {
	if w.run.Outcome == model.RunReading {
		if err := w.plan(ctx); err != nil {
			return err
		}
	}
	for !w.run.Outcome.Over() {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := w.part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// part carries out the next changes. One that has begun is finished.
func (w *work) part(ctx context.Context) error {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), partTime)
	defer stop()
	after, err := w.store.ApplyNext(ctx, w.run, w.worker)
	if err == nil {
		w.run = after
	}
	return err
}

// plan reads, plans, and keeps the plan with what becomes of it.
func (w *work) plan(ctx context.Context) error {
	src, err := w.store.Source(ctx, w.run.Source)
	if err != nil {
		return err
	}
	approved, err := w.approved(ctx)
	if err != nil {
		return err
	}
	in, err := w.read(ctx, src)
	if err != nil {
		return w.fail(ctx, err)
	}
	if in.Known, err = w.store.SourceKnown(ctx, src); err != nil {
		return w.fail(ctx, err)
	}
	in.Now = time.Now()
	plan, err := directory.Plan(in)
	if err != nil {
		return w.fail(ctx, err)
	}
	outcome := decide(src, ask{dry: w.run.Dry, approved: approved}, plan)
	after, err := w.store.StorePlan(ctx, w.run, w.worker, store.RunPlan{Reading: in.Reading, Partial: in.Partial, Gone: in.Gone, Plan: plan, Outcome: outcome,
		Detail: detail(src, w.run, approved, outcome, plan)})
	if err != nil {
		return w.fail(ctx, err)
	}
	w.run = after
	return nil
}

// approved is the digest of the plan that the run is to carry out.
func (w *work) approved(ctx context.Context) (string, error) {
	if w.run.Approves == 0 {
		return "", nil
	}
	run, err := w.store.SourceRun(ctx, w.run.Source, w.run.Approves)
	return run.Digest, err
}
