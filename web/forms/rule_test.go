package forms_test

import (
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/forms"
)

// A rule that can fit nobody is named when it is saved.
func TestARuleThatFitsNobodyIsNamed(t *testing.T) {
	t.Parallel()
	sends := model.Config{Attributes: model.AttributeMap{Email: "email", AWSGroups: "groups"}}
	for name, c := range map[string]struct {
		rule model.Rule
		cfg  model.Config
		want string
	}{
		"a group by its name":          {model.Rule{Kind: model.RuleAWSGroup, Value: "Engineers"}, sends, "“Engineers” is none"},
		"a group by its id":            {model.Rule{Kind: model.RuleAWSGroup, Value: "64d84438-b0c1-708c-f431-91ece2abb39a"}, sends, ""},
		"an older group's id":          {model.Rule{Kind: model.RuleAWSGroup, Value: "906765a2cd-64d84438-b0c1-708c-f431-91ece2abb39a"}, sends, ""},
		"a group, and none are mapped": {model.Rule{Kind: model.RuleAWSGroup, Value: "64d84438-b0c1-708c-f431-91ece2abb39a"}, model.Config{}, "no attribute"},
		"a domain, and no email":       {model.Rule{Kind: model.RuleEmailDomain, Value: "example.com"}, model.Config{}, "no attribute"},
		"a domain":                     {model.Rule{Kind: model.RuleEmailDomain, Value: "example.com"}, sends, ""},
		"always":                       {model.Rule{Kind: model.RuleAlways}, model.Config{}, ""},
	} {
		if got := forms.Never(c.rule, c.cfg); !strings.Contains(got, c.want) || (c.want == "") != (got == "") {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
