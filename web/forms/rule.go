package forms

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"github.com/postern-sso/postern/internal/model"
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
	if rev := c.Current(); rev != nil && len(f.Problems) == 0 {
		f.Never = Never(rule, rev.Config)
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

// groupID is how AWS writes the id of a group.
var groupID = regexp.MustCompile(`^([0-9a-f]{10}-)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// Never says why a rule can give nothing to anybody under a connection's
// configuration; empty: it can. The rule is saved all the same, because what AWS
// sends may be changed later.
func Never(rule model.Rule, c model.Config) string {
	switch {
	case rule.Kind == model.RuleAWSGroup && c.Attributes.AWSGroups == "":
		return "As it is, it fits nobody: no attribute of the connection holds AWS's groups. Name one in the setup, step Attributes."
	case rule.Kind == model.RuleAWSGroup && !groupID.MatchString(rule.Value):
		return "As it is, it most likely fits nobody: AWS sends ids such as 64d84438-b0c1-708c-f431-91ece2abb39a, and “" + rule.Value + "” is none."
	case rule.Kind == model.RuleEmailDomain && c.Attributes.Email == "":
		return "As it is, it fits nobody: no attribute of the connection holds the email. Name one in the setup, step Attributes."
	default:
		return ""
	}
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
