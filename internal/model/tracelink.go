package model

import "time"

// TraceLink is a link by which an administrator follows one person's login. It
// starts ordinary logins until it expires.
type TraceLink struct {
	ID          int64
	Connection  string // slug
	Person      string // whom it is for, as the administrator typed
	Author      string
	TokenSealed []byte // the token, sealed
	CreatedAt   time.Time
	ExpiresAt   time.Time
	Attempts    int    // how many logins it started
	LoginID     string // the latest of them; empty: none
}

// Open reports whether the link still starts logins.
func (l TraceLink) Open(now time.Time) bool { return now.Before(l.ExpiresAt) }
