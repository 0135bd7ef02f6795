package runner

import "github.com/postern-sso/postern/internal/model"

// ask is what a run was begun for, as far as it decides what becomes of its plan.
type ask struct {
	dry      bool   // change nothing
	approved string // digest of the plan that a person approved; empty: none was
}

// decide says what becomes of a plan: model.RunApplying where it is to be carried out.
// A plan that a person approved is, if it is still the same, whatever holds. Otherwise
// the first plan under new settings, of a source that is not live, and after an undo
// waits for a person, and so does one that is over the limits.
func decide(src model.Source, a ask, plan model.SourcePlan) model.RunOutcome {
	switch {
	case a.dry:
		return model.RunDry
	case a.approved != "" && a.approved == plan.Digest && src.Status != model.SourcePaused:
		return model.RunApplying
	case dry(src):
		return model.RunDry
	case len(plan.Changes) == 0:
		return model.RunNothing
	case len(plan.Holds) > 0:
		return model.RunHeld
	default:
		return model.RunApplying
	}
}

// dry tells whether a source's next run changes nothing, whatever it reads.
func dry(src model.Source) bool {
	return src.Status != model.SourceLive || src.NextIsDry || src.Kind.Reads() && src.ApprovedFor != src.Reading()
}
