package directory

import (
	"cmp"
	"slices"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/provision"
)

// homeOf is somebody whose home the source is, and whom it has.
type homeOf struct {
	stableID string
	user     *User
	email    string // as the plan leaves it
}

// decideRules works out anew what rules give the people whose home the source is, as
// far as it is known since their last login. Whoever may not sign in, and who may use
// the console, is left alone, as is who never signed in.
func (p *planner) decideRules() {
	if len(p.in.Known.SignedIn) == 0 {
		return
	}
	r := newRulePlan(p)
	for _, h := range p.homes {
		if h.user.Administrator || !p.active(h.user) {
			continue
		}
		for _, s := range r.signedIn[h.user.ID] {
			r.decide(h, s)
		}
	}
	p.byRules = r.all()
}

// active tells whether the user is active when the plan is carried out.
func (p *planner) active(u *User) bool {
	active := u.Active
	for _, c := range p.byUser[u.ID] {
		active = c.After.Active
	}
	return active
}

// rulePlan gathers what rules give and take.
type rulePlan struct {
	*planner
	signedIn map[string][]SignedIn       // by user
	have     map[string][]RuleMembership // by user
	local    map[string]Group            // by the key of the name
	names    map[int64]string
	changes  map[ruleChange]*model.SourceChange
}

// ruleChange is what people have in common who are in one change.
type ruleChange struct {
	connection, group, origin, why string
	comes                          bool
}

func newRulePlan(p *planner) *rulePlan {
	k := &p.in.Known
	r := &rulePlan{planner: p, signedIn: make(map[string][]SignedIn, len(k.SignedIn)), have: map[string][]RuleMembership{},
		local: make(map[string]Group, len(k.Groups)), names: make(map[int64]string, len(k.Groups)), changes: map[ruleChange]*model.SourceChange{}}
	for _, s := range k.SignedIn {
		r.signedIn[s.User] = append(r.signedIn[s.User], s)
	}
	for _, m := range k.ByRule {
		r.have[m.User] = append(r.have[m.User], m)
	}
	for _, g := range k.Groups {
		r.local[model.Key(g.Name)], r.names[g.ID] = g, g.Name
	}
	return r
}

func (r *rulePlan) decide(h homeOf, s SignedIn) {
	last := *s.Last
	last.Person.Email = h.email
	var mine []model.Membership
	for _, m := range r.have[h.user.ID] {
		if m.Connection == s.Connection && r.names[m.Group] != "" {
			mine = append(mine, model.Membership{GroupID: m.Group, Group: r.names[m.Group], Origin: m.Origin})
		}
	}
	gains, losses := provision.Between(r.in.Known.Rules[s.Connection], last, mine)
	for _, g := range gains {
		group, there := r.local[model.Key(g.Group)]
		if !there || group.ByHandOnly {
			continue
		}
		r.rules.kept[group.ID] = true
		c := r.change(ruleChange{s.Connection, group.Name, g.Origin, g.Why, true})
		c.Added = append(c.Added, h.stableID)
	}
	for _, m := range losses {
		r.rules.removed[m.GroupID]++
		c := r.change(ruleChange{s.Connection, m.Group, m.Origin, m.Why, false})
		c.Removed = append(c.Removed, h.user.ID)
	}
}

func (r *rulePlan) change(of ruleChange) *model.SourceChange {
	c, ok := r.changes[of]
	if !ok {
		c = &model.SourceChange{Kind: model.SourceByRule, Ref: of.connection, Group: of.group, Origin: of.origin, Why: of.why}
		r.changes[of] = c
	}
	return c
}

// all are the changes in an order that depends on nothing but them.
func (r *rulePlan) all() []model.SourceChange {
	for _, m := range r.in.Known.ByRule {
		r.rules.had[m.Group]++
	}
	for group, had := range r.rules.had {
		r.rules.kept[group] = r.rules.kept[group] || had > r.rules.removed[group]
	}
	all := make([]model.SourceChange, 0, len(r.changes))
	for _, c := range r.changes {
		slices.Sort(c.Added)
		slices.Sort(c.Removed)
		all = append(all, *c)
	}
	slices.SortFunc(all, func(a, b model.SourceChange) int {
		return cmp.Or(cmp.Compare(a.Ref, b.Ref), cmp.Compare(a.Group, b.Group), cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.Why, b.Why),
			cmp.Compare(len(a.Removed), len(b.Removed)))
	})
	return all
}
