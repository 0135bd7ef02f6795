package model

import (
	"strconv"
	"time"
)

// SetupLink lets another person do AWS's side of one draft, in one browser.
type SetupLink struct {
	ID         int64
	Connection string // slug
	Task       SetupTask
	RevisionID int64 // the draft it was made for; 0: discarded since, or the task is not about a draft
	Current    bool  // there still is what it was made for: that draft, or for the certificate a live connection
	Author     string
	CreatedAt  time.Time
	ExpiresAt  time.Time
	OpenedAt   time.Time // zero: nobody has opened it
	OpenedFrom string    // address of the browser that did
	RevokedAt  time.Time // zero: nobody has revoked it
	RevokedBy  string
}

// SetupTask is what the holder of a setup link is asked to do.
type SetupTask string

// Tasks of a setup link.
const (
	TaskSetup       SetupTask = "setup"       // AWS's side of a draft
	TaskCertificate SetupTask = "certificate" // AWS's new certificate, for a connection that is live
)

// SetupLinkState is where a setup link stands.
type SetupLinkState string

// States of a setup link. Only the first two are of use to its holder.
const (
	SetupLinkWaiting SetupLinkState = "waiting" // nobody has opened it
	SetupLinkOpen    SetupLinkState = "open"    // it belongs to one browser
	SetupLinkRevoked SetupLinkState = "revoked"
	SetupLinkEnded   SetupLinkState = "ended" // the draft went live or was discarded; nothing is live any more
	SetupLinkExpired SetupLinkState = "expired"
)

// State is where the link stands at a time.
func (l SetupLink) State(now time.Time) SetupLinkState {
	switch {
	case !l.RevokedAt.IsZero():
		return SetupLinkRevoked
	case !l.Current:
		return SetupLinkEnded
	case !now.Before(l.ExpiresAt):
		return SetupLinkExpired
	case l.OpenedAt.IsZero():
		return SetupLinkWaiting
	default:
		return SetupLinkOpen
	}
}

// Usable tells whether the link's holder can still do something with it.
func (l SetupLink) Usable(now time.Time) bool {
	state := l.State(now)
	return state == SetupLinkWaiting || state == SetupLinkOpen
}

// Actor is the name under which the audit has what is done through the link.
func (l SetupLink) Actor() string {
	return "setup link " + strconv.FormatInt(l.ID, 10) + " (made by " + l.Author + ")"
}
