package awssim

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// call calls an operation and decodes the answer into result.
func call(t *testing.T, s *Simulator, operation, parameters string, result any) int {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(parameters))
	r.Header.Set("X-Amz-Target", "AWSIdentityStore."+operation)
	sum := sha256.Sum256([]byte(parameters))
	access := s.Access()
	if err := v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: access.AccessKeyID, SecretAccessKey: access.SecretAccessKey}, r,
		hex.EncodeToString(sum[:]), "identitystore", access.Region, time.Now()); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	if err := json.Unmarshal(w.Body.Bytes(), result); err != nil || w.Header().Get("Content-Type") != "application/x-amz-json-1.1" {
		t.Fatalf("%s: %v in %s", operation, err, w.Body)
	}
	return w.Code
}

const storeID = `"IdentityStoreId":"d-9067a1b2c3"`

func TestListUsersPageByPage(t *testing.T) {
	t.Parallel()
	s, _ := newSim(t)
	var names []string
	token, calls := "", 0
	for {
		var page struct {
			Users []struct {
				UserName, UserStatus string
				Emails               []struct {
					Value   string
					Primary bool
				}
			}
			NextToken *string
		}
		parameters := `{` + storeID + `,"MaxResults":2` + token + `}`
		if status := call(t, s, "ListUsers", parameters, &page); status != http.StatusOK {
			t.Fatalf("status %d", status)
		}
		calls++
		for _, u := range page.Users {
			names = append(names, u.UserName)
			if u.UserStatus != "ENABLED" || (len(u.Emails) == 1) == (u.UserName == "carol") {
				t.Errorf("%+v", u)
			}
		}
		if page.NextToken == nil {
			break
		}
		token = `,"NextToken":"` + *page.NextToken + `"`
	}
	if want := []string{"alice", "bob", "carol", "dave", "erin"}; !slices.Equal(names, want) || calls != 3 {
		t.Errorf("%v in %d calls, want %v in 3", names, calls, want)
	}
}

func TestMembershipsBothWays(t *testing.T) {
	t.Parallel()
	s, _ := newSim(t)
	alice, engineers := s.Settings().person("alice").ID, s.Settings().group("Engineers").ID
	type memberships struct {
		GroupMemberships []struct {
			MembershipID string `json:"MembershipId"`
			GroupID      string `json:"GroupId"`
			MemberID     struct {
				UserID string `json:"UserId"`
			} `json:"MemberId"`
		}
	}
	var ofGroup, ofAlice memberships
	call(t, s, "ListGroupMemberships", `{`+storeID+`,"GroupId":"`+engineers+`"}`, &ofGroup)
	call(t, s, "ListGroupMembershipsForMember", `{`+storeID+`,"MemberId":{"UserId":"`+alice+`"}}`, &ofAlice)
	if len(ofGroup.GroupMemberships) != 4 || len(ofAlice.GroupMemberships) != 2 {
		t.Fatalf("%d members, %d groups", len(ofGroup.GroupMemberships), len(ofAlice.GroupMemberships))
	}
	if ofGroup.GroupMemberships[0] != ofAlice.GroupMemberships[1] || ofAlice.GroupMemberships[1].GroupID != engineers {
		t.Errorf("the same membership seen from both sides: %+v, %+v", ofGroup.GroupMemberships[0], ofAlice.GroupMemberships[1])
	}
	var exists struct {
		Results []struct{ MembershipExists bool }
	}
	dave := s.Settings().person("dave").ID
	call(t, s, "IsMemberInGroups", `{`+storeID+`,"MemberId":{"UserId":"`+dave+`"},"GroupIds":["`+engineers+`"]}`, &exists)
	if len(exists.Results) != 1 || exists.Results[0].MembershipExists {
		t.Errorf("dave %+v", exists)
	}
}

func TestLookUps(t *testing.T) {
	t.Parallel()
	s, _ := newSim(t)
	c := s.Settings()
	bob, engineers := c.person("bob").ID, c.group("Engineers").ID
	for name, q := range map[string]struct{ operation, parameters, field, want string }{
		"user by username": {"GetUserId", `"AlternateIdentifier":{"UniqueAttribute":{"AttributePath":"userName","AttributeValue":"bob"}}`, "UserId", bob},
		"user by email": {"GetUserId", `"AlternateIdentifier":{"UniqueAttribute":{"AttributePath":"emails.value","AttributeValue":"bob@example.com"}}`,
			"UserId", bob},
		"group by name": {"GetGroupId", `"AlternateIdentifier":{"UniqueAttribute":{"AttributePath":"displayName","AttributeValue":"Engineers"}}`, "GroupId",
			engineers},
		"user":         {"DescribeUser", `"UserId":"` + bob + `"`, "DisplayName", "Bob Builder"},
		"group":        {"DescribeGroup", `"GroupId":"` + engineers + `"`, "DisplayName", "Engineers"},
		"unknown user": {"DescribeUser", `"UserId":"x"`, "__type", "ResourceNotFoundException"},
		"unknown group": {"GetGroupId", `"AlternateIdentifier":{"UniqueAttribute":{"AttributePath":"displayName","AttributeValue":"x"}}`,
			"ResourceType", "GROUP"},
		"too many results":  {"ListUsers", `"MaxResults":101`, "__type", "ValidationException"},
		"token of another":  {"ListUsers", `"NextToken":"!"`, "__type", "ValidationException"},
		"writing":           {"CreateUser", `"UserName":"x"`, "__type", "UnknownOperationException"},
		"filter on another": {"ListUsers", `"Filters":[{"AttributePath":"Title","AttributeValue":"x"}]`, "__type", "ValidationException"},
	} {
		var answer map[string]any
		status := call(t, s, q.operation, `{`+storeID+`,`+q.parameters+`}`, &answer)
		if answer[q.field] != q.want || (status == http.StatusOK) == (answer["__type"] != nil) {
			t.Errorf("%s: %d %v, want %s %q", name, status, answer, q.field, q.want)
		}
	}
	var answer map[string]any
	call(t, s, "ListUsers", `{"IdentityStoreId":"d-0000000000"}`, &answer)
	if answer["ResourceType"] != "IDENTITY_STORE" {
		t.Errorf("another identity store: %v", answer)
	}
	var one struct {
		Groups []struct{ DisplayName string }
	}
	call(t, s, "ListGroups", `{`+storeID+`,"Filters":[{"AttributePath":"DisplayName","AttributeValue":"Engineers"}]}`, &one)
	if len(one.Groups) != 1 || one.Groups[0].DisplayName != "Engineers" {
		t.Errorf("filtered groups %+v", one)
	}
}

func TestIdentityStoreWantsAuthorization(t *testing.T) {
	t.Parallel()
	s, _ := newSim(t)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(`{`+storeID+`}`))
	r.Header.Set("X-Amz-Target", "AWSIdentityStore.ListUsers")
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	if w.Code == http.StatusOK || strings.Contains(w.Body.String(), "alice") {
		t.Errorf("unsigned request: %d %s", w.Code, w.Body)
	}
}
