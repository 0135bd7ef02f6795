package model

import "time"

// SCIMKind is what a resource of SCIM is of.
type SCIMKind string

// Kinds of resources.
const (
	SCIMUser  SCIMKind = "User"
	SCIMGroup SCIMKind = "Group"
)

// SCIMKinds are all kinds.
func SCIMKinds() []SCIMKind { return []SCIMKind{SCIMUser, SCIMGroup} }

// SCIMResource is a person or a group as an identity provider pushed it.
type SCIMResource struct {
	Kind       SCIMKind
	ID         string // ours, and for good
	ExternalID string // the provider's; may be empty
	Name       string // userName or displayName
	Document   []byte // JSON: every attribute that we know, as it was sent; without the members
	Folded     []byte // the same with keys and texts that compare without case in one case, for filters
	Refs       []SCIMRef
	Revision   int
	CreatedAt  time.Time
	ModifiedAt time.Time
	DeletedAt  time.Time // zero: it is there
}

// SCIMRef is a member of a group, or a group of a person.
type SCIMRef struct {
	ID   string
	Name string
}

// SCIMMembers is how the members of a group change.
type SCIMMembers struct {
	Replace bool     // whoever was a member and is not in Add is none any more
	Add     []string // ids of people
	Remove  []string
}

// Empty tells whether it changes nothing.
func (m SCIMMembers) Empty() bool { return !m.Replace && len(m.Add) == 0 && len(m.Remove) == 0 }

// SCIMCondition is one thing that a resource must fulfill: one value below Path fulfills
// all the tests. Keys are in lower case.
type SCIMCondition struct {
	Path  []string
	Tests []SCIMTest
}

// SCIMTest is what a value must fulfill.
type SCIMTest struct {
	Key   string // of the value's own; empty: the value itself
	Value any    // string or bool; nil: it is present
}

// SCIMQuery chooses resources of one kind, in the order of their ids.
type SCIMQuery struct {
	Kind  SCIMKind
	Where []SCIMCondition // all of them
	Start int             // from 1
	Count int
	Refs  bool // with members or groups
}

// SCIMToken is what an identity provider proves itself with. The token is kept as
// a hash.
type SCIMToken struct {
	ID         int64
	Source     string
	Hash       []byte // SHA-256
	Hint       string // how it begins
	CreatedBy  string
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero: never
	LastUsedAt time.Time // zero: never
}

// SCIMOutcome is what came of a request of an identity provider.
type SCIMOutcome string

// Outcomes of requests.
const (
	SCIMRead     SCIMOutcome = "read"     // asked, and answered
	SCIMApplied  SCIMOutcome = "applied"  // took effect
	SCIMNothing  SCIMOutcome = "nothing"  // nothing was to be done
	SCIMObserved SCIMOutcome = "observed" // the source is not live: kept, and nothing done
	SCIMHeld     SCIMOutcome = "held"     // kept; the effect waits for a person
	SCIMRefused  SCIMOutcome = "refused"
	SCIMConflict SCIMOutcome = "conflict" // refused, and a person here has to decide
)

// SCIMOutcomes are all of them.
func SCIMOutcomes() []SCIMOutcome {
	return []SCIMOutcome{SCIMRead, SCIMApplied, SCIMNothing, SCIMObserved, SCIMHeld, SCIMRefused, SCIMConflict}
}

// SCIMRequest is one request of an identity provider, as the source's page shows it.
type SCIMRequest struct {
	ID         int64
	Source     string
	At         time.Time
	Method     string
	Path       string // below /v2
	Status     int
	Outcome    SCIMOutcome
	Line       string // what was asked for, a sentence without its full stop
	Details    []string
	ResourceID string // of the person or the group; may be empty
	Name       string // its userName or displayName
	Run        int64  // the run that carried it out or holds it; zero: none
	RemoteAddr string
	UserAgent  string
	Took       time.Duration
}
