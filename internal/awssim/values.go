package awssim

import (
	"fmt"
	"hash/crc32"
	"regexp"
	"slices"
	"strings"
)

const groupsVariable = "${user:groups}"

// variablePattern is what counts as a variable. Everything else goes out as it
// was typed: Username, user:email, or ${user.email} with a dot.
var variablePattern = regexp.MustCompile(`\$\{user:[^}]*\}`)

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
		g := i.settings.group(name)
		switch {
		case g == nil:
		case i.faults[VariationADGroups]:
			ids = append(ids, securityID(g.ID))
		default:
			ids = append(ids, g.ID)
		}
	}
	return ids
}

// securityID is what AWS sends for a group that comes from Active Directory:
// the domain and a security identifier, here worked out from the group's ID.
func securityID(groupID string) string {
	return fmt.Sprintf("corp.example.com//S-1-5-21-1004336348-1177238915-682003330-%d", 1000+crc32.ChecksumIEEE([]byte(groupID))%60000)
}

// assigned tells whether the person may use the application: directly, or as a
// direct member of an assigned group, or because it requires no assignment.
func (a *Application) assigned(p *Person) bool {
	return a.OpenToAll || slices.ContainsFunc(a.AssignedPeople, func(u string) bool { return strings.EqualFold(u, p.Username) }) ||
		slices.ContainsFunc(p.Groups, func(g string) bool { return slices.Contains(a.AssignedGroups, g) })
}
