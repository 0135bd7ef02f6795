package ldap

import (
	"fmt"
	"slices"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
)

// Bounds of groups in groups.
const (
	maxNesting     = 10         // levels below a group whose members count as its own
	maxMemberships = 10_000_000 // of all groups together
)

// expansion counts the members of groups together, those of member groups among them.
type expansion struct {
	people   *people
	groups   *groups
	children [][]int32
	nested   bool
	seen     []int32 // by person: the last group that they were counted in, plus one
	visited  []int32 // the same by group
	total    int
	unknown  int // names of members that are neither people nor groups
	deep     int // groups with more levels than count
}

// together gives the groups with all their members, at most so many in all.
func (s *session) together(p *people, g *groups, limit int) ([]model.SourceGroup, error) {
	x := &expansion{people: p, groups: g, nested: s.layout.nested, children: make([][]int32, len(g.all)),
		seen: make([]int32, len(p.all)), visited: make([]int32, len(g.all))}
	x.link()
	out := make([]model.SourceGroup, len(g.all))
	for i := range g.all {
		out[i] = g.all[i].out
		out[i].Members = x.members(i)
		if x.total > limit {
			return nil, &directory.ReadError{Reason: "too_many_members", Remedy: "Choose a narrower base or filter for the groups.",
				Detail: fmt.Sprintf("The groups have more than %s together, with those of groups in groups.", model.Count(limit, "member", "members"))}
		}
	}
	if x.unknown > 0 {
		s.remark(model.Count(x.unknown, "member of a group is", "members of groups are") +
			" neither among the people nor among the groups that were read: outside of the base or the filter, or of another domain.")
	}
	if x.deep > 0 {
		s.remark(fmt.Sprintf("%s groups in more than %d levels. What is below does not count.", model.Count(x.deep, "group has", "groups have"), maxNesting))
	}
	return out, nil
}

// link finds the groups among the members.
func (x *expansion) link() {
	for i := range x.groups.all {
		for _, dn := range x.groups.all[i].others {
			if at, ok := x.groups.names.find(dn); ok {
				x.children[i] = append(x.children[i], at)
			} else {
				x.unknown++
			}
		}
	}
}

// members are the stable ids of a group's people, in order, each once. A group that
// is in itself, by whatever way, is visited once.
func (x *expansion) members(of int) []string {
	mark := int32(of) + 1
	var ids []string
	level := []int32{int32(of)}
	x.visited[of] = mark
	for depth := 0; len(level) > 0; depth++ {
		var next []int32
		for _, g := range level {
			for _, p := range x.groups.all[g].people {
				if x.seen[p] != mark {
					x.seen[p] = mark
					ids = append(ids, x.people.all[p].StableID)
				}
			}
			for _, child := range x.children[g] {
				if x.nested && x.visited[child] != mark {
					x.visited[child] = mark
					next = append(next, child)
				}
			}
		}
		if depth == maxNesting && len(next) > 0 {
			x.deep++
			break
		}
		level = next
	}
	x.total += len(ids)
	slices.Sort(ids)
	return slices.Compact(ids)
}
