package outgoing

// What the tests of this package look at.

const (
	MaxFetchRedirects = maxFetchRedirects
)

var (
	Public = public
)
