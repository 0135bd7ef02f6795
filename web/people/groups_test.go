package people_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

func TestGroupLifeCycle(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.Get(paths.Groups).Has(t, ".empty-state", "No groups yet")
	s.Post(paths.Groups, url.Values{"name": {"a/b"}}).Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", "must not contain “/”")
	s.Post(paths.Groups, url.Values{"name": {"jira users"}, "description": {"Licensed"}}).Want(t, http.StatusSeeOther)
	s.Post(paths.Groups, url.Values{"name": {"JIRA users"}}).Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", "already")

	path := paths.Group("jira users")
	s.AddUser("ana")
	s.Post(path+"/members", url.Values{"username": {"nobody"}}).Want(t, http.StatusUnprocessableEntity).Has(t, ".field-problem", "no user “nobody”")
	s.Post(path+"/members", url.Values{"username": {"ana"}}).Want(t, http.StatusSeeOther)
	shown := s.Get(path).Want(t, http.StatusOK)
	shown.Has(t, "#members", "1 member")
	shown.Has(t, ".reasons", "Added by hand by admin@example.com")
	shown.Has(t, ".confirm", "1 person loses this group")
	s.Get(path+"?q=nobody").Has(t, "section[aria-labelledby=members]", "No member matches")

	s.Post(path, url.Values{"description": {strings.Repeat("x", 501)}}).Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", "longer than 500")
	s.Post(path, url.Values{"description": {"All of Jira"}}).Want(t, http.StatusSeeOther)
	s.Get(path).Has(t, ".intro", "All of Jira")

	s.Post(path+"/members/remove", url.Values{"username": {"ana"}}).Want(t, http.StatusSeeOther)
	s.Get(path).Has(t, "section[aria-labelledby=members]", "Nobody is in this group")
	s.Post(path+"/delete", nil).Want(t, http.StatusUnprocessableEntity)
	s.Post(path+"/delete", url.Values{"confirm": {"jira users"}}).Want(t, http.StatusSeeOther)
	s.Get(path).Want(t, http.StatusNotFound)
}

func TestRuleLifeCycle(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.Get(paths.Rules).Has(t, ".empty-state", "Set one up first")
	s.AddConnection("aws")
	s.AddGroup("staff")
	s.AddGroup("ops")

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
		s.Post(paths.Rules, valid(tt.change)).Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", tt.says)
	}

	s.Post(paths.Rules, valid(url.Values{"kind": {"email_domain"}, "domain": {"@Example.com"}, "groups": {"staff", "ops"}})).Want(t, http.StatusSeeOther)
	s.Get(paths.Rules).Has(t, ".rows", "When the email domain is example.com, people of connection AWS get ops and staff.")
	s.Post(paths.Rules, valid(nil)).Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", "There is a rule “rule” already")
	s.Get(paths.Group("staff")).Has(t, "section[aria-labelledby=rules]", "rule")

	form := s.Get("/rules/rule").Want(t, http.StatusOK)
	if v, _ := form.Doc.Find("#f-domain").Attr("value"); v != "example.com" {
		t.Errorf("the form's domain is %q", v)
	}
	s.Post("/rules/rule", valid(url.Values{"name": {"ops only"}, "kind": {"attribute"}, "attribute": {"department"}, "value": {"Operations"},
		"groups": {"ops"}})).Want(t, http.StatusSeeOther)
	s.Get(paths.Rules).Has(t, ".rows", "When the attribute department is Operations, people of connection AWS get ops.")
	s.Post(paths.RuleAction("ops only", "delete"), url.Values{"confirm": {"ops only"}}).Want(t, http.StatusSeeOther)
	s.Get(paths.Rules).Has(t, ".empty-state", "No rules yet")
}

// Deleting a group takes it from the apps that had chosen it, for good: the form
// names them before, and the audit of each app says so.
func TestGroupDeletionNamesTheApps(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.AddGroup("staff")
	s.AddGroup("ops")
	for _, a := range []model.App{
		{Slug: "jira", Kind: model.AppOIDC, Name: "Jira", RedirectURIs: []string{"https://jira.example.com/cb"}, Groups: []string{"staff"}},
		{Slug: "wiki", Kind: model.AppCrowd, Name: "Wiki", Groups: []string{"staff", "ops"}},
		{Slug: "builds", Kind: model.AppCrowd, Name: "Builds", AllGroups: true},
	} {
		if err := s.Store.CreateApp(t.Context(), storetest.Actor, a); err != nil {
			t.Fatal(err)
		}
	}
	shown := s.Get(paths.Group("staff")).Want(t, http.StatusOK)
	shown.Has(t, ".confirm", "Wiki no longer sees it. It is the only group of Jira, so that app sees no group any more.")
	shown.Has(t, ".confirm", "has to be chosen again")
	if strings.Contains(shown.Text(), "Builds") {
		t.Error("an app that sees all groups is named")
	}
	s.Get(paths.Group("ops")).Want(t, http.StatusOK).Has(t, ".confirm", "Wiki no longer sees it.")
	s.Post(paths.Group("staff")+"/delete", url.Values{"confirm": {"staff"}}).Want(t, http.StatusSeeOther)
	s.AddGroup("staff") // made again, and not given back
	for slug, want := range map[string]string{"jira": "The group staff was deleted. The app sees no group now.", "wiki": "The group staff was deleted."} {
		entries, _, err := s.Store.Audit(t.Context(), store.AuditQuery{Search: slug})
		if err != nil || len(entries) == 0 || entries[0].Action != "app.group_lost" || entries[0].Object != slug || entries[0].Note != want {
			t.Errorf("%s: %+v, %v", slug, entries, err)
		}
	}
	if app, err := s.Store.App(t.Context(), "jira"); err != nil || len(app.Groups) > 0 {
		t.Errorf("%+v, %v", app, err)
	}
}
