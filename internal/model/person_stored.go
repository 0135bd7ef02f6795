package model

import (
	"maps"
	"slices"
	"strings"
)

// Limits of what is kept of a person. AWS's own maximum, 50,000 characters with
// some 275 groups, is below.
const (
	maxStoredValue = 4096     // of one value, in bytes; no mapped value but groups may be longer
	maxStoredAll   = 64 << 10 // of all attributes together, and of the groups
)

// WholePerson is the length of a stored person, as JSON, below which nothing but a
// single value can have been left out.
const WholePerson = maxStoredAll

// Stored is the person as the database keeps it: long values are cut, and what is
// over the total is left out, attributes in the order of their names. Rules of a
// login see everything; this is for the trace and for what is asked later.
func (p Person) Stored() Person {
	left := maxStoredAll
	attributes := make(map[string][]string, len(p.Attributes))
	for _, name := range slices.Sorted(maps.Keys(p.Attributes)) {
		if left -= len(name); left < 0 {
			break
		}
		attributes[cutValue(name)] = storedValues(p.Attributes[name], &left)
	}
	if p.Attributes != nil {
		p.Attributes = attributes
	}
	left = maxStoredAll
	p.AWSGroups = storedValues(p.AWSGroups, &left)
	return p
}

func storedValues(values []string, left *int) []string {
	stored := slices.Clone(values)
	for i, v := range values {
		stored[i] = cutValue(v)
		if *left -= len(stored[i]); *left < 0 {
			return stored[:i]
		}
	}
	return stored
}

// cutValue marks what it cuts, so that a cut value equals no whole one.
func cutValue(v string) string {
	if len(v) <= maxStoredValue {
		return v
	}
	return strings.ToValidUTF8(v[:maxStoredValue], "") + "…"
}
