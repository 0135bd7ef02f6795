package provision

import "github.com/postern-sso/postern/internal/model"

// Grants are the groups that the rules give to the person, each once, sorted by
// name, with the names of the rules that give it.
func Grants(rules []model.Rule, p model.Person) []model.GroupGrant {
	return judge(rules, nil, p, nil).grants
}

// Condition is what a rule that holds says.
func Condition(r model.Rule) string { return condition(r) }
