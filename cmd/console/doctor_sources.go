package main

import (
	"context"
	"fmt"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/ui"
)

// failuresToWarn is how many runs in a row have to fail before a source is broken.
const failuresToWarn = 3

// checkSources says how each source does, by its last run.
func checkSources(ctx context.Context, db *database) []finding {
	sources, err := db.Sources(ctx)
	if err != nil {
		return []finding{{stateFail, "sources", err.Error()}}
	}
	last, err := db.LastRuns(ctx)
	if err != nil {
		return []finding{{stateFail, "sources", err.Error()}}
	}
	var findings []finding
	for _, s := range sources {
		run, ran := last[s.Slug]
		findings = append(findings, sourceFinding(s, run, ran))
	}
	return findings
}

func sourceFinding(s model.Source, run model.SourceRun, ran bool) finding {
	what := "source " + s.Slug
	switch {
	case s.Status != model.SourceLive:
		return finding{stateOK, what, string(s.Status)}
	case !ran && s.Kind.Reads():
		return finding{stateWarn, what, "live, and never ran"}
	case !ran:
		return finding{stateOK, what, "live"}
	case s.FailuresInRow >= failuresToWarn:
		return finding{stateFail, what, fmt.Sprintf("%s in a row did not read it to the end; the last: %s", ui.Count(s.FailuresInRow, "run", "runs"), run.Detail)}
	case run.Outcome == model.RunFailed || run.Outcome == model.RunIncomplete:
		return finding{stateWarn, what, "the last run did not read it to the end: " + run.Detail}
	case run.Waits():
		return finding{stateWarn, what, fmt.Sprintf("the plan of run %d waits for a person: console source approve %s %d", run.ID, s.Slug, run.ID)}
	default:
		return finding{stateOK, what, fmt.Sprintf("live; run %d: %s", run.ID, run.Outcome)}
	}
}
