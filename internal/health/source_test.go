package health_test

import (
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/health"
	"github.com/postern-sso/postern/internal/model"
)

func TestHealthOfSources(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	live := model.NewSource(model.SourceLDAP)
	live.Name, live.Status, live.LastGoodAt = "Corp", model.SourceLive, now
	held := model.SourceRun{ID: 7, Outcome: model.RunHeld, Changes: 9, Holds: []model.Hold{{Kind: model.HoldDeactivations, Would: 9, Of: 40}}}
	for name, test := range map[string]struct {
		change func(*model.Source, *health.SourceEvidence)
		state  health.State
		word   string
		reason string
		says   string
	}{
		"read":         {func(*model.Source, *health.SourceEvidence) {}, health.Good, "Read", "", ""},
		"never":        {func(s *model.Source, _ *health.SourceEvidence) { s.LastGoodAt = time.Time{} }, health.None, "Never read", "", ""},
		"twice failed": {func(s *model.Source, _ *health.SourceEvidence) { s.FailuresInRow = 2 }, health.Good, "Read", "", ""},
		"failing": {func(s *model.Source, e *health.SourceEvidence) { s.FailuresInRow, e.Last.Detail = 3, "Nobody answers." }, health.Warn, "Read",
			"source_failing", "Nobody answers. Nothing was changed: who has left is not known."},
		"held": {func(_ *model.Source, e *health.SourceEvidence) { e.Waiting = held }, health.Warn, "A run waits", "source_held",
			"It would deactivate 9 people of 40."},
		"conflicts": {func(_ *model.Source, e *health.SourceEvidence) { e.Last.Counts.Conflicts = 1 }, health.Good, "Read", "source_conflicts", ""},
		"paused":    {func(s *model.Source, _ *health.SourceEvidence) { s.Status = model.SourcePaused }, health.None, "Paused", "source_paused", ""},
		"pushed": {func(s *model.Source, e *health.SourceEvidence) {
			s.Kind, e.Last.ID, e.Last.StartedAt = model.SourceSCIM, 1, now
		}, health.Good, "Last push",
			"", ""},
	} {
		s, e := live, health.SourceEvidence{Last: model.SourceRun{ID: 6}}
		test.change(&s, &e)
		h := health.OfSource(s, e)
		if h.State != test.state || h.Word != test.word || len(h.Reasons) > 1 || (test.reason == "") != (len(h.Reasons) == 0) {
			t.Errorf("%s: %+v", name, h)
			continue
		}
		if test.reason != "" && (h.Reasons[0].ID != test.reason || test.says != "" && h.Reasons[0].Evidence != test.says) {
			t.Errorf("%s: %+v", name, h.Reasons[0])
		}
	}
}
