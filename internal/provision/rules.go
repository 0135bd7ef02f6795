package provision

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

// originSeparator is between the names of rules in a membership's origin.
const originSeparator = ", "

// Matches tells whether the rule's condition holds for the person. Names of
// attributes are compared byte by byte; their values and AWS group ids as texts,
// however their characters are encoded; an email domain as a key. An unknown or
// incomplete condition never holds.
func Matches(r model.Rule, p model.Person) bool {
	switch r.Kind {
	case model.RuleAlways:
		return true
	case model.RuleEmailDomain:
		domain := model.EmailDomain(p.Email)
		return domain != "" && domain == model.CanonicalDomain(r.Value)
	case model.RuleAttribute:
		return r.Attribute != "" && has(p.Attributes[r.Attribute], r.Value)
	case model.RuleAWSGroup:
		return r.Value != "" && has(p.AWSGroups, r.Value)
	default:
		return false
	}
}

func has(values []string, v string) bool {
	return slices.ContainsFunc(values, func(sent string) bool { return model.SameText(sent, v) })
}

// reason is one rule's giving of one group.
type reason struct{ group, rule, why string }

// because puts the reasons for one group in words.
func because(reasons []reason, group string) string {
	var parts []string
	for _, r := range reasons {
		if model.Key(r.group) == model.Key(group) {
			parts = append(parts, fmt.Sprintf("rule “%s” %s", r.rule, r.why))
		}
	}
	slices.Sort(parts)
	return "because " + strings.Join(slices.Compact(parts), ", and ")
}

// condition is what a rule that holds says, as the end of a sentence.
func condition(r model.Rule) string {
	switch r.Kind {
	case model.RuleAlways:
		return "applies to everybody"
	case model.RuleEmailDomain:
		return "matches the email domain " + model.CanonicalDomain(r.Value)
	case model.RuleAttribute:
		return fmt.Sprintf("matches the value “%s” of the attribute %s", r.Value, r.Attribute)
	case model.RuleAWSGroup:
		return "matches the AWS group " + r.AWSGroup()
	default:
		return "has an unknown condition"
	}
}

// grantsOf gathers reasons by group.
func grantsOf(reasons []reason) []model.GroupGrant {
	names, origins := map[string]string{}, map[string][]string{}
	for _, r := range reasons {
		key := model.Key(r.group)
		if _, ok := names[key]; !ok {
			names[key] = r.group
		}
		origins[key] = append(origins[key], r.rule)
	}
	var grants []model.GroupGrant
	for key, rules := range origins {
		slices.Sort(rules)
		grants = append(grants, model.GroupGrant{Group: names[key], Origin: strings.Join(slices.Compact(rules), originSeparator)})
	}
	slices.SortFunc(grants, func(a, b model.GroupGrant) int { return strings.Compare(a.Group, b.Group) })
	return grants
}
