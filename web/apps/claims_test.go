package apps

import (
	"reflect"
	"testing"
	"time"

	"github.com/postern-sso/postern/templates/apps"
)

// An administrator reads claims, not JSON: what is about the person first.
func TestClaimsAreShownInWords(t *testing.T) {
	t.Parallel()
	person, protocol := shownClaims(map[string]any{"aud": []any{"jira"}, "exp": 1e9, "nonce": "n", "groups": []any{},
		"email_verified": true, "preferred_username": "ana", "auth_time": 2e9})
	wantPerson := []apps.Claim{{Name: "preferred_username", Values: []string{"ana"}}, {Name: "email_verified", Values: []string{"Yes"}},
		{Name: "groups"}, {Name: "auth_time", At: time.Unix(2e9, 0)}}
	wantProtocol := []apps.Claim{{Name: "aud", Values: []string{"jira"}}, {Name: "exp", At: time.Unix(1e9, 0)}, {Name: "nonce", Values: []string{"n"}}}
	if !reflect.DeepEqual(person, wantPerson) || !reflect.DeepEqual(protocol, wantProtocol) {
		t.Errorf("about the person %+v, the protocol's %+v", person, protocol)
	}
}
