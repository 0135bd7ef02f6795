package configdoc

import (
	"context"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// rules plans the document's rules; without that section, what rules lose with
// the groups and connections that go.
func (p *plan) rules() {
	if p.doc.rules == nil {
		p.shrinkRules()
		return
	}
	have := byKey(p.have.Rules, func(r model.Rule) string { return r.Name })
	wanted := map[string]bool{}
	for _, doc := range *p.doc.rules {
		name := doc.said().Name
		wanted[model.Key(name)] = true
		before, exists := have[model.Key(name)]
		after := p.rule(doc, before, exists)
		if !exists {
			p.do("rule", name, act("create", "create"), func(ctx context.Context, st *store.Store, actor model.Actor) error {
				_, err := st.CreateRule(ctx, actor, after)
				return err
			})
			continue
		}
		p.do("rule", before.Name, differences(ruleSettings, before, after), updateRule(before.Name, after))
	}
	for _, r := range p.have.Rules {
		if !wanted[model.Key(r.Name)] {
			p.removeRule(r, "remove")
		}
	}
}

func updateRule(name string, after model.Rule) func(context.Context, *store.Store, model.Actor) error {
	return func(ctx context.Context, st *store.Store, actor model.Actor) error {
		_, err := st.UpdateRule(ctx, actor, name, func(r *model.Rule) error {
			*r = after
			return nil
		})
		return err
	}
}

func (p *plan) removeRule(r model.Rule, text string) {
	p.do("rule", r.Name, act("remove", text), func(ctx context.Context, st *store.Store, actor model.Actor) error {
		return st.DeleteRule(ctx, actor, r.Name)
	})
}

// rule is a rule as the document wants it, judged as a whole.
func (p *plan) rule(doc thing[model.Rule], before model.Rule, exists bool) model.Rule {
	r := doc.apply(before)
	r.Groups = distinct(r.Groups)
	if !exists && !doc.says("connection") {
		p.problem(doc.at, "a new rule needs its connection.")
	}
	if !exists && !doc.says("when") {
		p.problem(doc.at, "a new rule needs its condition: write when: {always: true} for everybody.")
	}
	if exists && !doc.says("connection") && p.goes(p.doc.namedConnections(), before.Connection) {
		p.problem(doc.at, "the rule's connection “%s” is not in this document, so the rule cannot stay.", before.Connection)
	}
	if !doc.says("groups") {
		r.Groups = p.staying(r.Groups)
	}
	return r
}

// distinct is each name once, in the order given.
func distinct(names []string) []string {
	var once []string
	seen := map[string]bool{}
	for _, n := range names {
		if !seen[model.Key(n)] {
			seen[model.Key(n)] = true
			once = append(once, n)
		}
	}
	return once
}

// goes tells whether a thing is removed because a section that is present does
// not name it.
func (p *plan) goes(named map[string]bool, name string) bool {
	return named != nil && !named[model.Key(name)]
}

// staying are the groups that are not removed.
func (p *plan) staying(groups []string) []string {
	named := p.doc.namedGroups()
	var stay []string
	for _, g := range groups {
		if !p.goes(named, g) {
			stay = append(stay, g)
		}
	}
	return stay
}

func (p *plan) shrinkRules() {
	for _, before := range p.have.Rules {
		if p.goes(p.doc.namedConnections(), before.Connection) {
			p.removeRule(before, "remove, with its connection "+before.Connection)
			continue
		}
		after := before
		after.Groups = p.staying(before.Groups)
		p.do("rule", before.Name, differences(ruleSettings, before, after), updateRule(before.Name, after))
	}
}

// users plans the document's users. Those that it does not name stay.
func (p *plan) users() {
	if p.doc.users == nil {
		return
	}
	have := byKey(p.have.Users, func(u UserState) string { return u.Username })
	for _, doc := range *p.doc.users {
		name := doc.said().Username
		if before, exists := have[model.Key(name)]; exists {
			p.changedUser(doc, before)
			continue
		}
		u := doc.apply(UserState{User: model.User{Active: true, Source: model.UserManual}})
		p.do("user", name, act("create", "create"), func(ctx context.Context, st *store.Store, actor model.Actor) error {
			_, err := st.CreateUserOfDocument(ctx, actor, u.User, distinct(u.Groups))
			return err
		})
	}
}

func (p *plan) changedUser(doc thing[UserState], before UserState) {
	after := doc.apply(before)
	fields := differences(userSettings, before, UserState{User: after.User, Groups: before.Groups}) // each group is a change of its own
	p.do("user", before.Username, fields, func(ctx context.Context, st *store.Store, actor model.Actor) error {
		_, err := st.UpdateUser(ctx, actor, before.Username, func(u *model.User) error {
			*u = doc.apply(UserState{User: *u}).User
			return nil
		})
		return err
	})
	if !doc.says("groups") {
		return
	}
	same := func(s string) string { return s }
	had, want := byKey(before.Groups, same), byKey(after.Groups, same)
	for _, g := range sortedNames(distinct(after.Groups)) {
		if _, member := had[model.Key(g)]; !member {
			p.do("user", after.Username, []edit{{key: "groups", to: g, text: "add to group " + g}}, func(ctx context.Context, st *store.Store, actor model.Actor) error {
				return st.AddMember(ctx, actor, g, after.Username)
			})
		}
	}
	for _, g := range p.staying(sortedNames(before.Groups)) {
		if _, wanted := want[model.Key(g)]; !wanted {
			p.do("user", after.Username, []edit{{key: "groups", from: g, text: "remove from group " + g}}, func(ctx context.Context,
				st *store.Store, actor model.Actor) error {
				return st.RemoveMember(ctx, actor, g, after.Username)
			})
		}
	}
}
