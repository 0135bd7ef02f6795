package awssim

import (
	"encoding/json"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/postern-sso/postern/internal/peertest"
)

// served is the simulator with what AWS's SDK for JavaScript needs to call it.
func served(t *testing.T, s *Simulator) peertest.AWSSettings {
	t.Helper()
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	a := s.Access()
	return peertest.AWSSettings{Endpoint: server.URL, Region: a.Region, Credentials: peertest.AWSCredentials{
		AccessKeyID: a.AccessKeyID, SecretAccessKey: a.SecretAccessKey}}
}

func decoded[T any](t *testing.T, data json.RawMessage) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	return v
}

// AWS's SDK for JavaScript, which shares no code with the one for Go, reads people,
// groups, members and assignments page by page, and signs so that the simulator's
// own check of signatures holds.
func TestJavaScriptSDKReadsTheDirectory(t *testing.T) {
	t.Parallel()
	s, app := newSim(t)
	if err := s.UpdateSettings(func(c *Settings) {
		bob := c.person("bob")
		bob.Title, bob.Enterprise = "Carpenter", map[string]string{"department": "Building", "costCenter": "4711"}
		bob.ExternalIDs, bob.Disabled = []ExternalID{{Issuer: "https://scim.example/", ID: "0x9"}}, true
		c.Applications[0].AssignedPeople = []string{"dave", "carol", "bob"}
	}); err != nil {
		t.Fatal(err)
	}
	c := s.Settings()
	settings, store := served(t, s), c.IdentityStore
	arn := c.applicationARN(app.ID)
	settings.Calls = []peertest.AWSCall{
		{Service: "sts", Operation: "GetCallerIdentity"},
		{Service: "sso", Operation: "ListInstances", Pages: true},
		{Service: "identitystore", Operation: "ListUsers", Pages: true,
			Input: map[string]any{"IdentityStoreId": store, "MaxResults": 2, "Extensions": []string{enterpriseExtension}}},
		{Service: "identitystore", Operation: "ListGroups", Pages: true, Input: map[string]any{"IdentityStoreId": store, "MaxResults": 1}},
		{Service: "identitystore", Operation: "ListGroupMemberships", Pages: true,
			Input: map[string]any{"IdentityStoreId": store, "GroupId": c.group("Engineers").ID, "MaxResults": 3}},
		{Service: "sso", Operation: "ListApplicationAssignments", Pages: true, Input: map[string]any{"ApplicationArn": arn, "MaxResults": 100}},
		{Service: "sso", Operation: "GetApplicationAssignmentConfiguration", Input: map[string]any{"ApplicationArn": arn}},
		{Service: "sso", Operation: "ListApplications", Pages: true, Input: map[string]any{"InstanceArn": c.instanceARN()}},
		{Service: "sso", Operation: "DescribeApplication", Input: map[string]any{"ApplicationArn": arn}},
	}
	results := peertest.CallAWS(t, settings)
	for i, r := range results {
		if r.Error != nil {
			t.Fatalf("%s: %+v", settings.Calls[i].Operation, r.Error)
		}
	}
	if me := decoded[struct{ Arn, Account string }](t, results[0].Answer); me.Account != c.Account || me.Arn != "arn:aws:iam::123456789012:user/postern" {
		t.Errorf("who the key is: %+v", me)
	}
	type instances struct {
		Instances []struct {
			InstanceArn     string
			IdentityStoreID string `json:"IdentityStoreId"`
		}
	}
	if got := decoded[instances](t, results[1].Pages[0]).Instances; len(got) != 1 || got[0].IdentityStoreID != store || got[0].InstanceArn != c.instanceARN() {
		t.Errorf("instances %+v", got)
	}
	checkPeople(t, results[2].Pages)
	if len(results[3].Pages) != 2 || len(results[4].Pages) != 2 {
		t.Errorf("%d pages of groups and %d of members, want 2 and 2", len(results[3].Pages), len(results[4].Pages))
	}
	var principals []string
	for _, page := range results[5].Pages {
		for _, a := range decoded[struct {
			ApplicationAssignments []struct{ PrincipalType string }
		}](t, page).ApplicationAssignments {
			principals = append(principals, a.PrincipalType)
		}
	}
	if !slices.Equal(principals, []string{"USER", "USER", "USER", "GROUP"}) || len(results[5].Pages) != 2 {
		t.Errorf("assignments %v on %d pages, want pages shorter than asked for", principals, len(results[5].Pages))
	}
	if !decoded[struct{ AssignmentRequired bool }](t, results[6].Answer).AssignmentRequired {
		t.Error("assignments are required")
	}
	if got := decoded[struct{ Name, ApplicationArn string }](t, results[8].Answer); got.Name != "Postern" || got.ApplicationArn != arn {
		t.Errorf("application %+v", got)
	}
}

func checkPeople(t *testing.T, pages []json.RawMessage) {
	t.Helper()
	type person struct {
		UserName, Title, UserStatus string
		Extensions                  map[string]map[string]string
		ExternalIDs                 []ExternalID `json:"ExternalIds"`
	}
	all := map[string]person{}
	for _, page := range pages {
		for _, p := range decoded[struct{ Users []person }](t, page).Users {
			all[p.UserName] = p
		}
	}
	bob := all["bob"]
	if len(all) != 5 || len(pages) != 3 || bob.Title != "Carpenter" || bob.UserStatus != "DISABLED" || len(bob.ExternalIDs) != 1 ||
		bob.Extensions[enterpriseExtension]["costCenter"] != "4711" || all["alice"].Extensions != nil {
		t.Errorf("%d people on %d pages, bob is %+v", len(all), len(pages), bob)
	}
}

// The SDK for JavaScript tells refusals apart: a wrong secret, a key that nobody
// has, what the policy lacks, what does not exist.
func TestJavaScriptSDKIsRefused(t *testing.T) {
	t.Parallel()
	s, _ := newSim(t)
	if err := s.UpdateSettings(func(c *Settings) { c.DeniedActions = []string{"sso:ListInstances"} }); err != nil {
		t.Fatal(err)
	}
	settings := served(t, s)
	list := peertest.AWSCall{Service: "identitystore", Operation: "ListUsers", Input: map[string]any{"IdentityStoreId": "d-9067a1b2c3"}}
	refusals := func(s peertest.AWSSettings, calls ...peertest.AWSCall) []peertest.AWSError {
		var all []peertest.AWSError
		s.Calls = calls
		for _, r := range peertest.CallAWS(t, s) {
			if r.Error == nil {
				t.Fatalf("not refused: %s", r.Answer)
			}
			all = append(all, *r.Error)
		}
		return all
	}
	is := func(e peertest.AWSError, name string, status int) {
		t.Helper()
		if e.Name != name || e.Status != status {
			t.Errorf("got %+v, want %s with %d", e, name, status)
		}
	}
	got := refusals(settings, peertest.AWSCall{Service: "sso", Operation: "ListInstances"},
		peertest.AWSCall{Service: "identitystore", Operation: "ListUsers", Input: map[string]any{"IdentityStoreId": "d-0000000000"}},
		peertest.AWSCall{Service: "sts", Operation: "AssumeRole", Input: map[string]any{"RoleArn": "arn:aws:iam::123456789012:role/x", "RoleSessionName": "x1"}})
	is(got[0], "AccessDeniedException", 403)
	is(got[1], "ResourceNotFoundException", 404)
	is(got[2], "AccessDenied", 403)
	wrong := settings
	wrong.Credentials.SecretAccessKey = "another"
	got = refusals(wrong, list, peertest.AWSCall{Service: "sts", Operation: "GetCallerIdentity"})
	is(got[0], "InvalidSignatureException", 400)
	is(got[1], "SignatureDoesNotMatch", 403)
	wrong = settings
	wrong.Credentials.AccessKeyID = "AKIANOBODYHASTHISKEY"
	got = refusals(wrong, list)
	is(got[0], "UnrecognizedClientException", 400)
}

// A role is assumed by whoever knows its external id, and its keys open the APIs.
func TestJavaScriptSDKAssumesARole(t *testing.T) {
	t.Parallel()
	s, _ := newSim(t)
	const role = "arn:aws:iam::123456789012:role/reads"
	if err := s.UpdateSettings(func(c *Settings) { c.Roles = []Role{{ARN: role, ExternalID: "known"}} }); err != nil {
		t.Fatal(err)
	}
	settings := served(t, s)
	assume := func(externalID string) peertest.AWSCall {
		return peertest.AWSCall{Service: "sts", Operation: "AssumeRole",
			Input: map[string]any{"RoleArn": role, "RoleSessionName": "postern", "ExternalId": externalID}}
	}
	settings.Calls = []peertest.AWSCall{assume("guessed"), assume("known")}
	results := peertest.CallAWS(t, settings)
	if results[0].Error == nil || results[0].Error.Name != "AccessDenied" || results[1].Error != nil {
		t.Fatalf("%+v", results)
	}
	keys := decoded[struct {
		Credentials struct {
			AccessKeyID     string `json:"AccessKeyId"`
			SecretAccessKey string
			SessionToken    string
		}
	}](t, results[1].Answer).Credentials
	settings.Credentials = peertest.AWSCredentials(keys)
	settings.Calls = []peertest.AWSCall{{Service: "sts", Operation: "GetCallerIdentity"},
		{Service: "identitystore", Operation: "ListUsers", Input: map[string]any{"IdentityStoreId": "d-9067a1b2c3"}}}
	results = peertest.CallAWS(t, settings)
	if results[1].Error != nil || decoded[struct{ Arn string }](t, results[0].Answer).Arn != "arn:aws:sts::123456789012:assumed-role/reads/postern" {
		t.Errorf("with the role's keys: %s, %+v", results[0].Answer, results[1].Error)
	}
}
