package setup

// What the tests of this package look at.

var (
	SlugOf = slugOf
)
