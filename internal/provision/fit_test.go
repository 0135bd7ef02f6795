package provision_test

import (
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/provision"
)

// A rule that nobody fits is told what AWS really brought.
func TestUnfitSaysWhatWasBrought(t *testing.T) {
	t.Parallel()
	const id, other = "64d84438-b0c1-708c-f431-91ece2abb39a", "74d84438-b0c1-708c-f431-91ece2abb39b"
	sends := model.Config{Attributes: model.AttributeMap{Email: "email", AWSGroups: "groups"}}
	ana := model.Person{Email: "ana@example.com", AWSGroups: []string{id}, Attributes: map[string][]string{
		"email": {"ana@example.com"}, "groups": {id}, "team": {"Ops"}, "empty": {""}}}
	bob := model.Person{Email: "bob@example.net", Attributes: map[string][]string{"email": {"bob@example.net"}, "team": {"Sales"}}}
	attribute := func(name, value string) model.Rule {
		return model.Rule{Kind: model.RuleAttribute, Attribute: name, Value: value}
	}
	called := map[string]string{id: "Operations"}
	for name, c := range map[string]struct {
		rule   model.Rule
		newest []model.Person
		want   string
	}{
		"nobody came":   {attribute("department", "Ops"), nil, ""},
		"somebody fits": {attribute("team", "Sales"), []model.Person{ana, bob}, ""},
		"an attribute not sent": {attribute("department", "Ops"), []model.Person{ana, bob},
			"The 2 people whom AWS described last brought no attribute “department”. What came: email, empty, groups and team."},
		"an attribute in capital": {attribute("Team", "Ops"), []model.Person{bob},
			"The person whom AWS described last brought no attribute “Team”. What came: email and team."},
		"another value": {attribute("team", "ops"), []model.Person{ana, bob},
			"brought the attribute “team” with Ops and Sales, and not with “ops”."},
		"an empty value": {attribute("empty", "x"), []model.Person{ana}, "brought the attribute “empty” without a value."},
		"another domain": {model.Rule{Kind: model.RuleEmailDomain, Value: "example.org"}, []model.Person{ana, bob},
			"brought emails at example.com and example.net, and not at example.org."},
		"another group": {model.Rule{Kind: model.RuleAWSGroup, Value: other, AWSName: "Others"}, []model.Person{ana, bob},
			"brought of AWS's groups Operations (" + id + "), and not Others (" + other + ")."},
		"a group by its name": {model.Rule{Kind: model.RuleAWSGroup, Value: "Engineers"}, []model.Person{ana},
			"“Engineers” is none. The person whom AWS described last brought of AWS's groups Operations (" + id},
		"no groups": {model.Rule{Kind: model.RuleAWSGroup, Value: id}, []model.Person{bob},
			"brought no group of AWS. What came: email and team."},
		"nothing at all": {attribute("team", "Ops"), []model.Person{{}}, "brought no attributes at all."},
		"always":         {model.Rule{Kind: model.RuleAlways}, []model.Person{{}}, ""},
	} {
		if got := provision.Unfit(c.rule, sends, c.newest, called); !strings.Contains(got, c.want) || (c.want == "") != (got == "") {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// A rule that can fit nobody is named when it is saved.
func TestARuleThatFitsNobodyIsNamed(t *testing.T) {
	t.Parallel()
	sends := model.Config{Attributes: model.AttributeMap{Email: "email", AWSGroups: "groups"}}
	for name, c := range map[string]struct {
		rule model.Rule
		cfg  model.Config
		want string
	}{
		"a group by its name": {model.Rule{Kind: model.RuleAWSGroup, Value: "Engineers"}, sends, "“Engineers” is none"},
		"a group by its id":   {model.Rule{Kind: model.RuleAWSGroup, Value: "64d84438-b0c1-708c-f431-91ece2abb39a"}, sends, ""},
		"an older group's id": {model.Rule{Kind: model.RuleAWSGroup, Value: "906765a2cd-64d84438-b0c1-708c-f431-91ece2abb39a"}, sends, ""},
		"a group, and none are mapped": {model.Rule{Kind: model.RuleAWSGroup, Value: "64d84438-b0c1-708c-f431-91ece2abb39a"}, model.Config{},
			"no attribute"},
		"a domain, and no email": {model.Rule{Kind: model.RuleEmailDomain, Value: "example.com"}, model.Config{}, "no attribute"},
		"a domain":               {model.Rule{Kind: model.RuleEmailDomain, Value: "example.com"}, sends, ""},
		"always":                 {model.Rule{Kind: model.RuleAlways}, model.Config{}, ""},
	} {
		if got := provision.Unfit(c.rule, c.cfg, nil, nil); !strings.Contains(got, c.want) || (c.want == "") != (got == "") {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
