package provision

import (
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

// decideGroups makes the user's memberships by rules of this connection match
// the rules. Every other membership is left alone: those by hand, from LDAP,
// from AWS, and those by rules of another connection.
func decideGroups(in Input, d *model.Decision) {
	person := in.Person
	person.Email = d.User.Email // as stored after this decision
	rules := rulesOf(in.Known.Rules, in.Connection)
	have := memberships(in.Known.Memberships, d.User.ID)
	mine, others := split(have, in.Connection)

	matched := matching(rules, person)
	carried := carriedOver(rules, mine, person)
	all := byHandOnly(slices.Concat(matched, carried), rules, d)
	grants := grantsOf(all)

	for _, g := range grants {
		m, member := mine[model.Key(g.Group)]
		what, why := model.ChangeGroupAdded, because(all, g.Group)
		if member {
			what = model.ChangeGroupKept
		}
		if !member || m.Origin != g.Origin {
			d.AddGroups = append(d.AddGroups, g)
		}
		d.Changes = append(d.Changes, model.Change{What: what, Name: g.Group, Why: why})
		delete(mine, model.Key(g.Group))
	}
	for _, m := range sorted(mine) {
		why := "because no rule of this connection gives it any more"
		if sources := others[model.Key(m.Group)]; len(sources) > 0 {
			why += "; the person stays in the group " + strings.Join(sources, " and ")
		}
		d.RemoveGroups = append(d.RemoveGroups, m.Group)
		d.Changes = append(d.Changes, model.Change{What: model.ChangeGroupRemoved, Name: m.Group, Why: why})
	}
}

// byHandOnly leaves out what rules give although people come into the group by hand
// only, and says so.
func byHandOnly(reasons []reason, rules []model.Rule, d *model.Decision) []reason {
	closed := map[string]bool{}
	for _, r := range rules {
		for _, g := range r.ByHandOnly {
			closed[model.Key(g)] = true
		}
	}
	said := map[string]bool{}
	return slices.DeleteFunc(reasons, func(r reason) bool {
		key := model.Key(r.group)
		if closed[key] && !said[key] {
			said[key] = true
			d.Changes = append(d.Changes, model.Change{What: model.ChangeGroupClosed, Name: r.group,
				Why: "although the rule “" + r.rule + "” " + r.why + ": people come into this group by hand only"})
		}
		return closed[key]
	})
}

// carriedOver are the reasons that stand because AWS did not send the groups
// attribute in this login: an absent attribute is not "no groups". A rule by AWS
// group counts on for each group that it still gives and that, by the origin of
// the membership, it gave before. A rule that was deleted or renamed since then,
// or gives the group no more, does not count.
func carriedOver(rules []model.Rule, mine map[string]model.Membership, p model.Person) []reason {
	if p.AWSGroupsSent {
		return nil
	}
	var reasons []reason
	for _, r := range rules {
		if r.Kind != model.RuleAWSGroup || Matches(r, p) {
			continue
		}
		for _, g := range r.Groups {
			m, member := mine[model.Key(g)]
			if member && names(m.Origin, r.Name) {
				reasons = append(reasons, reason{group: g, rule: r.Name,
					why: "gave it at an earlier login and AWS did not send the person's groups this time"})
			}
		}
	}
	return reasons
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
