package directory

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/postern-sso/postern/internal/model"
)

// decideGroups makes the memberships that this source gives match its groups. Those of
// others are left alone, as are those of people who are not in the source any more:
// they come back with them.
func (p *planner) decideGroups() {
	local := make(map[string]Group, len(p.in.Known.Groups))
	byID := make(map[int64]Group, len(p.in.Known.Groups))
	for _, g := range p.in.Known.Groups {
		local[model.Key(g.Name)], byID[g.ID] = g, g
	}
	given := map[string][]Membership{}
	for _, m := range p.in.Known.Memberships {
		given[m.Ref] = append(given[m.Ref], m)
	}
	groups := slices.Clone(p.in.Reading.Groups)
	slices.SortFunc(groups, func(a, b model.SourceGroup) int { return cmp.Compare(a.StableID, b.StableID) })
	made := map[string]bool{}
	for _, g := range groups {
		ref := model.SourceRef(p.slug, g.StableID)
		ours, ok := p.ours(g, local)
		if ok {
			if _, there := local[model.Key(ours)]; !there && !made[model.Key(ours)] {
				made[model.Key(ours)] = true
				p.groups = append(p.groups, model.SourceChange{Kind: model.SourceGroupMade, StableID: g.StableID, Group: ours,
					Why: "because the source has it and no group here is called so"})
			}
			target := local[model.Key(ours)]
			var now []string
			for _, m := range given[ref] {
				if m.Group == target.ID && target.ID != 0 {
					now = m.Users
				}
			}
			p.members(g, ref, cmp.Or(target.Name, ours), target.ID, now)
		}
		for _, m := range given[ref] {
			if !ok || m.Group != local[model.Key(ours)].ID {
				p.takeAll(g.StableID, m, byID[m.Group], "because this group of the source is not that group here any more")
			}
		}
		delete(given, ref)
	}
	p.groupsGone(given, byID)
}

// ours is the name that a group of the source has here; not ok: it is none.
func (p *planner) ours(g model.SourceGroup, local map[string]Group) (string, bool) {
	name := model.Canonical(p.in.Source.Groups.Ours(g.Name))
	if name == "" {
		return "", false
	}
	if err := model.CheckGroupName(name); err != nil {
		p.leaveOut(model.LeftOutGroupName, g.StableID, g.Name, fmt.Sprintf("The group “%s” %v.", name, err))
		return "", false
	}
	if there, ok := local[model.Key(name)]; ok && there.ByHandOnly {
		p.leaveOut(model.LeftOutByHandOnly, g.StableID, g.Name, fmt.Sprintf("People come into %s by hand only.", there.Name))
		return "", false
	}
	return name, true
}

// members adds and removes what differs in one group.
func (p *planner) members(g model.SourceGroup, ref, name string, group int64, now []string) {
	has := make(map[string]bool, len(now))
	for _, id := range now {
		has[id] = true
	}
	wants := make(map[string]bool, len(g.Members))
	var added []string
	for _, stableID := range g.Members {
		user := cmp.Or(p.mirror[stableID].UserID, p.linkedNow[stableID])
		switch {
		case user != "" && wants[user]:
		case user != "" && p.users[user] != nil:
			wants[user] = true
			if !has[user] {
				added = append(added, stableID)
			}
		case p.made[stableID] && !wants[stableID]:
			wants[stableID] = true
			added = append(added, stableID)
		}
	}
	var removed []string
	for _, user := range now {
		if !wants[user] && !p.away(user) {
			removed = append(removed, user)
		}
	}
	p.change(g.StableID, ref, name, group, added, removed, len(now), "because the source says so")
}

// away tells whether the user's person is not in the source any more.
func (p *planner) away(user string) bool {
	stableID, linked := p.linkedTo[user]
	return linked && p.gone(stableID)
}

func (p *planner) takeAll(stableID string, m Membership, g Group, why string) {
	p.change(stableID, m.Ref, g.Name, g.ID, nil, slices.Clone(m.Users), len(m.Users), why)
}

func (p *planner) change(stableID, ref, name string, group int64, added, removed []string, had int, why string) {
	p.gives.kept[group] = p.gives.kept[group] || had+len(added) > len(removed)
	if len(added)+len(removed) == 0 {
		return
	}
	slices.Sort(added)
	slices.Sort(removed)
	p.gives.removed[group] += len(removed)
	p.groups = append(p.groups, model.SourceChange{Kind: model.SourceMembers, StableID: stableID, Ref: ref, Group: name, Added: added, Removed: removed, Why: why})
}

// groupsGone takes back what groups gave that are not in the source any more: in a
// complete reading, or by name.
func (p *planner) groupsGone(given map[string][]Membership, byID map[int64]Group) {
	why := "because the group is not in the source any more"
	switch {
	case p.in.Partial:
		why = "because the source removed the group"
		maps.DeleteFunc(given, func(ref string, _ []Membership) bool { return !slices.Contains(p.in.GoneGroups, ref[len(p.slug)+1:]) })
	case !p.in.Reading.GroupsRead && p.in.Source.Groups.Mode != model.GroupsNone:
		return
	}
	var gone []Membership
	for _, memberships := range given {
		gone = append(gone, memberships...)
	}
	slices.SortFunc(gone, func(a, b Membership) int { return cmp.Or(cmp.Compare(a.Ref, b.Ref), cmp.Compare(a.Group, b.Group)) })
	for _, m := range gone {
		p.takeAll(m.Ref[len(p.slug)+1:], m, byID[m.Group], why)
	}
}
