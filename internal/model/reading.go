package model

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// PersonFields is a set of fields of a user.
type PersonFields uint8

// Fields that a source may say something about. One that it does not say is left as it is.
const (
	SaysUsername PersonFields = 1 << iota
	SaysEmail
	SaysFirstName
	SaysLastName
	SaysDisplayName
	SaysActive
)

// SaysAll is every field.
const SaysAll = SaysUsername | SaysEmail | SaysFirstName | SaysLastName | SaysDisplayName | SaysActive

// Has tells whether the set has all of those fields.
func (f PersonFields) Has(of PersonFields) bool { return f&of == of }

// SourcePerson is one person as a source tells of them, before any rule of ours.
type SourcePerson struct {
	StableID    string   // unique in the source and for good; never a name
	ForeignIDs  []string // other ids under which another source may know the same person
	Says        PersonFields
	Username    string
	Email       string
	FirstName   string
	LastName    string
	DisplayName string
	Enabled     bool
	Why         string              // why not enabled, as the source says it: "userAccountControl 514"
	Place       string              // where the person stands: the unit's DN; may be empty
	Assigned    bool                // SourceAWS: may use the connection's application
	Attributes  map[string][]string // what rules may ask about
}

// SourceGroup is one group as a source tells of it.
type SourceGroup struct {
	StableID    string
	Name        string
	Description string
	Place       string
	Members     []string // stable ids of people, direct or through groups; each once
}

// Reading is what one complete run read. A run that was cut off has none.
type Reading struct {
	People      []SourcePerson
	Groups      []SourceGroup
	GroupsRead  bool     // groups were asked for; none although asked for is suspicious
	Assignments bool     // SourceAWS: who may use the application is known
	Server      string   // which of several servers answered
	Remarks     []string // what was odd and changes nothing, as sentences
}

// Digest is short for what the person is said to be; equal ones are the same.
func (p SourcePerson) Digest() string { return digest(p) }

// Digest is short for what the group is said to be, its members included.
func (g SourceGroup) Digest() string { return digest(g) }

func digest(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // only of plain values: cannot happen
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}
