package warnings

// What the tests of this package look at.

const (
	FoldAt = foldAt
)

type (
	Notice = notice
)
