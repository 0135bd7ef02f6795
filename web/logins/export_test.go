package logins

// What the tests of this package look at.

const (
	TraceLinkLifetime = traceLinkLifetime
)

var (
	Handout       = handout
	PretendedTime = pretendedTime
	VerifiedBy    = verifiedBy
)
