package login

// What the tests of this package look at.

const (
	JudgedPerMinute   = judgedPerMinute
	MaxUnverifiedXML  = maxUnverifiedXML
	RefusalsPerMinute = refusalsPerMinute
	RequestLifetime   = requestLifetime
)
