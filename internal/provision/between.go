package provision

import "github.com/postern-sso/postern/internal/model"

// Last is what is known of somebody between two logins.
type Last struct {
	// Person is whom AWS described at their last login, as far as rules look at it and as
	// it was kept; the email is the user's of now.
	Person model.Person
	// Whole: every attribute that AWS sent then is in Person.
	Whole bool
}

// unknown tells whether only the next login can say that the rule's condition does not hold.
func (l Last) unknown(r model.Rule) bool {
	switch r.Kind {
	case model.RuleAlways, model.RuleEmailDomain:
		return false
	case model.RuleAWSGroup:
		return !l.Whole || !l.Person.AWSGroupsSent
	default:
		return !l.Whole
	}
}

// RuleGain is a group that rules give somebody who did not have it by them.
type RuleGain struct {
	model.GroupGrant
	Why string // "because rule “…” …"
}

// RuleLoss is a membership that rules take back.
type RuleLoss struct {
	model.Membership
	Why string // "because no rule …"
}

// Between says what rules of one connection give and take between two logins: what the
// next login would, if AWS described the person as it did last. mine are the memberships
// of the person by rules of the connection. What hangs on something that is not known
// stays as it is.
func Between(rules []model.Rule, last Last, mine []model.Membership) (gains []RuleGain, losses []RuleLoss) {
	have := make(map[string]model.Membership, len(mine))
	for _, m := range mine {
		have[model.Key(m.Group)] = m
	}
	j := judge(rules, have, last.Person, func(r model.Rule, _ model.Membership) bool { return last.unknown(r) })
	for _, g := range j.grants {
		if _, member := have[model.Key(g.Group)]; !member {
			gains = append(gains, RuleGain{GroupGrant: g, Why: because(j.reasons, g.Group)})
		}
	}
	for _, m := range j.lost {
		losses = append(losses, RuleLoss{Membership: m, Why: "because " + noRule})
	}
	return gains, losses
}
