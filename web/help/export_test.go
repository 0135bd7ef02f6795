package help

// What the tests of this package look at.

var (
	GuidePages  = guidePages
	SearchGuide = searchGuide
)
