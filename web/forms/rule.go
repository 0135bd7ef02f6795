package forms

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/provision"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/people"
	"github.com/postern-sso/postern/web/kit"
)

// ReadRule reads and judges what somebody typed about a rule: the form, to be
// shown again, and the rule that it makes.
func (lf Forms) ReadRule(r *http.Request) (people.RuleForm, model.Rule, error) {
	f := people.RuleForm{
		Name: kit.Typed(r, "name"), Kind: model.RuleKind(r.PostFormValue("kind")),
		Domain: kit.Typed(r, "domain"), Attribute: kit.Typed(r, "attribute"), Value: kit.Typed(r, "value"), AWSGroup: kit.Typed(r, "aws_group"),
	}
	rule := model.Rule{Name: f.Name, Connection: r.PostFormValue("connection"), Kind: f.Kind, Groups: Picked(r, "groups")}
	if err := model.CheckGroupName(f.Name); err != nil {
		f.Problems = append(f.Problems, kit.Problem("name", "The name", err))
	}
	c, err := lf.Store.Connection(r.Context(), rule.Connection)
	switch {
	case errors.Is(err, store.ErrNotFound):
		f.Problems = append(f.Problems, model.Problem{Field: "connection", Text: "Choose a connection from the list."})
	case err != nil:
		return f, rule, err
	}
	f.Problems = append(f.Problems, readCondition(f, &rule)...)
	if rule.Kind == model.RuleAWSGroup && rule.Value != "" {
		problem, err := lf.awsGroupOf(r.Context(), &rule)
		if err != nil {
			return f, rule, err
		}
		f.Problems = append(f.Problems, problem...)
	}
	if len(f.Problems) == 0 {
		unfit, err := lf.Unfit(r.Context(), []model.Rule{rule}, []model.Connection{c})
		if err != nil {
			return f, rule, err
		}
		f.Never = unfit[0]
	}
	missing, err := lf.MissingGroups(r.Context(), rule.Groups)
	switch {
	case err != nil:
		return f, rule, err
	case len(missing) > 0:
		f.Problems = append(f.Problems, kit.GroupsGone(missing))
	case len(rule.Groups) == 0:
		f.Problems = append(f.Problems, model.Problem{Field: "groups", Text: "Choose at least one group: a rule without groups does nothing."})
	}
	return f, rule, nil
}

// readCondition puts what belongs to the chosen condition into the rule.
func readCondition(f people.RuleForm, rule *model.Rule) []model.Problem {
	switch f.Kind {
	case model.RuleAlways:
		return nil
	case model.RuleEmailDomain:
		rule.Value = model.CanonicalDomain(f.Domain)
		return kit.Judged("domain", "Type an email domain: “"+f.Domain+"”", rule.Value, model.CheckEmailDomain)
	case model.RuleAttribute:
		rule.Attribute, rule.Value = f.Attribute, f.Value
		return append(needed("attribute", "the name of the attribute", f.Attribute), needed("value", "the value of the attribute", f.Value)...)
	case model.RuleAWSGroup:
		rule.Value = f.AWSGroup
		return needed("aws_group", "the id of the AWS group", f.AWSGroup)
	default:
		return []model.Problem{{Field: "kind", Text: "Choose when the rule applies."}}
	}
}

// awsGroupOf puts the id in place of a group's name, where exactly one group of the
// connection is called so and none has it as its id.
func (lf Forms) awsGroupOf(ctx context.Context, rule *model.Rule) ([]model.Problem, error) {
	names, err := lf.Store.AWSGroupNames(ctx, rule.Connection, nil)
	if err != nil {
		return nil, err
	}
	if name, isID := names[rule.Value]; isID {
		rule.AWSName = name
		return nil, nil
	}
	var ids []string
	for id, name := range names {
		if model.Key(name) == model.Key(rule.Value) {
			ids = append(ids, id)
		}
	}
	switch len(ids) {
	case 0:
	case 1:
		rule.Value, rule.AWSName = ids[0], names[ids[0]]
	default:
		return []model.Problem{{Field: "aws_group",
			Text: fmt.Sprintf("%d AWS groups are called “%s”. Type the id of the one that you mean.", len(ids), rule.Value)}}, nil
	}
	return nil, nil
}

// maxAWSGroupsToChoose is how many names a form offers; whoever misses one types the id.
const maxAWSGroupsToChoose = 500

// AWSGroupsToChoose are the names of AWS groups of the connections by their ids, as a
// form offers them; none where there are too many.
func (lf Forms) AWSGroupsToChoose(ctx context.Context, connections ...model.Connection) (map[string]string, error) {
	all := map[string]string{}
	for _, c := range connections {
		names, err := lf.Store.AWSGroupNames(ctx, c.Slug, nil)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, names)
	}
	if len(all) > maxAWSGroupsToChoose {
		return nil, nil
	}
	return all, nil
}

// Unfit says of each rule why it fits nobody, by its connection and by what AWS
// brought lately; empty: it fits somebody, or nobody knows.
func (lf Forms) Unfit(ctx context.Context, rules []model.Rule, connections []model.Connection) ([]string, error) {
	var slugs []string
	for _, r := range rules {
		if r.Kind != model.RuleAlways && !slices.Contains(slugs, r.Connection) {
			slugs = append(slugs, r.Connection)
		}
	}
	newest, err := lf.Store.NewestPeople(ctx, slugs)
	if err != nil {
		return nil, err
	}
	awsNames, err := lf.Store.AWSGroupNamesOf(ctx, newest)
	if err != nil {
		return nil, err
	}
	unfit := make([]string, len(rules))
	for i, r := range rules {
		for _, c := range connections {
			if rev := c.Current(); rev != nil && c.Slug == r.Connection {
				unfit[i] = provision.Unfit(r, rev.Config, newest[c.Slug], awsNames[c.Slug])
			}
		}
	}
	return unfit, nil
}

// RuleSaved is the message after a rule was saved: a warning where it can fit
// nobody.
func RuleSaved(f people.RuleForm, text string) layout.Flash {
	if f.Never != "" {
		return layout.Flash{Kind: "warning", Text: text + " " + f.Never}
	}
	return layout.Flash{Kind: "success", Text: text}
}

func needed(field, what, value string) []model.Problem {
	if value == "" {
		return []model.Problem{{Field: field, Text: "Type " + what + "."}}
	}
	return kit.Judged(field, "This", value, model.CheckRuleText)
}

// RuleTaken says that another rule has the name.
func RuleTaken(name string) model.Problem {
	return model.Problem{Field: "name", Text: fmt.Sprintf("There is a rule “%s” already. Choose another name.", name)}
}
