package web

// What the tests of this package look at.

const (
	DecoyHash         = decoyHash
	FailureWindow     = failureWindow
	FailuresOfAccount = failuresOfAccount
	FailuresOfAddress = failuresOfAddress
	HashesAtOnce      = hashesAtOnce
	JudgedPerMinute   = judgedPerMinute
	MaxUnverifiedXML  = maxUnverifiedXML
	RefusalsPerMinute = refusalsPerMinute
	RequestLifetime   = requestLifetime
	SecondStepFor     = secondStepFor
	SignInsPerMinute  = signInsPerMinute
)

var (
	GroupNames      = groupNames
	HashParams      = hashParams
	Hashing         = hashing
	IsOutdated      = isOutdated
	PasswordMatches = passwordMatches
)
