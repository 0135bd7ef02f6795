package web_test

import (
	"regexp"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

// The whole way with clients that know nothing of Postern.
func TestCrowdWithAtlassianCrowdPatched(t *testing.T) {
	t.Parallel()
	s := webtest.NewCrowdSite(t, storetest.OpenPool(t), nil)
	s.SignInAs(model.RoleAdmin)
	s.People()
	got := s.Run("atlassian-crowd-patched", "crowd_patched.js", s.URL+"/crowd/", s.App, s.Password, "build-bot", s.ServiceAccount("build-bot"))
	s.WantSaid(got, `{
		"cookie": "crowd.token_key", "found": ["Ana"], "foundGroups": ["Jira Users", "jira-administrators"],
		"user": ["Ana", "Ana Díaz", "ana@example.com", true], "group": "May do everything", "active": true, "direct": ["Ana"], "nested": ["Ana"],
		"sessionUser": "build-bot", "validated": true, "otherBrowser": "INVALID_SSO_TOKEN", "destroyed": 204, "ended": "INVALID_SSO_TOKEN",
		"refusals": {"absentUser": "USER_NOT_FOUND", "absentGroup": "GROUP_NOT_FOUND", "query": "ILLEGAL_ARGUMENT",
			"password": "INVALID_USER_AUTHENTICATION", "inactive": "INACTIVE_ACCOUNT", "remove": "APPLICATION_PERMISSION_DENIED",
			"addToGroup": "APPLICATION_PERMISSION_DENIED"}}`)
}

func TestCrowdWithAtlassianCrowdClient(t *testing.T) {
	t.Parallel()
	s := webtest.NewCrowdSite(t, storetest.OpenPool(t), nil)
	s.People()
	got := s.Run("atlassian-crowd-client", "crowd_client.js", s.URL+"/crowd", s.App, s.Password)
	if memberships, _ := got["memberships"].(string); len(regexp.MustCompile(`<user name="`).FindAllString(memberships, -1)) != 3 {
		t.Errorf("memberships: %s", memberships)
	}
	s.WantSaid(got, `{
		"cookie": {"domain": "", "name": "crowd.token_key", "secure": false},
		"user": {"firstname": "Ana", "lastname": "Díaz", "displayname": "Ana Díaz", "email": "ana@example.com", "username": "Ana",
			"active": true, "attributes": []},
		"attributes": {}, "userAttributes": {"attributes": {}}, "left": false,
		"groupsOfUser": ["Jira Users", "jira-administrators"], "nestedGroups": ["Jira Users", "jira-administrators"], "inGroup": "Jira Users",
		"group": {"groupname": "jira-administrators", "description": "May do everything", "active": true, "attributes": []},
		"users": ["Ana", "bob"], "wholeUsers": ["ana@example.com", "bob@example.org"], "isMember": "bob", "parents": [], "children": [],
		"found": ["Ana"], "foundGroups": ["", "May do everything"],
		"sessionSeconds": 600, "validated": true, "sessionUser": "Ana Díaz",
		"refusals": {"absentUser": "USER_NOT_FOUND", "absentGroup": "GROUP_NOT_FOUND", "notMember": "MEMBERSHIP_NOT_FOUND",
			"password": "INVALID_USER_AUTHENTICATION", "inactive": "INACTIVE_ACCOUNT", "passwordSession": "INVALID_USER_AUTHENTICATION",
			"ended": "INVALID_SSO_TOKEN", "query": "ILLEGAL_ARGUMENT", "remove": "APPLICATION_PERMISSION_DENIED",
			"addToGroup": "APPLICATION_PERMISSION_DENIED", "wrongPassword": "APPLICATION_ACCESS_DENIED"}}`)
}
