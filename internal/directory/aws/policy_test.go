package aws

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
)

var settings = model.AWSSettings{Region: "eu-central-1", IdentityStoreID: "d-9067a1b2c3",
	RoleARN: "arn:aws:iam::123456789012:role/postern", ExternalID: "postern-abc"}

func parsed(t *testing.T, text string) map[string]any {
	t.Helper()
	var all struct {
		Version   string
		Statement []map[string]any
	}
	if err := json.Unmarshal([]byte(text), &all); err != nil || all.Version != "2012-10-17" {
		t.Fatalf("%v in %s", err, text)
	}
	bySid := map[string]any{}
	for _, s := range all.Statement {
		bySid[s["Sid"].(string)] = s
	}
	return bySid
}

// The policy allows what is called, and nothing else.
func TestPolicyIsTheLeast(t *testing.T) {
	t.Parallel()
	for _, withApplication := range []bool{true, false} {
		text := Policy(PolicyOptions{Settings: settings, Account: "123456789012", Application: withApplication})
		var allowed []string
		for _, s := range parsed(t, text) {
			for _, a := range s.(map[string]any)["Action"].([]any) {
				allowed = append(allowed, a.(string))
			}
		}
		want := Actions(withApplication)
		slices.Sort(allowed)
		slices.Sort(want)
		if !slices.Equal(allowed, want) {
			t.Errorf("allowed %v, called %v", allowed, want)
		}
	}
	w := newWorld(t, nil)
	w.read(w.reader())
	w.reader().Test(t.Context())
	for name := range w.counts {
		if !slices.Contains(Actions(true), name) && name != "sts:" {
			t.Errorf("%s is called and not in the policy", name)
		}
	}
}

func TestPolicyNamesTheStore(t *testing.T) {
	t.Parallel()
	text := Policy(PolicyOptions{Settings: settings, Account: "123456789012", Key: "arn:aws:kms:eu-central-1:123456789012:key/k"})
	for _, part := range []string{`"arn:aws:identitystore::123456789012:identitystore/d-9067a1b2c3"`, `"arn:aws:identitystore:::user/*"`,
		`"arn:aws:identitystore:::membership/*"`, `"kms:Decrypt"`, `"kms:ViaService": "identitystore.eu-central-1.*"`} {
		if !strings.Contains(text, part) {
			t.Errorf("no %s in %s", part, text)
		}
	}
	if text := Policy(PolicyOptions{Settings: settings}); strings.Contains(text, "sso:") || strings.Contains(text, "kms:") ||
		!strings.Contains(text, `"arn:aws:identitystore::*:identitystore/d-9067a1b2c3"`) {
		t.Error(text)
	}
	china := settings
	china.Region = "cn-north-1"
	if text := Policy(PolicyOptions{Settings: china, Account: "1"}); !strings.Contains(text, `"arn:aws-cn:identitystore::*:identitystore/`) {
		t.Error(text)
	}
	for region, partition := range map[string]string{"us-gov-east-1": "aws-us-gov", "cn-northwest-1": "aws-cn",
		"us-iso-east-1": "aws-iso", "us-isob-east-1": "aws-iso-b",
		"eusc-de-east-1": "aws-eusc", "ap-southeast-5": "aws"} {
		if got := Partition(region); got != partition {
			t.Errorf("%s is in %s, want %s", region, got, partition)
		}
	}
}

func TestTrustPolicyWantsTheExternalID(t *testing.T) {
	t.Parallel()
	s := parsed(t, TrustPolicy(settings, "arn:aws:iam::210987654321:role/machine"))["PosternAssumes"].(map[string]any)
	if s["Action"] != "sts:AssumeRole" || s["Principal"].(map[string]any)["AWS"] != "arn:aws:iam::210987654321:role/machine" ||
		s["Condition"].(map[string]any)["StringEquals"].(map[string]any)["sts:ExternalId"] != "postern-abc" {
		t.Errorf("%v", s)
	}
	if text := TrustPolicy(settings, ""); !strings.Contains(text, "ACCOUNT-OF-POSTERN") {
		t.Error(text)
	}
	if s := parsed(t, AssumePolicy(settings))["PosternAssumes"].(map[string]any); s["Resource"] != settings.RoleARN || s["Action"] != "sts:AssumeRole" {
		t.Errorf("%v", s)
	}
}
