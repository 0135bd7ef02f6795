package provision

import (
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

// decideGroups makes the user's memberships by rules of this connection match
// the rules. Every other membership is left alone: those by hand, from sources,
// and those by rules of another connection.
func decideGroups(in Input, d *model.Decision) {
	person := in.Person
	person.Email = d.User.Email // as stored after this decision
	have := memberships(in.Known.Memberships, d.User.ID)
	mine, others := split(have, in.Connection)
	j := judge(rulesOf(in.Known.Rules, in.Connection), mine, person, func(r model.Rule, m model.Membership) bool {
		return carriedOver(r, m, person)
	})
	d.Changes = append(d.Changes, closedWords(j.closed)...)
	for _, g := range j.grants {
		m, member := mine[model.Key(g.Group)]
		what, why := model.ChangeGroupAdded, because(j.reasons, g.Group)
		if member {
			what = model.ChangeGroupKept
		}
		if !member || m.Origin != g.Origin {
			d.AddGroups = append(d.AddGroups, g)
		}
		d.Changes = append(d.Changes, model.Change{What: what, Name: g.Group, Why: why})
	}
	for _, m := range j.lost {
		why := "because " + noRule
		if sources := others[model.Key(m.Group)]; len(sources) > 0 {
			why += "; the person stays in the group " + strings.Join(sources, " and ")
		}
		d.RemoveGroups = append(d.RemoveGroups, m.Group)
		d.Changes = append(d.Changes, model.Change{What: model.ChangeGroupRemoved, Name: m.Group, Why: why})
	}
}

// noRule is why rules take a group away.
const noRule = "no rule of this connection gives it any more"

// judged is what the rules of one connection make of a person's groups.
type judged struct {
	reasons []reason           // of everything that is given
	closed  []reason           // of what is not, because people come into the group by hand only
	grants  []model.GroupGrant // by group
	lost    []model.Membership // that rules gave before and none gives now, by group
}

// judge says what the rules of one connection give a person. mine are the memberships
// by these rules so far, by the group's key. stands tells of a rule whose condition does
// not hold, as far as is known, whether the membership stands by it all the same.
func judge(rules []model.Rule, mine map[string]model.Membership, p model.Person, stands func(model.Rule, model.Membership) bool) judged {
	var j judged
	for _, r := range rules {
		holds := Matches(r, p)
		for _, g := range r.Groups {
			m, member := mine[model.Key(g)]
			switch {
			case holds:
				j.reasons = append(j.reasons, reason{group: g, rule: r.Name, why: condition(r)})
			case member && stands(r, m):
				j.reasons = append(j.reasons, reason{group: g, rule: r.Name, why: stood})
			}
		}
	}
	j.reasons, j.closed = byHandOnly(j.reasons, rules)
	j.grants = grantsOf(j.reasons)
	given := map[string]bool{}
	for _, g := range j.grants {
		given[model.Key(g.Group)] = true
	}
	for _, m := range sorted(mine) {
		if !given[model.Key(m.Group)] {
			j.lost = append(j.lost, m)
		}
	}
	return j
}

// byHandOnly parts what rules give from what they would give if people did not come
// into the group by hand only.
func byHandOnly(reasons []reason, rules []model.Rule) (open, closed []reason) {
	shut := map[string]bool{}
	for _, r := range rules {
		for _, g := range r.ByHandOnly {
			shut[model.Key(g)] = true
		}
	}
	for _, r := range reasons {
		if shut[model.Key(r.group)] {
			closed = append(closed, r)
		} else {
			open = append(open, r)
		}
	}
	return open, closed
}

// closedWords says of each group that is by hand only, once, that a rule would give it.
func closedWords(closed []reason) []model.Change {
	var changes []model.Change
	said := map[string]bool{}
	for _, r := range closed {
		if key := model.Key(r.group); !said[key] {
			said[key] = true
			changes = append(changes, model.Change{What: model.ChangeGroupClosed, Name: r.group,
				Why: "although the rule “" + r.rule + "” " + r.why + ": people come into this group by hand only"})
		}
	}
	return changes
}

// stood is why a rule gives a group whose condition could not be judged at a login.
const stood = "gave it at an earlier login and AWS did not send the person's groups this time"

// carriedOver tells whether a membership stands because AWS did not send the groups
// attribute in this login: an absent attribute is not "no groups". A rule by AWS
// group counts on for each group that it still gives and that, by the origin of
// the membership, it gave before. A rule that was deleted or renamed since then,
// or gives the group no more, does not count.
func carriedOver(r model.Rule, m model.Membership, p model.Person) bool {
	return r.Kind == model.RuleAWSGroup && !p.AWSGroupsSent && names(m.Origin, r.Name)
}

// names tells whether a membership's origin names the rule. A rule's own name may
// hold the separator.
func names(origin, rule string) bool {
	return strings.Contains(originSeparator+origin+originSeparator, originSeparator+rule+originSeparator)
}

// rulesOf are the rules of one connection.
func rulesOf(rules []model.Rule, connection string) []model.Rule {
	var own []model.Rule
	for _, r := range rules {
		if r.Connection == connection {
			own = append(own, r)
		}
	}
	return own
}

// memberships are those of one user; a user who is yet to be created has none.
func memberships(all []model.Membership, userID string) []model.Membership {
	var own []model.Membership
	for _, m := range all {
		if userID != "" && m.UserID == userID {
			own = append(own, m)
		}
	}
	return own
}

// split parts memberships into those that rules of this connection gave, by
// group, and for each group of the others how the person came into it.
func split(all []model.Membership, connection string) (mine map[string]model.Membership, others map[string][]string) {
	mine, others = map[string]model.Membership{}, map[string][]string{}
	for _, m := range all {
		key := model.Key(m.Group)
		if m.Source == model.MemberRule && m.Ref == connection {
			mine[key] = m
			continue
		}
		others[key] = append(others[key], sourceWords(m))
	}
	return mine, others
}

func sourceWords(m model.Membership) string {
	switch m.Source {
	case model.MemberManual:
		return "by hand"
	case model.MemberSource:
		return "by the source " + model.SourceOfRef(m.Ref)
	default:
		return "by a rule of connection " + m.Ref
	}
}

// sorted are the memberships in the order of their groups' names.
func sorted(byGroup map[string]model.Membership) []model.Membership {
	var all []model.Membership
	for _, m := range byGroup {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b model.Membership) int { return strings.Compare(a.Group, b.Group) })
	return all
}
