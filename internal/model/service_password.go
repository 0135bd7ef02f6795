package model

import "time"

// ServicePassword is the local password of a service account: a user that a
// program signs in as, through an app that asks the Crowd directory.
type ServicePassword struct {
	Hash       string
	Hint       string // its beginning, to tell it apart
	CreatedBy  string
	CreatedAt  time.Time
	LastUsedAt time.Time // zero: never
}
