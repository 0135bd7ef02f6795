package provision

import (
	"slices"

	"github.com/postern-sso/postern/internal/model"
)

// Subject is somebody for whom a change of rules is tried.
type Subject struct {
	UserID      string             // whose memberships count
	Person      model.Person       // as last received, with the email as stored
	Received    bool               // false: AWS never sent this person; of Person only the email counts
	Memberships []model.Membership // of the user, from every source
}

// GroupEffect is one group that a change of rules gives or takes.
type GroupEffect struct {
	Group string
	Why   string // of a gain: why it is given after the change; of a loss: why it was given before
}

// Effect is what a change of rules does to one person, sorted by group.
type Effect struct {
	Gains   []GroupEffect
	Losses  []GroupEffect
	Unknown bool // depends on what AWS has never sent; Gains and Losses are empty then
}

// DryRun compares the person's next login under the rules before with the same
// login under the rules after, both through the connection. A group that the
// person has from elsewhere is neither gained nor lost.
func DryRun(connection string, before, after []model.Rule, s Subject) Effect {
	before, after = rulesOf(before, connection), rulesOf(after, connection)
	if unsettled(before, after, s) {
		return Effect{Unknown: true}
	}
	was, becomes := granted(connection, before, s), granted(connection, after, s)
	_, others := split(memberships(s.Memberships, s.UserID), connection)
	return Effect{Gains: missingFrom(was, becomes, others), Losses: missingFrom(becomes, was, others)}
}

// granted are the groups that a login gives by rules, in the order of Decide.
func granted(connection string, rules []model.Rule, s Subject) []GroupEffect {
	d := model.Decision{User: model.User{ID: s.UserID, Email: s.Person.Email}}
	decideGroups(Input{Connection: connection, Person: s.Person,
		Known: model.Known{Rules: rules, Memberships: s.Memberships}}, &d)
	var groups []GroupEffect
	for _, c := range d.Changes {
		if c.What == model.ChangeGroupAdded || c.What == model.ChangeGroupKept {
			groups = append(groups, GroupEffect{Group: c.Name, Why: c.Why})
		}
	}
	return groups
}

// missingFrom are the groups of some that are not in base and not from elsewhere.
func missingFrom(base, some []GroupEffect, others map[string][]string) []GroupEffect {
	var missing []GroupEffect
	for _, g := range some {
		same := func(b GroupEffect) bool { return model.Key(b.Group) == model.Key(g.Group) }
		if len(others[model.Key(g.Group)]) == 0 && !slices.ContainsFunc(base, same) {
			missing = append(missing, g)
		}
	}
	return missing
}

// unsettled tells whether a group that the change touches hangs on something
// that was never received: it may be given already, or not be given at all.
func unsettled(before, after []model.Rule, s Subject) bool {
	if s.Received {
		return false
	}
	touched := map[string]bool{}
	for _, r := range slices.Concat(without(before, after), without(after, before)) {
		for _, g := range r.Groups {
			touched[model.Key(g)] = true
		}
	}
	for _, r := range slices.Concat(before, after) {
		if r.Kind == model.RuleAlways || r.Kind == model.RuleEmailDomain && s.Person.Email != "" {
			continue
		}
		if slices.ContainsFunc(r.Groups, func(g string) bool { return touched[model.Key(g)] }) {
			return true
		}
	}
	return false
}

// without are the rules that have no equal among the others.
func without(rules, others []model.Rule) []model.Rule {
	var only []model.Rule
	for _, r := range rules {
		if !slices.ContainsFunc(others, func(o model.Rule) bool { return sayTheSame(r, o) }) {
			only = append(only, r)
		}
	}
	return only
}

func sayTheSame(a, b model.Rule) bool {
	return a.Name == b.Name && a.Kind == b.Kind && a.Attribute == b.Attribute && a.Value == b.Value && slices.Equal(a.Groups, b.Groups)
}
