package model

import (
	"slices"
	"strings"
)

// SamePerson tells how two sign-ins under one name go together.
type SamePerson string

// What two sign-ins under one name tell. Unknown is the zero value.
const (
	SameUnknown SamePerson = ""      // too little is known, or what a renamed person would bring, too
	SameYes     SamePerson = "same"  // nothing that identifies them differs
	SameNo      SamePerson = "other" // at least two things that identify a person differ, and no new last name explains it
)

// Compare tells whether what AWS said of a person twice is about the same one.
// An email, a name, a stable id and any other attribute with one value count where
// both brought them. The same email is the same person. A new email with a new last
// name is what somebody brings who married.
func (p Person) Compare(o Person) SamePerson {
	if email := fold(p.Email); email != "" && email == fold(o.Email) {
		return SameYes
	}
	differ := 0
	for _, pair := range [][2]string{{p.Email, o.Email}, {p.FirstName, o.FirstName}, {p.LastName, o.LastName}, {p.ExternalID, o.ExternalID}} {
		if other(pair[0], pair[1]) {
			differ++
		}
	}
	firstKept := fold(p.FirstName) != "" && fold(p.FirstName) == fold(o.FirstName)
	switch rest := p.differElsewhere(o); {
	case differ == 0 && rest == 0:
		return SameYes
	case differ+rest < 2, firstKept && !other(p.ExternalID, o.ExternalID):
		return SameUnknown
	default:
		return SameNo
	}
}

// differElsewhere counts the attributes that nothing is made from and in which
// the two differ.
func (p Person) differElsewhere(o Person) int {
	n := 0
	for name, values := range p.Attributes {
		others := o.Attributes[name]
		if len(values) == 1 && len(others) == 1 && other(values[0], others[0]) && !p.said(values[0]) && !o.said(others[0]) {
			n++
		}
	}
	return n
}

// said tells whether a value is one that the person is known by already.
func (p Person) said(value string) bool {
	return slices.Contains([]string{fold(p.NameID), fold(p.Username), fold(p.ExternalID), fold(p.Email), fold(p.FirstName), fold(p.LastName),
		fold(p.DisplayName())}, fold(value))
}

// other tells whether two values are there and differ. The text of a mapping is
// nobody's.
func other(a, b string) bool {
	a, b = fold(a), fold(b)
	return a != "" && b != "" && a != b && !strings.Contains(a+b, "${") && !strings.Contains(a+b, "$(")
}

func fold(s string) string { return strings.ToLower(Canonical(s)) }

// Calling is a person in a few words: the name and the email, as far as they came.
func (p Person) Calling() string {
	name, email := p.DisplayName(), p.Email
	switch {
	case name == "" && email == "":
		return p.Username
	case name == "":
		return email
	case email == "":
		return name
	}
	return name + " (" + email + ")"
}
