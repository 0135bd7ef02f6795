package overview

import "github.com/postern-sso/postern/templates/overview"

// What the tests of this package look at.

const (
	ChartDays = chartDays
)

// NeedsOf are those of a page.
func NeedsOf(v overview.OverviewPage) []overview.Need { return needs(facts{page: v}) }

// AnewNeeds are those of people whom AWS calls by new ids.
var AnewNeeds = anewNeeds

// ObstacleNeeds are those of what was in the way of logins.
var ObstacleNeeds = obstacleNeeds
