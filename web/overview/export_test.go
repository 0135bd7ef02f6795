package overview

// What the tests of this package look at.

const (
	ChartDays = chartDays
)
