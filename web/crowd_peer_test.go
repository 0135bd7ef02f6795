package web

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"testing"

	"github.com/postern-sso/postern/internal/store/storetest"
)

// crowdClient is Node.js and the folder with the npm package
// atlassian-crowd-client. Without them the test is skipped, or fails when the
// environment says REQUIRE_PEERS=1.
func crowdClient(t *testing.T) (node, packages string) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err == nil {
		packages, err = filepath.Abs("../node_modules")
	}
	if err == nil {
		_, err = os.Stat(filepath.Join(packages, "atlassian-crowd-client"))
	}
	if err != nil {
		err = errors.Join(errors.New("Node.js or the package atlassian-crowd-client is missing; run “npm ci”"), err)
		if os.Getenv("REQUIRE_PEERS") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return node, packages
}

// The whole way with a client that knows nothing of Postern.
func TestCrowdWithAtlassianCrowdClient(t *testing.T) {
	t.Parallel()
	node, packages := crowdClient(t)
	s := newCrowdSite(t, storetest.OpenPool(t), nil)
	s.people()
	cmd := exec.CommandContext(t.Context(), node, "testdata/crowd_client.js", packages, s.url+"/crowd", s.app, s.password)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	s.must(err)
	var got map[string]any
	s.must(json.Unmarshal(out, &got))
	if memberships, _ := got["memberships"].(string); len(regexp.MustCompile(`<user name="`).FindAllString(memberships, -1)) != 3 {
		t.Errorf("memberships: %s", memberships)
	}
	delete(got, "memberships")
	var want map[string]any
	s.must(json.Unmarshal([]byte(`{
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
			"addToGroup": "APPLICATION_PERMISSION_DENIED", "wrongPassword": "APPLICATION_ACCESS_DENIED"}}`), &want))
	for name := range want {
		if !reflect.DeepEqual(got[name], want[name]) {
			t.Errorf("%s\n gave %v\n want %v", name, got[name], want[name])
		}
	}
}
