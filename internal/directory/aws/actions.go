package aws

import "slices"

// action is a permission that a call needs, as policies name it.
type action string

// The actions that a run or a test needs: the policy has these and no others.
const (
	listUsers      action = "identitystore:ListUsers"
	describeUser   action = "identitystore:DescribeUser"
	listGroups     action = "identitystore:ListGroups"
	listMembers    action = "identitystore:ListGroupMemberships"
	listGroupsOf   action = "identitystore:ListGroupMembershipsForMember" // where a login reads its person
	listInstances  action = "sso:ListInstances"
	listAssigned   action = "sso:ListApplicationAssignments"
	assignmentRule action = "sso:GetApplicationAssignmentConfiguration"

	callerIdentity action = "sts:GetCallerIdentity" // needs no permission
	assumeRole     action = "sts:AssumeRole"        // of who assumes the role, in the other policy
)

// what each call is for, as "could not …" continues.
var purposes = map[action]string{
	listUsers: "list the people", describeUser: "look one person up", listGroups: "list the groups", listMembers: "list the members of a group",
	listGroupsOf:  "list the groups of one person",
	listInstances: "list the instances of IAM Identity Center", listAssigned: "list who is assigned to the application",
	assignmentRule: "ask whether the application requires assignments", callerIdentity: "ask whose credentials these are", assumeRole: "assume the role",
}

// ofStore tells whether a call goes to the Identity Store.
func (a action) ofStore() bool {
	return slices.Contains([]action{listUsers, describeUser, listGroups, listMembers, listGroupsOf}, a)
}

// Actions are what the policy has to allow; those for applications only where a
// connection's application is read.
func Actions(withApplication bool) []string {
	all := []action{listUsers, describeUser, listGroups, listMembers}
	if withApplication {
		all = append(all, listInstances, listAssigned, assignmentRule)
	}
	names := make([]string, len(all))
	for i, a := range all {
		names[i] = string(a)
	}
	return names
}
