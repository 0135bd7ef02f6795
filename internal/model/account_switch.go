package model

import "time"

// AccountSwitch is a person whom AWS sent here unasked and who was let in, before
// their session begins.
type AccountSwitch struct {
	BrowserHash  []byte
	Connection   string // slug
	UserID       string
	SessionEpoch int
	AuthAt       time.Time // when AWS says that they authenticated; zero: it does not say
	ACR          string    // how
	Until        time.Time // when the session must end; zero: AWS does not say
	ReturnTo     string    // a path of this site, or an address of a registered app
	ExpiresAt    time.Time
	LoginID      string // its trace
	AssertionID  string // of the answer that let the person in
}
