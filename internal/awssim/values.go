package awssim

import (
	"regexp"
	"slices"
	"strings"
)

const groupsVariable = "${user:groups}"

var variablePattern = regexp.MustCompile(`\$\{[^}]*\}`)

// isGroups tells whether a row yields one value per group.
func isGroups(m Mapping) bool { return strings.TrimSpace(m.Source) == groupsVariable }

// values works out the right side of a mapping for the person. There are none
// when a variable in it has no value: AWS's behavior then is not documented,
// and leaving the attribute out is the likeliest.
func (i *issue) values(source string) []string {
	if strings.TrimSpace(source) == groupsVariable {
		return i.groupIDs()
	}
	missing := false
	value := variablePattern.ReplaceAllStringFunc(source, func(name string) string {
		v := i.person.variable(name)
		missing = missing || v == ""
		return v
	})
	if missing || value == "" {
		return nil
	}
	return []string{value}
}

// variable returns the value of a documented variable; empty when the person
// has none, and for a variable that does not exist.
func (p *Person) variable(name string) string {
	switch name {
	case "${user:subject}", "${user:preferredUsername}":
		return p.Username
	case "${user:email}":
		return p.Email
	case "${user:name}":
		return p.DisplayName()
	case "${user:givenName}":
		return p.GivenName
	case "${user:middleName}":
		return p.MiddleName
	case "${user:familyName}":
		return p.FamilyName
	case "${user:AD_GUID}":
		return p.ID
	}
	return ""
}

// groupIDs are the IDs of the person's groups, which is what AWS sends.
func (i *issue) groupIDs() []string {
	var ids []string
	for _, name := range i.person.Groups {
		if i.faults[VariationAssignedGroups] && !slices.Contains(i.app.AssignedGroups, name) {
			continue
		}
		if g := i.settings.group(name); g != nil {
			ids = append(ids, g.ID)
		}
	}
	return ids
}

// assigned tells whether the person may use the application: directly, or as a
// direct member of an assigned group.
func (a *Application) assigned(p *Person) bool {
	return slices.ContainsFunc(a.AssignedPeople, func(u string) bool { return strings.EqualFold(u, p.Username) }) ||
		slices.ContainsFunc(p.Groups, func(g string) bool { return slices.Contains(a.AssignedGroups, g) })
}
