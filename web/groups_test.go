package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/paths"
)

// addConnection makes a connection that is being set up.
func (s *testSite) addConnection(slug string) {
	s.t.Helper()
	if _, err := s.store.CreateConnection(context.Background(), tester, slug, model.DefaultConfig("AWS")); err != nil {
		s.t.Fatal(err)
	}
}

func TestGroupLifeCycle(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	s.get(paths.Groups).has(t, ".empty-state", "No groups yet")
	s.post(paths.Groups, url.Values{"name": {"a/b"}}).want(t, http.StatusUnprocessableEntity).has(t, ".problems", "must not contain “/”")
	s.post(paths.Groups, url.Values{"name": {"jira users"}, "description": {"Licensed"}}).want(t, http.StatusSeeOther)
	s.post(paths.Groups, url.Values{"name": {"JIRA users"}}).want(t, http.StatusUnprocessableEntity).has(t, ".problems", "already")

	path := paths.Group("jira users")
	s.addUser("ana")
	s.post(path+"/members", url.Values{"username": {"nobody"}}).want(t, http.StatusUnprocessableEntity).has(t, ".field-problem", "no user “nobody”")
	s.post(path+"/members", url.Values{"username": {"ana"}}).want(t, http.StatusSeeOther)
	shown := s.get(path).want(t, http.StatusOK)
	shown.has(t, "#members", "1 member")
	shown.has(t, ".reasons", "Added by hand by admin@example.com")
	shown.has(t, ".confirm", "1 person loses this group")
	s.get(path+"?q=nobody").has(t, "section[aria-labelledby=members]", "No member matches")

	s.post(path, url.Values{"description": {strings.Repeat("x", 501)}}).want(t, http.StatusUnprocessableEntity).has(t, ".problems", "longer than 500")
	s.post(path, url.Values{"description": {"All of Jira"}}).want(t, http.StatusSeeOther)
	s.get(path).has(t, ".intro", "All of Jira")

	s.post(path+"/members/remove", url.Values{"username": {"ana"}}).want(t, http.StatusSeeOther)
	s.get(path).has(t, "section[aria-labelledby=members]", "Nobody is in this group")
	s.post(path+"/delete", nil).want(t, http.StatusUnprocessableEntity)
	s.post(path+"/delete", url.Values{"confirm": {"jira users"}}).want(t, http.StatusSeeOther)
	s.get(path).want(t, http.StatusNotFound)
}

func TestRuleLifeCycle(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	s.get(paths.Rules).has(t, ".empty-state", "Set one up first")
	s.addConnection("aws")
	s.addGroup("staff")
	s.addGroup("ops")

	valid := func(change url.Values) url.Values {
		form := url.Values{"name": {"rule"}, "connection": {"aws"}, "kind": {"always"}, "groups": {"staff"}}
		for name, values := range change {
			form[name] = values
		}
		return form
	}
	bad := []struct {
		change url.Values
		says   string
	}{
		{url.Values{"name": {""}}, "The name must not be empty"},
		{url.Values{"connection": {"gone"}}, "Choose a connection"},
		{url.Values{"kind": {"sometimes"}}, "Choose when the rule applies"},
		{url.Values{"kind": {"email_domain"}, "domain": {"exa mple"}}, "Type an email domain"},
		{url.Values{"kind": {"attribute"}, "attribute": {"department"}}, "Type the value of the attribute"},
		{url.Values{"kind": {"aws_group"}}, "Type the id of the AWS group"},
		{url.Values{"groups": nil}, "Choose at least one group"},
		{url.Values{"groups": {"gone"}}, "no group “gone”"},
	}
	for _, tt := range bad {
		s.post(paths.Rules, valid(tt.change)).want(t, http.StatusUnprocessableEntity).has(t, ".problems", tt.says)
	}

	s.post(paths.Rules, valid(url.Values{"kind": {"email_domain"}, "domain": {"@Example.com"}, "groups": {"staff", "ops"}})).want(t, http.StatusSeeOther)
	s.get(paths.Rules).has(t, ".rows", "When the email domain is example.com, people of connection aws get ops and staff.")
	s.post(paths.Rules, valid(nil)).want(t, http.StatusUnprocessableEntity).has(t, ".problems", "There is a rule “rule” already")
	s.get(paths.Group("staff")).has(t, "section[aria-labelledby=rules]", "rule")

	form := s.get("/rules/rule").want(t, http.StatusOK)
	if v, _ := form.doc.Find("#f-domain").Attr("value"); v != "example.com" {
		t.Errorf("the form's domain is %q", v)
	}
	s.post("/rules/rule", valid(url.Values{"name": {"ops only"}, "kind": {"attribute"}, "attribute": {"department"}, "value": {"Operations"},
		"groups": {"ops"}})).want(t, http.StatusSeeOther)
	s.get(paths.Rules).has(t, ".rows", "When the attribute department is Operations, people of connection aws get ops.")
	s.post(paths.RuleAction("ops only", "delete"), url.Values{"confirm": {"ops only"}}).want(t, http.StatusSeeOther)
	s.get(paths.Rules).has(t, ".empty-state", "No rules yet")
}
