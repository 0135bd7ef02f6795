package store

import (
	"fmt"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// Match is how a restriction compares.
type Match string

// Ways to compare. Texts are compared without regard to case.
const (
	MatchEquals     Match = "equals"
	MatchStartsWith Match = "starts"
	MatchEndsWith   Match = "ends"
	MatchContains   Match = "contains"
	MatchLess       Match = "less"
	MatchGreater    Match = "greater"
	MatchNull       Match = "null"
)

// Restriction chooses users or groups: all of several, any of several, or one
// comparison. The zero value restricts nothing.
type Restriction struct {
	All, Any []Restriction

	Property string // one of UserProperties or GroupProperties
	Match    Match
	Text     string    // of text properties
	Bool     bool      // of "active"
	Time     time.Time // of the dates
}

// None tells whether the restriction lets everything pass.
func (r Restriction) None() bool { return r.Property == "" && len(r.All) == 0 && len(r.Any) == 0 }

// PropertyType is what the values of a property are.
type PropertyType int

// Types of properties.
const (
	PropertyText PropertyType = iota + 1
	PropertyBool
	PropertyTime
)

type property struct {
	sql  string // in the form that is compared
	kind PropertyType
	fold func(string) string // of the value that is compared with it; nil: lower() in the database
}

// The third line of users' search_key is the key of the display name, the
// second of groups' that of the description. First and last names have no key
// of their own; lower() of both sides is near enough for a search.
var (
	userProperties = map[string]property{
		"name":        {"u.username_key", PropertyText, model.Key},
		"email":       {"u.email_key", PropertyText, model.Key},
		"displayName": {"split_part(u.search_key, e'\\n', 3)", PropertyText, model.Key},
		"firstName":   {"lower(u.first_name)", PropertyText, nil},
		"lastName":    {"lower(u.last_name)", PropertyText, nil},
		"externalId":  {"u.id::text", PropertyText, strings.ToLower},
		"active":      {"u.active", PropertyBool, nil},
		"createdDate": {"u.created_at", PropertyTime, nil},
		"updatedDate": {"u.updated_at", PropertyTime, nil},
	}
	groupProperties = map[string]property{
		"name":        {"g.name_key", PropertyText, model.Key},
		"description": {"split_part(g.search_key, e'\\n', 2)", PropertyText, model.Key},
		"active":      {"true", PropertyBool, nil},
		"createdDate": {"g.created_at", PropertyTime, nil},
		"updatedDate": {"g.updated_at", PropertyTime, nil},
	}
)

// UserPropertyType is the type of a property of users; 0 when there is none of
// that name.
func UserPropertyType(name string) PropertyType { return userProperties[name].kind }

// GroupPropertyType is the type of a property of groups; 0 when there is none
// of that name.
func GroupPropertyType(name string) PropertyType { return groupProperties[name].kind }

// restrict adds a restriction to a where clause.
func (f *filter) restrict(r Restriction, known map[string]property) error {
	if r.None() {
		return nil
	}
	sql, err := f.condition(r, known)
	if err == nil {
		f.where(sql)
	}
	return err
}

func (f *filter) condition(r Restriction, known map[string]property) (string, error) {
	switch {
	case len(r.All) > 0:
		return f.junction(r.All, known, " and ")
	case len(r.Any) > 0:
		return f.junction(r.Any, known, " or ")
	case r.None():
		return "true", nil
	}
	p, ok := known[r.Property]
	if !ok {
		return "", fmt.Errorf("restriction on unknown property %q", r.Property)
	}
	name := fmt.Sprintf("value%d", len(f.args))
	switch p.kind {
	case PropertyBool:
		return f.boolean(p, r, name)
	case PropertyTime:
		return f.instant(p, r, name)
	default:
		return f.text(p, r, name)
	}
}

func (f *filter) junction(of []Restriction, known map[string]property, word string) (string, error) {
	parts := make([]string, len(of))
	for i, r := range of {
		var err error
		if parts[i], err = f.condition(r, known); err != nil {
			return "", err
		}
	}
	return "(" + strings.Join(parts, word) + ")", nil
}

func (f *filter) text(p property, r Restriction, name string) (string, error) {
	value, argument := r.Text, "@"+name+"::text"
	if p.fold == nil {
		argument = "lower(" + argument + ")"
	} else {
		value = p.fold(value)
	}
	compare := " like "
	switch r.Match {
	case MatchEquals:
		compare = " = "
	case MatchStartsWith:
		value = startsWith(value)
	case MatchEndsWith:
		value = strings.TrimSuffix(contains(value), "%")
	case MatchContains:
		value = contains(value)
	case MatchLess:
		compare = " < "
	case MatchGreater:
		compare = " > "
	case MatchNull:
		return p.sql + " = ''", nil
	default:
		return "", fmt.Errorf("restriction with unknown comparison %q", r.Match)
	}
	f.set(name, value)
	return p.sql + compare + argument, nil
}

func (f *filter) boolean(p property, r Restriction, name string) (string, error) {
	if r.Match == MatchNull {
		return "false", nil
	}
	if r.Match != MatchEquals {
		return "", fmt.Errorf("restriction %q on a boolean", r.Match)
	}
	f.set(name, r.Bool)
	return p.sql + " = @" + name + "::boolean", nil
}

func (f *filter) instant(p property, r Restriction, name string) (string, error) {
	compare, ok := map[Match]string{MatchEquals: " = @", MatchLess: " < @", MatchGreater: " > @"}[r.Match]
	if r.Match == MatchNull {
		return "false", nil
	}
	if !ok {
		return "", fmt.Errorf("restriction %q on a date", r.Match)
	}
	f.set(name, r.Time)
	return p.sql + compare + name + "::timestamptz", nil
}
