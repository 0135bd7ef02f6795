package warnings

// What the tests of this package look at.

const (
	FoldAt = foldAt
)

var Addresses = addresses

type (
	Notice = notice
)
