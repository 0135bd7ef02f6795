package model

import "time"

// SignInEvidence is what happened on one connection: the store reads it, health
// judges it. Tests of the setup are left out. Counts are bounded: the most that
// is counted means that or more.
type SignInEvidence struct {
	Connection  string    // slug
	LastSuccess time.Time // zero: never
	SuspendedAt time.Time // zero: it is not suspended
	Hour, Day   int       // signed in during the last hour and the last 24
	Refusals    []RefusalEvidence
	Unanswered  UnansweredEvidence

	// The usual: what ended on the 14 days before today, refusals that anybody can
	// cause left out, and how many signed in at this hour both yesterday and a week
	// ago, the smaller of the two.
	UsualSignedIn, UsualRefused int
	UsualThisHour               int

	Turns  []Turn // of users who came as more than one person lately, oldest first
	Newest Turn   // the newest sign-in; zero: none

	Check MetadataCheck
}

// Turn is a sign-in at which AWS described a user otherwise than at the one
// before, or the first that is looked at.
type Turn struct {
	Login  string    `json:"login"`
	At     time.Time `json:"at"`
	User   string    `json:"user"` // id
	Person Person    `json:"person"`
}

// RefusalEvidence is how often logins of one connection were refused for one
// reason lately.
type RefusalEvidence struct {
	Code      Code      `json:"code"`
	Verified  bool      `json:"verified"` // AWS's signature was good: nobody else can have caused it
	Hour      int       `json:"hour"`
	Day       int       `json:"day"`
	Since     int       `json:"since"`    // since the last success, during the last week
	People    int       `json:"people"`   // in those, as far as they can be told apart
	FirstAt   time.Time `json:"first_at"` // of those; zero: none
	LastAt    time.Time `json:"last_at"`
	LastLogin string    `json:"last_login"` // reference of the newest
	Received  []string  `json:"received"`   // what the newest of those brought, each once
	Cause     Cause     `json:"cause"`      // of most of the newest of those; empty: of different ones, or not known
}

// UnansweredEvidence is how often AWS sent nobody back lately. Anybody can begin
// a login and leave it.
type UnansweredEvidence struct {
	Hour, Day, Week int
	Since           int // since the last success, during the last week
	LastAt          time.Time
}

// AppEvidence is what happened between Postern and one app.
type AppEvidence struct {
	App          App
	Open         bool // people can sign in through a connection that the app takes
	Secrets      int
	CreatedAt    time.Time // of the app
	SecretLostAt time.Time // when its last secret was deleted; zero: none was
	GroupLostAt  time.Time // when the last group that it saw was deleted; zero: none was
	Users        bool      // there is at least one user
	SignIns      AppSignIns
	Directory    CrowdActivity // without its last requests
	Newest       CrowdRequest  // the newest request; zero: none is kept
	Succeeded    bool          // one of the last requests did
}
