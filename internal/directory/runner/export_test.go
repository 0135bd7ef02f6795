package runner

import "github.com/postern-sso/postern/internal/model"

// Decide is decide, for tests.
func Decide(src model.Source, dry bool, approved string, plan model.SourcePlan) model.RunOutcome {
	return decide(src, ask{dry: dry, approved: approved}, plan)
}
