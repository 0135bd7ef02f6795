package warnings

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/health"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/paths"
)

// Beginnings of the keys of notices about sources.
const (
	sourceFailing = "source_failing/"
	sourceHeld    = "source_held/"
)

// sourceNotices tells of live sources that could not be read several times in a row,
// and of runs that are over a limit. A plan that waits is told once, though each run
// makes it anew: again only when it is over another limit. What is over is forgotten.
func (rm *Room) sourceNotices(ctx context.Context) ([]notice, error) {
	all, err := rm.Store.Sources(ctx)
	if err != nil {
		return nil, err
	}
	last, err := rm.Store.LastRuns(ctx)
	if err != nil {
		return nil, err
	}
	waiting, err := rm.Store.WaitingRuns(ctx)
	if err != nil {
		return nil, err
	}
	var due []notice
	var failing, held []string
	for _, s := range all {
		if s.Status != model.SourceLive {
			continue
		}
		e := health.SourceEvidence{Last: last[s.Slug], Waiting: waiting[s.Slug]}
		for _, reason := range health.OfSource(s, e).Reasons {
			switch reason.ID {
			case "source_failing":
				key := sourceFailing + s.Slug
				if failing = append(failing, key); e.Last.Outcome.Over() { // else it has no reason yet
					due = append(due, rm.aboutSource(e.Last, key, reason))
				}
			case "source_held":
				key := sourceHeld + s.Slug + "/" + limitsOf(e.Waiting)
				held = append(held, key)
				due = append(due, rm.aboutSource(e.Waiting, key, reason))
			}
		}
	}
	return due, errors.Join(rm.Store.ForgetNotices(ctx, sourceFailing, failing), rm.Store.ForgetNotices(ctx, sourceHeld, held))
}

// limitsOf names the kinds of limits that a run is over.
func limitsOf(run model.SourceRun) string {
	kinds := make([]string, len(run.Holds))
	for i, h := range run.Holds {
		kinds[i] = string(h.Kind)
	}
	slices.Sort(kinds)
	return strings.Join(slices.Compact(kinds), "+")
}

func (rm *Room) aboutSource(run model.SourceRun, key string, r health.Reason) notice {
	return notice{Key: key, Subject: r.Title, Text: strings.TrimSpace(r.Evidence + " " + r.Cure), Link: rm.Opts.PublicURL + paths.SourceRun(run.Source, run.ID)}
}
