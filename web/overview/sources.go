package overview

import (
	"context"
	"time"

	"github.com/postern-sso/postern/internal/health"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/overview"
	"github.com/postern-sso/postern/templates/parts"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/ui"
)

// sources are the sources with how each does. Where there is none, one query says so.
func (rm *Room) sources(ctx context.Context) ([]overview.OverviewSource, error) {
	all, err := rm.Store.Sources(ctx)
	if err != nil || len(all) == 0 {
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
	shown := make([]overview.OverviewSource, len(all))
	for i, s := range all {
		e := health.SourceEvidence{Last: last[s.Slug], Waiting: waiting[s.Slug]}
		shown[i] = overview.OverviewSource{Source: s, Evidence: e, Health: health.OfSource(s, e)}
	}
	return shown, nil
}

// sourceNeeds are what waits at sources.
func sourceNeeds(f facts) (all []overview.Need) {
	for _, s := range f.page.Sources {
		for _, r := range s.Health.Reasons {
			act := parts.Action{Label: "Open the source", Href: paths.Source(s.Source.Slug)}
			switch r.ID {
			case "source_held", "source_dry":
				act = parts.Action{Label: "See what it would do", Href: paths.SourceRun(s.Source.Slug, s.Evidence.Waiting.ID)}
			case "source_conflicts":
				act = parts.Action{Label: "See the conflicts", Href: paths.SourceAction(s.Source.Slug, "conflicts")}
			case "source_failing":
				act = parts.Action{Label: "See the run", Href: paths.SourceRun(s.Source.Slug, s.Evidence.Last.ID)}
			}
			all = appendReason(all, r, "database", act, f.page.Now)
		}
	}
	return all
}

// sourceNode is where people are known from before they sign in.
func sourceNode(s overview.OverviewSource, now time.Time) ui.Node {
	return ui.Node{Icon: "database", Title: s.Source.Name, Href: paths.Source(s.Source.Slug), Tone: ui.Tone(s.Health.State), Words: words(s.Health, now)}
}

// sourceWire is when the source is read next, or why it is not.
func sourceWire(s overview.OverviewSource, now time.Time) ui.Wire {
	w := ui.Wire{Tone: ui.Tone(s.Health.State)}
	switch {
	case s.Source.Status == model.SourceDraft:
		w.Words = "a draft: changes nothing"
	case s.Source.Status == model.SourcePaused:
		w.Words = "paused"
	case !s.Source.Kind.Reads():
		w.Words = "people and groups, pushed"
	case s.Source.NextRunAt.After(now):
		w.Words = "next run in " + model.Duration(s.Source.NextRunAt.Sub(now).Truncate(time.Minute)+time.Minute)
	default:
		w.Words = "next run now"
	}
	return w
}
