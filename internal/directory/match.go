package directory

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

// match finds the user who a person of the source is. Without one and with ok the
// person is new. Without ok nothing happens: why is left out already. The order is
// that of the design: the link, ids that two sources share, the AWS user id, and the
// username where users may be taken over.
func (p *planner) match(person model.SourcePerson, username string) (u *User, ok bool) {
	if m, known := p.mirror[person.StableID]; known && m.UserID != "" {
		u := p.users[m.UserID]
		return u, u != nil // without: the user is gone from what was loaded, and stays alone
	}
	found := p.byIDs(person)
	switch {
	case len(found) > 1:
		p.leaveOut(model.ConflictTwoUsers, person.StableID, username, fmt.Sprintf("The ids of “%s” lead to %d users here. Decide which of them it is.",
			username, len(found)), ids(found)...)
		return nil, false
	case len(found) == 1:
		return p.unlessTaken(person, username, found[0])
	}
	u = p.named[model.Key(username)]
	if u == nil {
		return nil, true
	}
	return p.byUsername(person, username, u)
}

// byIDs are the users to whom ids of the person lead, each once.
func (p *planner) byIDs(person model.SourcePerson) []*User {
	var found []*User
	add := func(id string) {
		if u := p.users[id]; u != nil && !slices.Contains(found, u) {
			found = append(found, u)
		}
	}
	for _, id := range append([]string{person.StableID}, person.ForeignIDs...) {
		if id == "" {
			continue
		}
		for _, o := range p.foreign[foreignKey(id)] {
			add(o.UserID)
		}
	}
	if p.in.Source.Kind == model.SourceAWS {
		add(p.in.Known.Identities[person.StableID])
	}
	slices.SortFunc(found, func(a, b *User) int { return strings.Compare(a.ID, b.ID) })
	return found
}

// unlessTaken is the user, unless another person of the source is linked to them, or
// they are out of every source's reach.
func (p *planner) unlessTaken(person model.SourcePerson, username string, u *User) (*User, bool) {
	if other, linked := p.linkedTo[u.ID]; linked && other != person.StableID {
		p.leaveOut(model.ConflictTwoUsers, person.StableID, username, fmt.Sprintf("Two people of the source lead to the user %s: %s and “%s”.",
			u.Username, p.describe(other), username), u.ID)
		return nil, false
	}
	if u.Administrator {
		p.leaveOut(model.LeftOutAdministrator, person.StableID, username, u.Username+
			" may use this console. Sources do not touch such users; an administrator looks after them by hand.", u.ID)
		return nil, false
	}
	return u, true
}

// byUsername decides about a user who is there already under the person's username.
func (p *planner) byUsername(person model.SourcePerson, username string, u *User) (*User, bool) {
	other, linked := p.linkedTo[u.ID]
	switch {
	case linked && p.givesUp(other, username):
		return nil, true // whether it comes to that is settled when all names are known
	case linked && p.gone(other):
		p.leaveOut(model.ConflictReusedName, person.StableID, username, fmt.Sprintf("The source gave the username “%s” to somebody else: "+
			"it had another id before. What %s did here belongs to the first.", username, u.Username), u.ID)
	case linked:
		p.leaveOut(model.ConflictUsernameTaken, person.StableID, username, fmt.Sprintf("“%s” is the user of another person of the source, %s.",
			username, p.describe(other)), u.ID)
	case u.Administrator:
		return p.unlessTaken(person, username, u)
	case u.Home != "":
		p.leaveOut(model.ConflictUsernameTaken, person.StableID, username, fmt.Sprintf("The user %s belongs to the source %s.", u.Username, u.Home), u.ID)
	case p.in.Source.Kind == model.SourceAWS && p.contradicts(u, person.StableID):
		p.leaveOut(model.ConflictReusedName, person.StableID, username, fmt.Sprintf("The user %s signed in as another AWS person than “%s”, "+
			"whose id is %s.", u.Username, username, person.StableID), u.ID)
	case !p.in.Source.AdoptExisting:
		p.leaveOut(model.ConflictUsernameTaken, person.StableID, username, fmt.Sprintf("The user %s was here before, and this source takes over nobody.",
			u.Username), u.ID)
	default:
		return u, true
	}
	return nil, false
}

// givesUp tells whether the source calls the person otherwise now.
func (p *planner) givesUp(stableID, username string) bool {
	read := p.read[stableID]
	return read != nil && model.Key(read.Username) != model.Key(username)
}

// gone tells whether the person is not in the source any more.
func (p *planner) gone(stableID string) bool {
	if p.read[stableID] != nil {
		return false
	}
	return !p.in.Partial || !p.mirror[stableID].Present || slices.Contains(p.in.Gone, stableID)
}

// contradicts tells whether AWS has sent the user only with other ids.
func (p *planner) contradicts(u *User, stableID string) bool {
	known := p.awsIDs[u.ID]
	return len(known) > 0 && !slices.Contains(known, stableID)
}

func (p *planner) describe(stableID string) string {
	name := p.mirror[stableID].Username
	if read := p.read[stableID]; read != nil {
		name = read.Username
	}
	return "“" + name + "”"
}

func ids(users []*User) []string {
	all := make([]string, len(users))
	for i, u := range users {
		all[i] = u.ID
	}
	return all
}
