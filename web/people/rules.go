package people

import (
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/people"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/forms"
	"github.com/postern-sso/postern/web/kit"
)

func (rm *Room) listRules(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	rules, err := rm.Store.Rules(r.Context())
	if err != nil {
		return err
	}
	connections, err := rm.Store.Connections(r.Context())
	if err != nil {
		return err
	}
	unfit, err := forms.With(rm.Kit).Unfit(r.Context(), rules, connections)
	if err != nil {
		return err
	}
	return rm.Render(w, r, http.StatusOK, people.Rules(people.RuleList{
		Page:  rm.Page(r, a, layout.NavRules, "Rules", "Who gets which groups at login, and at the runs of a source. Rules are worked out again each time."),
		Rules: rules, Connections: connections, Unfit: unfit,
	}))
}

func (rm *Room) newRule(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return rm.renderRule(w, r, a, people.RulePage{Form: people.RuleForm{Kind: model.RuleAlways}}, model.Rule{})
}

func (rm *Room) showRule(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	rule, err := rm.Store.Rule(r.Context(), kit.PathValue(r, "name"))
	if err != nil {
		return err
	}
	return rm.renderRule(w, r, a, people.RulePage{Name: rule.Name, Form: ruleForm(rule)}, rule)
}

// ruleForm is the form of a rule as it is stored.
func ruleForm(rule model.Rule) people.RuleForm {
	f := people.RuleForm{Name: rule.Name, Kind: rule.Kind}
	switch rule.Kind {
	case model.RuleEmailDomain:
		f.Domain = rule.Value
	case model.RuleAttribute:
		f.Attribute, f.Value = rule.Attribute, rule.Value
	case model.RuleAWSGroup:
		f.AWSGroup = rule.Value
	case model.RuleAlways:
	}
	return f
}

// renderRule shows the form; chosen has the connection and the groups as
// stored or as typed.
func (rm *Room) renderRule(w http.ResponseWriter, r *http.Request, a model.Administrator, v people.RulePage, chosen model.Rule) error {
	connections, err := rm.Store.Connections(r.Context())
	if err != nil {
		return err
	}
	if v.Form.AWSGroups, err = forms.With(rm.Kit).AWSGroupsToChoose(r.Context(), connections...); err != nil {
		return err
	}
	v.Groups, err = forms.With(rm.Kit).GroupPicker(r.Context(), "groups", "They get these groups", chosen.Groups, "")
	if err != nil {
		return err
	}
	if v.Name != "" && len(v.Form.Problems) == 0 && v.Form.Never == "" { // what is saved; what is typed was judged when it was read
		unfit, err := forms.With(rm.Kit).Unfit(r.Context(), []model.Rule{chosen}, connections)
		if err != nil {
			return err
		}
		v.Form.Never = unfit[0]
	}
	for _, c := range connections {
		v.Connections = append(v.Connections, ui.Option{
			Value: c.Slug, Label: model.Told(connections, c), Selected: c.Slug == chosen.Connection,
		})
	}
	v.Groups.Problem = ui.ProblemOf(v.Form.Problems, "groups")
	title := "Add a rule"
	if v.Name != "" {
		title = v.Name
	}
	v.Page = rm.Page(r, a, layout.NavRules, title, "")
	v.Page.Crumbs = []layout.Crumb{{Label: "Rules", Href: paths.Rules}}
	status := http.StatusOK
	if len(v.Form.Problems) > 0 || v.DeleteText != "" {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return rm.Render(w, r, status, people.Rule(v))
}
