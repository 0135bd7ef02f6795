package directory

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/postern-sso/postern/internal/model"
)

// groupsFrom is how many members a group has before a share of it means something.
const groupsFrom = 10

// holds are the limits that the plan is over, together with what was done in the last
// 24 hours without a person's approval.
func (p *planner) holds(plan model.SourcePlan) []model.Hold {
	l, recent := p.in.Source.Limits, p.in.Known.Recent
	var holds []model.Hold
	share := func(kind model.HoldKind, would, before, percent, least int) {
		of := p.in.Known.Active + recent.Deactivated
		h := model.Hold{Kind: kind, Would: would, Before: before, Allowed: max(least, of*percent/100), Of: of, Common: common(plan.Changes, kind)}
		if would > 0 && would+before > h.Allowed {
			holds = append(holds, h)
		}
	}
	share(model.HoldDeactivations, plan.Counts.Deactivated, recent.Deactivated, l.DeactivatePercent, l.DeactivateMin)
	share(model.HoldRenames, renames(plan.Changes), recent.Renamed, l.RenamePercent, l.RenameMin)
	return append(holds, p.groupHolds()...)
}

// Limited tells whether a plan does what limits count: else it needs no counting.
func Limited(plan model.SourcePlan) bool {
	return plan.Counts.Deactivated > 0 || plan.Counts.MembershipsRemoved > 0 || renames(plan.Changes) > 0
}

// SizeThatMatters is how far the members of groups need counting when a plan removes
// so many: a group that has as many, or more, is not held, however many they are.
func SizeThatMatters(l model.SourceLimits, would int, recent Recent) int {
	if l.GroupPercent <= 0 {
		return math.MaxInt32
	}
	before := 0
	for _, counted := range []map[int64]int{recent.Removed, recent.RuleRemoved} {
		for _, removed := range counted {
			before = max(before, removed)
		}
	}
	return max(groupsFrom, would+1, ((would+before)*100+l.GroupPercent-1)/l.GroupPercent)
}

// renames counts users who get another username, those who are taken over among them.
func renames(changes []model.SourceChange) int {
	n := 0
	for _, c := range changes {
		if c.UserID != "" && model.Key(c.Before.Username) != model.Key(c.After.Username) {
			n++
		}
	}
	return n
}

// common is the place where all people stood whom the hold is about.
func common(changes []model.SourceChange, kind model.HoldKind) string {
	place, first := "", true
	for _, c := range changes {
		if kind != model.HoldDeactivations || c.Kind != model.SourceDeactivated {
			continue
		}
		if !first && c.Place != place {
			return ""
		}
		place, first = c.Place, false
	}
	return place
}

func (p *planner) groupHolds() []model.Hold {
	for _, m := range p.in.Known.Memberships {
		p.gives.had[m.Group] += len(m.Users)
	}
	maps.Copy(p.gives.had, p.in.Known.Sizes)
	maps.Copy(p.rules.had, p.in.Known.RuleSizes)
	recent := p.in.Known.Recent
	var holds []model.Hold
	groups := slices.SortedFunc(slices.Values(p.in.Known.Groups), func(a, b Group) int { return cmp.Compare(model.Key(a.Name), model.Key(b.Name)) })
	for _, g := range groups {
		if h := p.groupHold(g, p.gives, recent.Removed[g.ID]); h.Kind != "" {
			holds = append(holds, h)
		}
		if h := p.groupHold(g, p.rules, recent.RuleRemoved[g.ID]); h.Kind != "" {
			h.ByRule = true
			holds = append(holds, h)
		}
	}
	return holds
}

// groupHold is the limit that a group is over; without a kind it is over none.
func (p *planner) groupHold(g Group, t tally, before int) model.Hold {
	would, percent := t.removed[g.ID], p.in.Source.Limits.GroupPercent
	of := t.had[g.ID] + before
	h := model.Hold{Group: g.Name, Would: would, Before: before, Of: of}
	switch {
	case would == 0:
	case !t.kept[g.ID] && would == t.had[g.ID] && (of >= groupsFrom || g.Privileged):
		h.Kind = model.HoldGroupEmptied
	case of >= groupsFrom && (would+before)*100 > percent*of:
		h.Kind, h.Allowed = model.HoldGroupShrinks, of*percent/100
	}
	return h
}
