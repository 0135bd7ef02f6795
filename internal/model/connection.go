package model

import "time"

// Status is where a connection stands.
type Status string

// The states of a connection; StatusTransitions has the allowed changes.
const (
	StatusDraft     Status = "draft"     // being set up; nobody signs in
	StatusReady     Status = "ready"     // a real login has passed; not open yet
	StatusLive      Status = "live"      // people sign in
	StatusSuspended Status = "suspended" // closed by an administrator
)

// StatusTransitions lists for each status where it may go.
var StatusTransitions = map[Status][]Status{
	StatusDraft:     {StatusReady, StatusLive},
	StatusReady:     {StatusDraft, StatusLive},
	StatusLive:      {StatusSuspended},
	StatusSuspended: {StatusLive},
}

// CanBecome tells whether a connection may change from s to t.
func (s Status) CanBecome(t Status) bool {
	for _, to := range StatusTransitions[s] {
		if to == t {
			return true
		}
	}
	return false
}

// RevisionState says which part a revision plays.
type RevisionState string

// At most one revision of a connection is the draft and at most one is live.
const (
	RevisionDraft RevisionState = "draft"
	RevisionLive  RevisionState = "live"
	RevisionPast  RevisionState = "past"
)

// Revision is one version of a connection's configuration.
type Revision struct {
	ID           int64
	ConnectionID int64
	Number       int // 1, 2, 3 … within the connection
	State        RevisionState
	Version      int // counts the saves of the draft; two people editing conflict on it
	Config       Config
	Ticks        map[string]bool // what the administrator confirmed, by wizard step id
	TestedLogin  string          // id of the test login that passed with this very configuration; empty: none
	TestedAt     time.Time
	Author       string
	CreatedAt    time.Time
	UpdatedAt    time.Time
	LiveAt       time.Time // zero: never went live
}

// Connection is one AWS IAM Identity Center SAML application that Postern trusts.
type Connection struct {
	ID        int64
	Slug      string
	Status    Status
	Live      *Revision // nil: none yet
	Draft     *Revision // nil: nobody is editing
	LiveSince time.Time // since it went live or was resumed, whatever revision is live now; zero: it is not live
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Current is the live revision, else the draft.
func (c Connection) Current() *Revision {
	if c.Live != nil {
		return c.Live
	}
	return c.Draft
}

// Name is what people call the connection.
func (c Connection) Name() string {
	if r := c.Current(); r != nil && r.Config.Name != "" {
		return r.Config.Name
	}
	return c.Slug
}

// NameOf is what people call the connection with a slug; of one that is gone, the
// slug.
func NameOf(all []Connection, slug string) string {
	if c := ConnectionOf(all, slug); c.Slug != "" {
		return c.Name()
	}
	return slug
}

// ConnectionOf is the connection with a slug; the zero value: it is gone.
func ConnectionOf(all []Connection, slug string) Connection {
	for _, c := range all {
		if c.Slug == slug {
			return c
		}
	}
	return Connection{}
}
