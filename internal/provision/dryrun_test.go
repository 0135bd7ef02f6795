package provision_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/provision"
)

func TestDryRun(t *testing.T) {
	t.Parallel()
	type rules = []model.Rule
	rule := func(name string, kind model.RuleKind, value string, groups ...string) model.Rule {
		return model.Rule{Name: name, Connection: "aws", Kind: kind, Attribute: "department", Value: value, Groups: groups}
	}
	sales := rule("sales", model.RuleAttribute, "Sales", "jira-users")
	domain := rule("domain", model.RuleEmailDomain, "example.com", "jira-users")
	aws := rule("aws", model.RuleAWSGroup, awsGroup, "admins")
	but := func(change func(*model.Rule)) rules {
		r := sales
		change(&r)
		return rules{r}
	}
	foreign := rule("foreign", model.RuleAlways, "", "jira-users")
	foreign.Connection = "other"
	foreignSales, shouted := sales, sales
	foreignSales.Connection, shouted.Groups = "other", []string{"JIRA-USERS"}
	ana := provision.Subject{UserID: "1", Received: true, Person: model.Person{
		Email: "ana@example.com", Attributes: map[string][]string{"department": {"Sales"}}, AWSGroupsSent: true,
	}}
	with := func(s provision.Subject, m model.Membership) provision.Subject {
		m.UserID = "1"
		s.Memberships = []model.Membership{m}
		return s
	}
	never := provision.Subject{UserID: "1", Person: model.Person{Email: "ana@example.com"}}
	silent := with(ana, model.Membership{Group: "admins", Source: model.MemberRule, Ref: "aws", Origin: "aws"})
	silent.Person.AWSGroupsSent = false
	for _, tc := range []struct {
		name          string
		before, after rules
		who           provision.Subject
		gains, losses string
		unknown       bool
	}{
		{"nothing changes", rules{sales}, rules{sales}, ana, "", "", false},
		{"a new rule gives", nil, rules{sales}, ana, "jira-users", "", false},
		{"a deleted rule takes", rules{sales}, nil, ana, "", "jira-users", false},
		{"another rule still gives it", rules{sales, domain}, rules{domain}, ana, "", "", false},
		{"member by hand gains nothing", nil, rules{sales}, with(ana, model.Membership{Group: "Jira-Users", Source: model.MemberManual}), "", "", false},
		{"member by hand loses nothing", rules{sales}, nil, with(ana, model.Membership{Group: "jira-users", Source: model.MemberManual}), "", "", false},
		{"a rule of another connection", nil, rules{foreign}, ana, "", "", false},
		{"a rule of another connection, never received", nil, rules{foreignSales}, never, "", "", false},
		{"another spelling", rules{sales}, rules{shouted}, ana, "", "", false},
		{"moved to another connection", rules{sales}, rules{foreign}, ana, "", "jira-users", false},
		{"AWS groups not sent: kept", rules{aws}, rules{aws}, silent, "", "", false},
		{"AWS groups not sent: rule deleted", rules{aws}, nil, silent, "", "admins", false},
		{"never received, attribute", nil, rules{sales}, never, "", "", true},
		{"never received, email is enough", nil, rules{domain}, never, "jira-users", "", false},
		{"never received, may have it already", rules{sales}, rules{sales, domain}, never, "", "", true},
		{"never received, nothing changes", rules{sales}, rules{sales}, never, "", "", false},
		{"never received, another value", rules{sales}, but(func(r *model.Rule) { r.Value = "Support" }), never, "", "", true},
		{"never received, another attribute", rules{sales}, but(func(r *model.Rule) { r.Attribute = "team" }), never, "", "", true},
		{"never received, another kind", rules{sales}, but(func(r *model.Rule) { r.Kind = model.RuleAWSGroup }), never, "", "", true},
		{"never received, another name", rules{sales}, but(func(r *model.Rule) { r.Name = "sellers" }), never, "", "", true},
		{"never received, another group", rules{sales}, but(func(r *model.Rule) { r.Groups = []string{"wiki"} }), never, "", "", true},
		{"never received, other groups", rules{aws}, rules{aws, domain}, never, "jira-users", "", false},
		{"never received, no email", nil, rules{domain}, provision.Subject{UserID: "1"}, "", "", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := provision.DryRun("aws", tc.before, tc.after, tc.who)
			if named(t, got.Gains) != tc.gains || named(t, got.Losses) != tc.losses || got.Unknown != tc.unknown {
				t.Errorf("DryRun = %+v", got)
			}
		})
	}
}

// named joins the groups of effects, each of which must say why.
func named(t *testing.T, effects []provision.GroupEffect) string {
	t.Helper()
	names := make([]string, 0, len(effects))
	for _, e := range effects {
		if !strings.HasPrefix(e.Why, "because rule “") {
			t.Errorf("%s: why is %q", e.Group, e.Why)
		}
		names = append(names, e.Group)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}
