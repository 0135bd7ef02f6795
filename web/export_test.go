package web

// What the tests of this package look at.

const (
	DecoyHash         = decoyHash
	FailureWindow     = failureWindow
	FailuresOfAccount = failuresOfAccount
	FailuresOfAddress = failuresOfAddress
	FoldAt            = foldAt
	HashesAtOnce      = hashesAtOnce
	JudgedPerMinute   = judgedPerMinute
	MaxUnverifiedXML  = maxUnverifiedXML
	RefusalsPerMinute = refusalsPerMinute
	RequestLifetime   = requestLifetime
	SecondStepFor     = secondStepFor
	SignInsPerMinute  = signInsPerMinute
)

type (
	Notice = notice
)

var (
	GroupNames      = groupNames
	HashParams      = hashParams
	Hashing         = hashing
	IsOutdated      = isOutdated
	PasswordMatches = passwordMatches
	SlugOf          = slugOf
)
