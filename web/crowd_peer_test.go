package web_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// crowdClient is Node.js and the folder with an npm package. Without them the
// test is skipped, or fails when the environment says REQUIRE_PEERS=1.
func crowdClient(t testing.TB, name string) (node, packages string) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err == nil {
		packages, err = filepath.Abs("../node_modules")
	}
	if err == nil {
		_, err = os.Stat(filepath.Join(packages, name))
	}
	if err != nil {
		err = errors.Join(fmt.Errorf("Node.js or the package %s is missing; run “npm ci”", name), err)
		if os.Getenv("REQUIRE_PEERS") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return node, packages
}

// run lets a client use the directory, and returns what it printed.
func (s *crowdSite) run(client, script string, args ...string) map[string]any {
	s.T.Helper()
	node, packages := crowdClient(s.T, client)
	cmd := exec.CommandContext(s.T.Context(), node, append([]string{"testdata/" + script, packages}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	s.must(err)
	var got map[string]any
	s.must(json.Unmarshal(out, &got))
	return got
}

// The whole way with clients that know nothing of Postern.
func TestCrowdWithAtlassianCrowdPatched(t *testing.T) {
	t.Parallel()
	s := newCrowdSite(t, storetest.OpenPool(t), nil)
	s.SignInAs(model.RoleAdmin)
	s.people()
	got := s.run("atlassian-crowd-patched", "crowd_patched.js", s.URL+"/crowd/", s.app, s.password, "build-bot", s.serviceAccount("build-bot"))
	s.wantSaid(got, `{
		"cookie": "crowd.token_key", "found": ["Ana"], "foundGroups": ["Jira Users", "jira-administrators"],
		"user": ["Ana", "Ana Díaz", "ana@example.com", true], "group": "May do everything", "active": true, "direct": ["Ana"], "nested": ["Ana"],
		"sessionUser": "build-bot", "validated": true, "otherBrowser": "INVALID_SSO_TOKEN", "destroyed": 204, "ended": "INVALID_SSO_TOKEN",
		"refusals": {"absentUser": "USER_NOT_FOUND", "absentGroup": "GROUP_NOT_FOUND", "query": "ILLEGAL_ARGUMENT",
			"password": "INVALID_USER_AUTHENTICATION", "inactive": "INACTIVE_ACCOUNT", "remove": "APPLICATION_PERMISSION_DENIED",
			"addToGroup": "APPLICATION_PERMISSION_DENIED"}}`)
}

func (s *crowdSite) wantSaid(got map[string]any, text string) {
	s.T.Helper()
	var want map[string]any
	s.must(json.Unmarshal([]byte(text), &want))
	for name := range want {
		if !reflect.DeepEqual(got[name], want[name]) {
			s.T.Errorf("%s\n gave %v\n want %v", name, got[name], want[name])
		}
	}
}

func TestCrowdWithAtlassianCrowdClient(t *testing.T) {
	t.Parallel()
	s := newCrowdSite(t, storetest.OpenPool(t), nil)
	s.people()
	got := s.run("atlassian-crowd-client", "crowd_client.js", s.URL+"/crowd", s.app, s.password)
	if memberships, _ := got["memberships"].(string); len(regexp.MustCompile(`<user name="`).FindAllString(memberships, -1)) != 3 {
		t.Errorf("memberships: %s", memberships)
	}
	s.wantSaid(got, `{
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
