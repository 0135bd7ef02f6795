package model

import "time"

// ConsentWhy is the act of an administrator by which a user may be linked.
type ConsentWhy string

// Acts that are consent to link.
const (
	ConsentMade     ConsentWhy = "made"     // the user was added
	ConsentImported ConsentWhy = "imported" // or came with a file
	ConsentDocument ConsentWhy = "document" // or was written in the configuration document
	ConsentUnlinked ConsentWhy = "unlinked" // the user's identity was unlinked
	ConsentAllowed  ConsentWhy = "allowed"  // it was allowed in so many words
	ConsentLinkAnew ConsentWhy = "link_anew"
	ConsentSource   ConsentWhy = "source" // a source made the user, or took it over
)

// LinkAnewFor is how long a consent to link anew lasts, unless another end is chosen.
const LinkAnewFor = 24 * time.Hour

// Consent is an administrator's word that the next login which brings a user's
// name through a connection may be linked to the user, once.
type Consent struct {
	ID           int64
	Act          string // those that were given together have one; the first use ends them all
	UserID       string
	ConnectionID int64
	Connection   string // slug
	UsernameKey  string // the name that it is about, as model.Key makes it
	GivenBy      string
	Why          ConsentWhy
	GivenAt      time.Time
	EndsAt       time.Time // zero: with its use, or when it is taken back
	TakenBackAt  time.Time // zero: it was not
	TakenBackBy  string
}

// Replaces tells whether the identities that the user has on the connection give
// way to the new one. They work until then.
func (c Consent) Replaces() bool { return c.Why == ConsentLinkAnew }

// Open tells whether a login may use it at that time.
func (c Consent) Open(now time.Time) bool {
	return c.TakenBackAt.IsZero() && (c.EndsAt.IsZero() || now.Before(c.EndsAt))
}
