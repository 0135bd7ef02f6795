package aws

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

// PolicyOptions is what the texts for AWS are made of.
type PolicyOptions struct {
	Settings    model.AWSSettings
	Account     string // 12 digits: the one that IAM Identity Center is in; empty: any
	Application bool   // a connection is chosen, and who may use its application is read
	Key         string // ARN of the customer's key that encrypts the store; empty: AWS's own
}

type policy struct {
	Version   string
	Statement []statement
}

type statement struct {
	Sid       string
	Effect    string
	Principal map[string]string            `json:",omitempty"`
	Action    any                          // one or several
	Resource  any                          `json:",omitempty"`
	Condition map[string]map[string]string `json:",omitempty"`
}

// Policy is the least that the credentials have to be allowed, as JSON to copy:
// reading alone, and no action that is never called.
func Policy(o PolicyOptions) string {
	arn := "arn:" + Partition(o.Settings.Region)
	account := o.Account
	if !accountPattern.MatchString(account) {
		account = "*"
	}
	store := arn + ":identitystore::" + account + ":identitystore/" + o.Settings.IdentityStoreID
	of := func(kinds ...string) []string {
		all := []string{store}
		for _, kind := range kinds {
			all = append(all, arn+":identitystore:::"+kind+"/*")
		}
		return all
	}
	statements := []statement{
		{Sid: "PosternPeople", Effect: "Allow", Action: []action{listUsers, describeUser}, Resource: of("user")},
		{Sid: "PosternGroups", Effect: "Allow", Action: []action{listGroups}, Resource: of("group")},
		{Sid: "PosternMembers", Effect: "Allow", Action: []action{listMembers}, Resource: of("group", "membership")},
	}
	if o.Settings.ReadAtLogin {
		statements = append(statements, statement{Sid: "PosternGroupsOfOne", Effect: "Allow", Action: []action{listGroupsOf},
			Resource: of("user", "membership")})
	}
	if o.Application {
		statements = append(statements, statement{Sid: "PosternAssignments", Effect: "Allow",
			Action: []action{listInstances, listAssigned, assignmentRule}, Resource: "*"})
	}
	if o.Key != "" {
		statements = append(statements, statement{Sid: "PosternKey", Effect: "Allow", Action: "kms:Decrypt", Resource: o.Key,
			Condition: map[string]map[string]string{"StringLike": {"kms:ViaService": "identitystore." + o.Settings.Region + ".*"}}})
	}
	return policyText(statements...)
}

// TrustPolicy is for the role that the source assumes: whoever principal is, an ARN,
// may assume it with the external id of the source. An empty principal leaves a
// place to fill in.
func TrustPolicy(s model.AWSSettings, principal string) string {
	if principal == "" {
		principal = "arn:" + Partition(s.Region) + ":iam::ACCOUNT-OF-POSTERN:role/ROLE-OF-POSTERN"
	}
	return policyText(statement{Sid: "PosternAssumes", Effect: "Allow", Principal: map[string]string{"AWS": principal}, Action: assumeRole,
		Condition: map[string]map[string]string{"StringEquals": {"sts:ExternalId": s.ExternalID}}})
}

// AssumePolicy is what the credentials before the role have to be allowed.
func AssumePolicy(s model.AWSSettings) string {
	return policyText(statement{Sid: "PosternAssumes", Effect: "Allow", Action: assumeRole, Resource: s.RoleARN})
}

func policyText(statements ...statement) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(policy{Version: "2012-10-17", Statement: statements}); err != nil {
		panic(err) // of texts alone: cannot happen
	}
	return b.String()
}

var accountPattern = regexp.MustCompile(`^[0-9]{12}$`)

// partitions are the parts of AWS that share nothing, by how their Regions begin.
var partitions = []struct{ region, name string }{
	{"cn-", "aws-cn"}, {"us-gov-", "aws-us-gov"}, {"us-isob-", "aws-iso-b"}, {"us-iso-", "aws-iso"}, {"eu-isoe-", "aws-iso-e"},
	{"us-isof-", "aws-iso-f"}, {"eusc-", "aws-eusc"},
}

// Partition is the second part of every ARN of a Region.
func Partition(region string) string {
	for _, p := range partitions {
		if strings.HasPrefix(region, p.region) {
			return p.name
		}
	}
	return "aws"
}
