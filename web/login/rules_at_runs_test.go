package login_test

import (
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/attack"
	"github.com/postern-sso/postern/internal/directory/runner"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

// Rules are worked out at a run as at a login: what the one made the other leaves, and
// the run's page says which rule it was.
func TestARunWorksOutRulesAsALoginDoes(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, func(c *model.Config) {
		c.Attributes = model.AttributeMap{Username: model.AttributeSubject, Email: "mail"}
	})
	x.SourceOf("corp", 20)
	storetest.Group(t, x.Store, "company")
	storetest.Group(t, x.Store, "sales")
	come := func() model.Login {
		t.Helper()
		e := x.Begin(false)
		e.Scene.Subject = "p0000"
		l := x.Trace(x.Answer(e, attack.WithAttributes(&e.Scene, `<saml2:Attribute Name="mail"><saml2:AttributeValue>said@by.aws</saml2:AttributeValue>`+
			`</saml2:Attribute><saml2:Attribute Name="department"><saml2:AttributeValue>Sales</saml2:AttributeValue></saml2:Attribute>`)))
		if l.Outcome != model.OutcomeSignedIn {
			t.Fatalf("not let in: %+v", l.Refusal)
		}
		return l
	}
	groups := func() string {
		t.Helper()
		u, err := x.Store.User(t.Context(), "p0000")
		if err != nil {
			t.Fatal(err)
		}
		all, err := x.Store.UserMemberships(t.Context(), u.ID)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, m := range all {
			if m.Source == model.MemberRule {
				names = append(names, m.Group+" by "+m.Origin+" of "+m.Ref)
			}
		}
		return strings.Join(names, ", ")
	}
	run := func() model.SourceRun {
		t.Helper()
		r := x.RunSource("corp", runner.Ask{Trigger: model.RunByHand, Actor: webtest.Tester})
		if r.Outcome != model.RunApplied {
			t.Fatalf("the run ended %s: %s", r.Outcome, r.Detail)
		}
		return r
	}
	agrees := func(want string) {
		t.Helper()
		if got := groups(); got != want {
			t.Errorf("after the run: %s, want %s", got, want)
		}
		for _, c := range come().Changes {
			if c.What == model.ChangeGroupAdded || c.What == model.ChangeGroupRemoved {
				t.Errorf("the login after it changes %+v", c)
			}
		}
		if got := groups(); got != want {
			t.Errorf("after the login: %s, want %s", got, want)
		}
	}
	come()
	for _, r := range []model.Rule{{Name: "our domain", Connection: "aws", Kind: model.RuleEmailDomain, Value: "example.com", Groups: []string{"company"}},
		{Name: "sellers", Connection: "aws", Kind: model.RuleAttribute, Attribute: "department", Value: "Sales", Groups: []string{"sales"}}} {
		if _, err := x.Store.CreateRule(t.Context(), webtest.Tester, r); err != nil {
			t.Fatal(err)
		}
	}
	first := run()
	agrees("company by our domain of aws, sales by sellers of aws")
	moved := webtest.ReadingOf(20)
	moved.People[0].Email = "p0000@elsewhere.example"
	x.Directories.Have("corp", moved)
	last := run()
	agrees("sales by sellers of aws")
	x.SignInAs(model.RoleAdmin)
	page := x.Get(paths.SourceRun("corp", first.ID))
	for _, said := range []string{"2 by rule", "Members by rule: 1 in", "Because rule “our domain” matches the email domain example.com",
		"Given by rule our domain of connection"} {
		if !strings.Contains(page.Text(), said) {
			t.Errorf("the page of the run does not say %q: %s", said, page.Text())
		}
	}
	if page.Find(`a[href="/rules/sellers"]`) != "sellers" || !strings.Contains(x.Get(paths.SourceRun("corp", last.ID)).Text(), "Had it by rule our domain") {
		t.Error("the pages of the runs do not name the rules")
	}
}
