package model

import "time"

// SourceConflict is somebody of a source of whom a person has to say who they are here,
// or whom something else keeps from being what the source says.
type SourceConflict struct {
	Kind       LeftOutKind // empty: only the email is the same as a user's, which proves nothing
	StableID   string
	Name       string // the username in the source
	Email      string
	FullName   string
	Place      string
	Detail     string // a sentence; empty for a suggestion by email
	Linked     bool   // is a user here already, and something else is in the way
	Candidates []ConflictUser
}

// ConflictUser is a user whom somebody of a source collides with.
type ConflictUser struct {
	Username, Email, DisplayName string

	Home     string // slug; empty: none
	Obstacle string // why they cannot be said to be that person, a sentence; empty: they can
}

// LinkedByHand is somebody of a source of whom a person said which user they are.
type LinkedByHand struct {
	StableID string
	Name     string // the username in the source
	Username string // here
	By       string
	At       time.Time
	Home     bool // the source became the user's home by it
}
