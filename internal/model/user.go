package model

import (
	"strings"
	"time"
)

// UserSource says how a user came to be known.
type UserSource string

// Where users come from.
const (
	UserManual UserSource = "manual"
	UserJIT    UserSource = "jit"
	UserSynced UserSource = "source" // a source made the user; which one owns it now is its home
)

// User is a person known to Postern.
type User struct {
	ID           string // UUID, never reused
	Username     string // unique by Key
	Email        string
	DisplayName  string
	FirstName    string
	LastName     string
	Active       bool
	Source       UserSource
	SessionEpoch int // every session of an older epoch is over
	CreatedAt    time.Time
	UpdatedAt    time.Time
	LastLoginAt  time.Time // zero: never

	Home          string // slug of the source that owns the fields; empty: none
	DeactivatedBy string // DeactivatedByHand, or as DeactivatedBySource says; empty: active
}

// Identity links a user to what AWS calls that person on one connection.
type Identity struct {
	ID           int64
	UserID       string
	ConnectionID int64
	Connection   string // slug
	IdPEntityID  string
	NameID       string
	ExternalID   string // the stable id, where one is mapped; it then is the key
	CreatedAt    time.Time
	LastLoginAt  time.Time
}

// MembershipSource says who put a person into a group.
type MembershipSource string

// Sources of memberships. One source never removes another's.
const (
	MemberManual MembershipSource = "manual"
	MemberRule   MembershipSource = "rule"
	MemberSource MembershipSource = "source"
)

// MembersCounted is how far the members of a group are counted; a group that
// has more says so. A company's largest groups would take the longest to count.
const MembersCounted = 1000

// Group is a local group.
type Group struct {
	ID          int64
	Name        string // unique by Key
	Description string
	ByHandOnly  bool // neither rules nor sources put anybody in
	Members     int  // distinct active and inactive users; MembersCounted+1: that many or more
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Membership is one reason why a user is in a group; a pair may have several.
type Membership struct {
	UserID    string
	Username  string
	GroupID   int64
	Group     string
	Source    MembershipSource
	Ref       string // rule: slug of the connection whose rules granted it; source: as SourceRef makes it; else empty
	Origin    string // who or what: administrator's email, rule names
	LoginID   string // the login that granted it, if one did
	CreatedAt time.Time
}

// RuleKind is the condition of a rule.
type RuleKind string

// Conditions of rules.
const (
	RuleAlways      RuleKind = "always"
	RuleEmailDomain RuleKind = "email_domain"
	RuleAttribute   RuleKind = "attribute"
	RuleAWSGroup    RuleKind = "aws_group"
)

// RuleKinds are all conditions, in the order in which they are offered.
func RuleKinds() []RuleKind {
	return []RuleKind{RuleAlways, RuleEmailDomain, RuleAttribute, RuleAWSGroup}
}

// Rule grants groups at login, and at runs to people whose home a source is.
type Rule struct {
	ID         int64
	Name       string // unique by Key
	Connection string // slug
	Kind       RuleKind
	Attribute  string // RuleAttribute: the attribute's name, exactly
	Value      string // domain, value or AWS group id
	AWSName    string // RuleAWSGroup: what AWS calls the group, where that is known; read with the rule, never written
	Groups     []string
	ByHandOnly []string // those of Groups into which no rule puts anybody
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// AWSGroup is the group of a RuleAWSGroup as people know it: by its name, with its id.
func (r Rule) AWSGroup() string { return CalledAWSGroup(r.Value, r.AWSName) }

// CalledAWSGroup is one of AWS's groups as people know it: by its name, where that is
// known, with the id by which AWS sends it.
func CalledAWSGroup(id, name string) string {
	if name == "" {
		return id
	}
	return name + " (" + id + ")"
}

// Person is what one verified login says about somebody, after the attribute map.
type Person struct {
	IdPEntityID   string
	NameID        string
	ExternalID    string
	Username      string // after the username rule; judged
	Email         string
	FirstName     string
	LastName      string
	AWSGroups     []string
	AWSGroupsSent bool                // AWS sent the attribute; an absent one is not "no groups"
	Attributes    map[string][]string // everything received, by exact Name
}

// DisplayName joins the names, or returns the empty string when AWS sent none.
func (p Person) DisplayName() string {
	return FitText(strings.TrimSpace(p.FirstName+" "+p.LastName), MaxPersonName)
}
