package main

import (
	"testing"

	"github.com/postern-sso/postern/internal/model"
)

func TestDoctorOnSources(t *testing.T) {
	t.Parallel()
	live := model.Source{Slug: "corp", Kind: model.SourceLDAP, Status: model.SourceLive}
	failing := live
	failing.FailuresInRow = failuresToWarn
	draft := live
	draft.Status = model.SourceDraft
	for name, c := range map[string]struct {
		src  model.Source
		run  model.SourceRun
		ran  bool
		want string
	}{
		"a draft":                  {draft, model.SourceRun{}, false, stateOK},
		"never ran":                {live, model.SourceRun{}, false, stateWarn},
		"well":                     {live, model.SourceRun{Outcome: model.RunNothing}, true, stateOK},
		"failed once":              {live, model.SourceRun{Outcome: model.RunIncomplete}, true, stateWarn},
		"fails again and again":    {failing, model.SourceRun{Outcome: model.RunFailed}, true, stateFail},
		"held":                     {live, model.SourceRun{Outcome: model.RunHeld}, true, stateWarn},
		"a first plan waits":       {live, model.SourceRun{Outcome: model.RunDry, Changes: 1}, true, stateWarn},
		"a dry run with no change": {live, model.SourceRun{Outcome: model.RunDry}, true, stateOK},
	} {
		if got := sourceFinding(c.src, c.run, c.ran); got.state != c.want {
			t.Errorf("%s: %+v, want %s", name, got, c.want)
		}
	}
}
