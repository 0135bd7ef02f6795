package model

import "time"

// Kinds of requests that an app makes to the Crowd directory.
const (
	CrowdTest        = "test"        // the connection test
	CrowdUsers       = "users"       // a page of all users: part of a full synchronization
	CrowdGroups      = "groups"      // a page of all groups: part of a full synchronization
	CrowdMemberships = "memberships" // who is in which group: the end of a full synchronization
	CrowdEvents      = "events"      // what is new: an incremental synchronization
	CrowdSingle      = "lookup"      // one user or group, or a search
	CrowdSignIn      = "sign-in"     // a password or a session
	CrowdChange      = "change"      // a write, which is refused
)

// CrowdRequest is one request of an app to the Crowd directory.
type CrowdRequest struct {
	App        string // slug
	At         time.Time
	Method     string
	Path       string // below /crowd/rest/usermanagement/, without the query
	Kind       string // CrowdTest …
	First      bool   // the first page of all users or groups
	Status     int
	Reason     string // Crowd's reason when it was refused, else empty
	Entries    int    // users, groups, memberships or events in the answer
	Took       time.Duration
	RemoteAddr string
	UserAgent  string
}

// CrowdActivity is what one app was seen to do. A zero time means never.
type CrowdActivity struct {
	App      string // slug
	Requests int64  // since the app was made
	Refused  int64  // of them answered with 401 or 403
	TestedAt time.Time

	// SyncedAt is the end of the last synchronization of either kind, and UsualWait
	// how long the app usually waits between two; zero: not known yet.
	SyncedAt  time.Time
	UsualWait time.Duration

	// MembershipsAt is when memberships were read last. Without users and groups
	// before it that is no full synchronization.
	MembershipsAt time.Time

	// The last full synchronization. It is under way, or was broken off, when
	// FullEndedAt is before FullBeganAt.
	FullBeganAt     time.Time
	FullEndedAt     time.Time
	FullUsers       int64
	FullGroups      int64
	FullMemberships int64

	IncrementalAt     time.Time
	IncrementalEvents int64 // in that synchronization

	Recent []CrowdRequest // the newest first, 50 at most
}

// UnknownApplication is an attempt to use the Crowd directory under a name that no
// app has: most likely somebody typed the name wrong.
type UnknownApplication struct {
	Name       string
	RemoteAddr string
	Attempts   int64
	At         time.Time // the last one
}

// CrowdSession says that an app has signed a person in.
type CrowdSession struct {
	App       string // slug of the app that asked for it
	User      User
	CreatedAt time.Time
	ExpiresAt time.Time
}
