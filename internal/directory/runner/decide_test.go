package runner_test

import (
	"testing"

	"github.com/postern-sso/postern/internal/directory/runner"
	"github.com/postern-sso/postern/internal/model"
)

func TestWhatBecomesOfAPlan(t *testing.T) {
	t.Parallel()
	live := func() model.Source {
		s := model.NewSource(model.SourceLDAP)
		s.Status = model.SourceLive
		s.LDAP.Base = "DC=example,DC=com"
		s.ApprovedFor = s.Reading()
		return s
	}
	with := func(change func(*model.Source)) model.Source {
		s := live()
		change(&s)
		return s
	}
	some := model.SourcePlan{Changes: []model.SourceChange{{Kind: model.SourceUpdated}}, Digest: "d"}
	much := some
	much.Holds = []model.Hold{{Kind: model.HoldDeactivations}}
	draft := with(func(s *model.Source) { s.Status, s.ApprovedFor = model.SourceDraft, "" })
	paused := with(func(s *model.Source) { s.Status = model.SourcePaused })
	for name, c := range map[string]struct {
		src      model.Source
		dry      bool
		approved string
		plan     model.SourcePlan
		want     model.RunOutcome
	}{
		"an ordinary run":                               {live(), false, "", some, model.RunApplying},
		"nothing to do":                                 {live(), false, "", model.SourcePlan{}, model.RunNothing},
		"over a limit":                                  {live(), false, "", much, model.RunHeld},
		"asked to change nothing":                       {live(), true, "", some, model.RunDry},
		"asked to change nothing, over a limit":         {live(), true, "", much, model.RunDry},
		"asked to change nothing, with a plan approved": {live(), true, "d", some, model.RunDry},
		"a draft":                            {draft, false, "", some, model.RunDry},
		"a draft with nothing to do":         {draft, false, "", model.SourcePlan{}, model.RunDry},
		"a draft whose plan is approved":     {draft, false, "d", some, model.RunApplying},
		"a draft whose plan is another now":  {draft, false, "e", some, model.RunDry},
		"paused":                             {paused, false, "", some, model.RunDry},
		"paused, with a plan approved":       {paused, false, "d", some, model.RunDry},
		"held, and approved":                 {live(), false, "d", much, model.RunApplying},
		"held, approved, and another now":    {live(), false, "e", much, model.RunHeld},
		"approved, and less than limits now": {live(), false, "e", some, model.RunApplying},
		"approved, and nothing to do now":    {live(), false, "e", model.SourcePlan{}, model.RunNothing},
		"never approved":                     {with(func(s *model.Source) { s.ApprovedFor = "" }), false, "", some, model.RunDry},
		"never approved, and approved now":   {with(func(s *model.Source) { s.ApprovedFor = "" }), false, "d", much, model.RunApplying},
		"another base since the approval":    {with(func(s *model.Source) { s.LDAP.Base = "DC=other" }), false, "", some, model.RunDry},
		"another filter":                     {with(func(s *model.Source) { s.LDAP.Users.Filter = "(x=1)" }), false, "", some, model.RunDry},
		"another id attribute":               {with(func(s *model.Source) { s.LDAP.Users.ID = "uid" }), false, "", some, model.RunDry},
		"another server":                     {with(func(s *model.Source) { s.LDAP.URLs = []string{"ldaps://b"} }), false, "", some, model.RunDry},
		"another interval":                   {with(func(s *model.Source) { s.Interval *= 2 }), false, "", some, model.RunApplying},
		"after an undo":                      {with(func(s *model.Source) { s.NextIsDry = true }), false, "", some, model.RunDry},
		"after an undo, approved":            {with(func(s *model.Source) { s.NextIsDry = true }), false, "d", some, model.RunApplying},
	} {
		if got := runner.Decide(c.src, c.dry, c.approved, c.plan); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
