package health

import (
	"fmt"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// SourceFailed is how often in a row a source may not be read before somebody should
// look.
const SourceFailed = 3

// SourceEvidence is what happened at a source.
type SourceEvidence struct {
	Last    model.SourceRun // the zero value: none yet
	Waiting model.SourceRun // a plan that waits for a person; the zero value: none
}

// OfSource judges a source by its runs.
func OfSource(s model.Source, e SourceEvidence) Health {
	h := Health{State: None, Word: "Never read"}
	switch {
	case !s.Kind.Reads():
		if h.Word = "Nothing pushed yet"; e.Last.ID != 0 {
			h.State, h.Word, h.At = Good, "Last push", e.Last.StartedAt
		}
	case !s.LastGoodAt.IsZero():
		h.State, h.Word, h.At = Good, "Read", s.LastGoodAt
	}
	if s.Status == model.SourceDraft {
		h.State = None
	}
	if s.Status == model.SourcePaused {
		h.State = None
		h.add(Reason{ID: "source_paused", State: None, Title: s.Name + " is paused", Evidence: "Nobody learns from it who has left.", Cure: "Let it go on.",
			Place: AtSource, Waits: true})
		h.Word, h.At = "Paused", time.Time{}
		return h
	}
	h.waiting(s, e.Waiting)
	if s.FailuresInRow >= SourceFailed {
		since, when := s.LastGoodAt, "It was last read"
		if since.IsZero() {
			since, when = s.CreatedAt, "It was never read, and was added"
		}
		h.add(Reason{ID: "source_failing", State: Warn, Title: fmt.Sprintf("%s could not be read %d times in a row", s.Name, s.FailuresInRow),
			Evidence: e.Last.Detail + " Nothing was changed: who has left is not known.", Cure: e.Last.Remedy, Since: since, When: when,
			Place: AtSource})
	}
	if n := e.Last.Counts.Conflicts; n > 0 {
		h.add(Reason{ID: "source_conflicts", State: None, Title: model.Count(n, "conflict", "conflicts") + " in " + s.Name,
			Evidence: "The source tells of people who cannot be told from others here, so nothing happens to them.", Cure: "Decide who is who.",
			Place: AtSource, Waits: true})
	}
	return h
}

// waiting is a plan that waits for a person: over a limit, or of a first run.
func (h *Health) waiting(s model.Source, run model.SourceRun) {
	switch {
	case run.ID == 0:
	case run.Outcome == model.RunHeld:
		h.Word, h.At = "A run waits", time.Time{}
		h.add(Reason{ID: "source_held", State: Warn, Title: "A run of " + s.Name + " waits for a person", Evidence: held(run),
			Cure:  "Look at it, then approve or reject it.",
			Since: run.StartedAt, When: "It ran", Place: AtSource})
	default:
		h.add(Reason{ID: "source_dry", State: None, Title: "A dry run of " + s.Name + " waits for a person",
			Evidence: "It changed nothing, and would make " + model.Count(run.Changes, "change", "changes") + ".", Cure: "Look at it, then approve or reject it.",
			Place: AtSource, Waits: true})
	}
}

// held says what a held run would do, by the first limit that it is over.
func held(run model.SourceRun) string {
	if len(run.Holds) == 0 {
		return "It would make " + model.Count(run.Changes, "change", "changes") + "."
	}
	switch hold := run.Holds[0]; hold.Kind {
	case model.HoldDeactivations:
		return fmt.Sprintf("It would deactivate %s of %s.", model.Count(hold.Would, "person", "people"), model.Number(hold.Of))
	case model.HoldRenames:
		return fmt.Sprintf("It would give %s of %s another username.", model.Count(hold.Would, "person", "people"), model.Number(hold.Of))
	case model.HoldGroupShrinks:
		return fmt.Sprintf("It would take %s of %s%s out of %s.", model.Count(hold.Would, "person", "people"), model.Number(hold.Of), byRule(hold), hold.Group)
	case model.HoldGroupEmptied:
		return "It would take everybody" + byRule(hold) + " out of " + hold.Group + "."
	default:
		return "It is over a limit."
	}
}

func byRule(h model.Hold) string {
	if h.ByRule {
		return " whom rules put in"
	}
	return ""
}
