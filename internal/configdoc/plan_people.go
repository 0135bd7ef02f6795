package configdoc

import (
	"context"
	"slices"

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
		wanted[model.Key(doc.name)] = true
		before, exists := have[model.Key(doc.name)]
		after := p.rule(doc, before, exists)
		if !exists {
			p.do("rule", doc.name, []string{"create"}, func(ctx context.Context, st *store.Store, actor model.Actor) error {
				_, err := st.CreateRule(ctx, actor, after)
				return err
			})
			continue
		}
		p.do("rule", before.Name, ruleChanges(before, after), updateRule(before.Name, after))
	}
	for _, r := range p.have.Rules {
		if !wanted[model.Key(r.Name)] {
			p.removeRule(r, "remove")
		}
	}
}

func ruleChanges(before, after model.Rule) []string {
	return texts(differs("name", before.Name, after.Name), differs("connection", before.Connection, after.Connection),
		differs("when", condition(before), condition(after)), groupsDiffer(before.Groups, after.Groups))
}

// groupsDiffer compares groups as names are compared: the order and the case do
// not matter.
func groupsDiffer(before, after []string) string {
	same := func(a, b string) bool { return model.Key(a) == model.Key(b) }
	if slices.EqualFunc(sortedNames(before), sortedNames(after), same) {
		return ""
	}
	return differs("groups", sortedNames(before), sortedNames(after))
}

// condition is a rule's condition as the document writes it.
func condition(r model.Rule) string {
	switch r.Kind {
	case model.RuleAttribute:
		return "{attribute: " + r.Attribute + ", equals: " + r.Value + "}"
	case model.RuleAlways:
		return "{always: true}"
	default:
		return "{" + string(r.Kind) + ": " + r.Value + "}"
	}
}

func updateRule(name string, after model.Rule) func(context.Context, *store.Store, model.Actor) error {
	return func(ctx context.Context, st *store.Store, actor model.Actor) error {
		_, err := st.UpdateRule(ctx, actor, name, func(r *model.Rule) error {
			r.Name, r.Connection, r.Groups = after.Name, after.Connection, after.Groups
			r.Kind, r.Attribute, r.Value = after.Kind, after.Attribute, after.Value
			return nil
		})
		return err
	}
}

func (p *plan) removeRule(r model.Rule, text string) {
	p.do("rule", r.Name, []string{text}, func(ctx context.Context, st *store.Store, actor model.Actor) error {
		return st.DeleteRule(ctx, actor, r.Name)
	})
}

// rule is a rule as the document wants it, judged as a whole.
func (p *plan) rule(doc ruleDoc, before model.Rule, exists bool) model.Rule {
	r := before
	r.Name = doc.name
	set(&r.Connection, doc.connection)
	set(&r.Groups, doc.groups)
	r.Groups = distinct(r.Groups)
	if doc.when != nil {
		r.Kind, r.Attribute, r.Value = doc.when.Kind, doc.when.Attribute, doc.when.Value
	}
	if !exists && doc.connection == nil {
		p.problem(doc.at, "a new rule needs its connection.")
	}
	if !exists && doc.when == nil {
		p.problem(doc.at, "a new rule needs its condition: write when: {always: true} for everybody.")
	}
	if exists && doc.connection == nil && p.goes(p.doc.namedConnections(), before.Connection) {
		p.problem(doc.at, "the rule's connection “%s” is not in this document, so the rule cannot stay.", before.Connection)
	}
	if doc.groups == nil {
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
		p.do("rule", before.Name, ruleChanges(before, after), updateRule(before.Name, after))
	}
}

// users plans the document's users. Those that it does not name stay.
func (p *plan) users() {
	if p.doc.users == nil {
		return
	}
	have := byKey(p.have.Users, func(u UserState) string { return u.Username })
	for _, doc := range *p.doc.users {
		if before, exists := have[model.Key(doc.username)]; exists {
			p.changedUser(doc, before)
			continue
		}
		u := doc.apply(model.User{Username: doc.username, Active: true, Source: model.UserManual})
		var groups []string
		set(&groups, doc.groups)
		groups = distinct(groups)
		p.do("user", doc.username, []string{"create"}, func(ctx context.Context, st *store.Store, actor model.Actor) error {
			_, err := st.CreateUser(ctx, actor, u, groups)
			return err
		})
	}
}

func (u userDoc) apply(to model.User) model.User {
	to.Username = u.username
	set(&to.Email, u.email)
	set(&to.DisplayName, u.displayName)
	set(&to.Active, u.active)
	return to
}

func (p *plan) changedUser(doc userDoc, before UserState) {
	after := doc.apply(before.User)
	fields := texts(differs("username", before.Username, after.Username), differs("email", before.Email, after.Email),
		differs("display_name", before.DisplayName, after.DisplayName), differs("active", before.Active, after.Active))
	p.do("user", before.Username, fields, func(ctx context.Context, st *store.Store, actor model.Actor) error {
		_, err := st.UpdateUser(ctx, actor, before.Username, func(u *model.User) error {
			*u = doc.apply(*u)
			return nil
		})
		return err
	})
	if doc.groups == nil {
		return
	}
	same := func(s string) string { return s }
	had, want := byKey(before.Groups, same), byKey(*doc.groups, same)
	for _, g := range sortedNames(distinct(*doc.groups)) {
		if _, member := had[model.Key(g)]; !member {
			p.do("user", after.Username, []string{"add to group " + g}, func(ctx context.Context, st *store.Store, actor model.Actor) error {
				return st.AddMember(ctx, actor, g, after.Username)
			})
		}
	}
	for _, g := range p.staying(sortedNames(before.Groups)) {
		if _, wanted := want[model.Key(g)]; !wanted {
			p.do("user", after.Username, []string{"remove from group " + g}, func(ctx context.Context, st *store.Store, actor model.Actor) error {
				return st.RemoveMember(ctx, actor, g, after.Username)
			})
		}
	}
}
