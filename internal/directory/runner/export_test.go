package runner

import (
	"context"

	"github.com/postern-sso/postern/internal/model"
)

// Decide is decide, for tests.
func Decide(src model.Source, dry bool, approved string, plan model.SourcePlan) model.RunOutcome {
	return decide(src, ask{dry: dry, approved: approved}, plan)
}

// PlanAndStep plans a run and carries out the first part of it, and leaves it so.
func (r *Runner) PlanAndStep(ctx context.Context, run model.SourceRun, worker string) (model.SourceRun, error) {
	w := &work{Runner: r, run: run, worker: worker}
	if err := w.plan(ctx); err != nil {
		return w.run, err
	}
	err := w.part(ctx)
	return w.run, err
}

// OnlyPlan plans a run and carries nothing out.
func (r *Runner) OnlyPlan(ctx context.Context, run model.SourceRun, worker string) (model.SourceRun, error) {
	w := &work{Runner: r, run: run, worker: worker}
	err := w.plan(ctx)
	return w.run, err
}
