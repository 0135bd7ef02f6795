package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/console"
	"github.com/postern-sso/postern/templates/paths"
)

// maxRuleText is the limit of the values of a rule, in characters.
const maxRuleText = 255

// readRule reads and judges what somebody typed about a rule: the form, to be
// shown again, and the rule that it makes.
func (lf formsLeaf) readRule(r *http.Request) (console.RuleForm, model.Rule, error) {
	f := console.RuleForm{
		Name: typed(r, "name"), Kind: model.RuleKind(r.PostFormValue("kind")),
		Domain: typed(r, "domain"), Attribute: typed(r, "attribute"), Value: typed(r, "value"), AWSGroup: typed(r, "aws_group"),
	}
	rule := model.Rule{Name: f.Name, Connection: r.PostFormValue("connection"), Kind: f.Kind, Groups: picked(r, "groups")}
	if err := model.CheckGroupName(f.Name); err != nil {
		f.Problems = append(f.Problems, problem("name", "The name", err))
	}
	_, err := lf.store.Connection(r.Context(), rule.Connection)
	switch {
	case errors.Is(err, store.ErrNotFound):
		f.Problems = append(f.Problems, model.Problem{Field: "connection", Text: "Choose a connection from the list."})
	case err != nil:
		return f, rule, err
	}
	f.Problems = append(f.Problems, readCondition(f, &rule)...)
	missing, err := lf.missingGroups(r.Context(), rule.Groups)
	switch {
	case err != nil:
		return f, rule, err
	case len(missing) > 0:
		f.Problems = append(f.Problems, groupsGone(missing))
	case len(rule.Groups) == 0:
		f.Problems = append(f.Problems, model.Problem{Field: "groups", Text: "Choose at least one group: a rule without groups does nothing."})
	}
	return f, rule, nil
}

// readCondition puts what belongs to the chosen condition into the rule.
func readCondition(f console.RuleForm, rule *model.Rule) []model.Problem {
	switch f.Kind {
	case model.RuleAlways:
		return nil
	case model.RuleEmailDomain:
		rule.Value = model.Key(strings.TrimPrefix(f.Domain, "@"))
		if model.CheckEmail("someone@"+rule.Value) != nil {
			return []model.Problem{{Field: "domain", Text: "Type an email domain, for example example.com."}}
		}
		return nil
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

func needed(field, what, value string) []model.Problem {
	if value == "" {
		return []model.Problem{{Field: field, Text: "Type " + what + "."}}
	}
	return checkText(field, "This", value, maxRuleText)
}

func ruleTaken(name string) model.Problem {
	return model.Problem{Field: "name", Text: fmt.Sprintf("There is a rule “%s” already. Choose another name.", name)}
}

func (rm *peopleRoom) createRule(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	f, rule, err := onForms(rm.kit).readRule(r)
	if err != nil {
		return err
	}
	if len(f.Problems) == 0 && r.PostFormValue("try") != "" {
		return rm.answerTrial(w, r, a, console.RulePage{Form: f, TryUsername: typed(r, "try_username")}, rule, ruleChange{after: &rule})
	}
	if len(f.Problems) == 0 {
		_, err := rm.store.CreateRule(r.Context(), rm.actor(r, a), rule)
		if err == nil {
			return rm.done(w, r, paths.Rules, "Rule "+rule.Name+" added. It counts from the next login on.")
		}
		if !errors.Is(err, store.ErrExists) {
			return err
		}
		f.Problems = append(f.Problems, ruleTaken(rule.Name))
	}
	return rm.renderRule(w, r, a, console.RulePage{Form: f}, rule)
}

func (rm *peopleRoom) updateRule(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	old, err := rm.store.Rule(r.Context(), pathValue(r, "name"))
	if err != nil {
		return err
	}
	f, rule, err := onForms(rm.kit).readRule(r)
	if err != nil {
		return err
	}
	if len(f.Problems) == 0 && r.PostFormValue("try") != "" {
		return rm.answerTrial(w, r, a, console.RulePage{Name: old.Name, Form: f, TryUsername: typed(r, "try_username")}, rule,
			ruleChange{before: &old, after: &rule})
	}
	if len(f.Problems) == 0 {
		_, err := rm.store.UpdateRule(r.Context(), rm.actor(r, a), old.Name, func(stored *model.Rule) error {
			stored.Name, stored.Connection, stored.Kind = rule.Name, rule.Connection, rule.Kind
			stored.Attribute, stored.Value, stored.Groups = rule.Attribute, rule.Value, rule.Groups
			return nil
		})
		if err == nil {
			return rm.done(w, r, paths.Rules, "Rule "+rule.Name+" saved. It counts from the next login on.")
		}
		if !errors.Is(err, store.ErrExists) {
			return err
		}
		f.Problems = append(f.Problems, ruleTaken(rule.Name))
	}
	return rm.renderRule(w, r, a, console.RulePage{Name: old.Name, Form: f}, rule)
}

func (rm *peopleRoom) deleteRule(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	rule, err := rm.store.Rule(r.Context(), pathValue(r, "name"))
	if err != nil {
		return err
	}
	if r.PostFormValue("try") != "" {
		return rm.answerTrial(w, r, a, console.RulePage{Name: rule.Name, Form: ruleForm(rule)}, rule, ruleChange{before: &rule})
	}
	if text := confirmed(r, rule.Name); text != "" {
		return rm.renderRule(w, r, a, console.RulePage{Name: rule.Name, Form: ruleForm(rule), DeleteText: text}, rule)
	}
	if err := rm.store.DeleteRule(r.Context(), rm.actor(r, a), rule.Name); err != nil {
		return err
	}
	return rm.done(w, r, paths.Rules, "Rule "+rule.Name+" deleted.")
}
