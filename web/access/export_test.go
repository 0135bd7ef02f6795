package access

// What the tests of this package look at.

const (
	DecoyHash         = decoyHash
	FailureWindow     = failureWindow
	FailuresOfAccount = failuresOfAccount
	FailuresOfAddress = failuresOfAddress
	HashesAtOnce      = hashesAtOnce
	SecondStepFor     = secondStepFor
	SignInsPerMinute  = signInsPerMinute
)

var (
	HashParams      = hashParams
	Hashing         = hashing
	IsOutdated      = isOutdated
	PasswordMatches = passwordMatches
)
