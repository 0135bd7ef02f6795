package aws

import (
	"context"
	"maps"
	"slices"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	storetypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssotypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
)

// session is one reading.
type session struct {
	r        *Reader
	progress func(people, groups int)
	aws      *clients
	doing    action // the call that is made
	answered bool   // part of the directory came

	people   []model.SourcePerson
	index    map[string]int // of people, by id
	groups   []model.SourceGroup
	assigned map[string]bool // ids of people and groups that are assigned to the application
	known    bool            // who may use the application is known
	all      bool            // it requires no assignments
	lost     map[string]bool // ids that came as members or assigned, and not as people
	remarks  []string
}

// pageSize is what is asked for; AWS may give less.
const pageSize = 100

func (s *session) begin(ctx context.Context) error {
	s.r.left.Store(s.r.limits.answers)
	s.doing = callerIdentity
	clients, err := s.r.connect(ctx)
	s.aws, s.lost = clients, map[string]bool{}
	return err
}

func (s *session) tell() {
	if s.progress != nil {
		s.progress(len(s.people), len(s.groups))
	}
}

// call makes one call, bounded in time with all its attempts.
func call[In, Out, Opt any](ctx context.Context, s *session, a action, do func(context.Context, *In, ...func(*Opt)) (*Out, error), in *In) (*Out, error) {
	s.doing = a
	ctx, cancel := context.WithTimeout(ctx, s.r.limits.call)
	defer cancel()
	return do(ctx, in)
}

// pages gets a list to its end. A token that comes again would go on for ever.
func (s *session) pages(ctx context.Context, get func(context.Context, *string) (next *string, err error)) error {
	var token *string
	seen := map[string]bool{}
	for range s.r.limits.pages {
		next, err := get(ctx, token)
		if err != nil {
			return err
		}
		s.answered = true
		if next == nil || *next == "" {
			return nil
		}
		if seen[*next] {
			return endless(s.doing, "AWS named the same next page twice")
		}
		seen[*next], token = true, next
	}
	return endless(s.doing, "AWS still named a next page after "+model.Count(s.r.limits.pages, "page", "pages"))
}

func endless(a action, what string) error {
	return &directory.ReadError{Reason: "endless_list", Detail: "Could not " + purposes[a] + ": " + what + ".",
		Remedy: "If this is not AWS's own address, look at what answers there. Else the next run tries again."}
}

// twice asks once more where an id came twice: AWS's pages are no snapshot, and what
// moved from one page to another may have left others out.
func twice(a action, list func() (id string, err error)) error {
	var id string
	for range 2 {
		var err error
		if id, err = list(); err != nil || id == "" {
			return err
		}
	}
	return &directory.ReadError{Reason: "duplicate_id", Detail: "Could not " + purposes[a] + ": " + clean(id, 100) + " came twice, also when asked again.",
		Remedy: "People or groups may be added and removed in AWS at this moment. The next run tries again."}
}

func (s *session) readPeople(ctx context.Context) error {
	return twice(listUsers, func() (string, error) {
		s.people, s.index = nil, map[string]int{}
		again := ""
		err := s.pages(ctx, func(ctx context.Context, token *string) (*string, error) {
			out, err := call(ctx, s, listUsers, s.aws.store.ListUsers, &identitystore.ListUsersInput{
				IdentityStoreId: s.store(), MaxResults: sdk.Int32(pageSize), NextToken: token, Extensions: []string{enterprise}})
			if err != nil {
				return nil, err
			}
			for i := range out.Users {
				if p := personOf(&out.Users[i]); !s.addPerson(p) {
					again = p.StableID
				}
			}
			s.tell()
			return out.NextToken, nil
		})
		return again, err
	})
}

// addPerson tells whether the id is new. People without one are told apart by the
// planner, which takes none of it.
func (s *session) addPerson(p model.SourcePerson) bool {
	if _, ok := s.index[p.StableID]; ok && p.StableID != "" {
		return false
	}
	s.index[p.StableID] = len(s.people)
	s.people = append(s.people, p)
	return true
}

func (s *session) readGroups(ctx context.Context) error {
	return twice(listGroups, func() (string, error) {
		s.groups = nil
		again, seen := "", map[string]bool{}
		err := s.pages(ctx, func(ctx context.Context, token *string) (*string, error) {
			out, err := call(ctx, s, listGroups, s.aws.store.ListGroups,
				&identitystore.ListGroupsInput{IdentityStoreId: s.store(), MaxResults: sdk.Int32(pageSize), NextToken: token})
			if err != nil {
				return nil, err
			}
			for _, g := range out.Groups {
				group := model.SourceGroup{StableID: text(g.GroupId), Name: text(g.DisplayName), Description: text(g.Description)}
				if group.StableID != "" && seen[group.StableID] {
					again = group.StableID
					continue
				}
				seen[group.StableID] = true
				s.groups = append(s.groups, group)
			}
			s.tell()
			return out.NextToken, nil
		})
		return again, err
	})
}

// readAssignments finds the application in the instance and reads who may use it.
func (s *session) readAssignments(ctx context.Context) error {
	if s.r.app == (application{}) {
		return nil
	}
	instance, err := s.instance(ctx)
	if err != nil {
		return err
	}
	arn, ok := s.r.app.arn(instance)
	if !ok {
		return unnamedInstance()
	}
	rule, err := call(ctx, s, assignmentRule, s.aws.sso.GetApplicationAssignmentConfiguration,
		&ssoadmin.GetApplicationAssignmentConfigurationInput{ApplicationArn: &arn})
	if err != nil {
		return err
	}
	s.known, s.all, s.assigned = true, rule.AssignmentRequired != nil && !*rule.AssignmentRequired, map[string]bool{}
	return s.pages(ctx, func(ctx context.Context, token *string) (*string, error) {
		out, err := call(ctx, s, listAssigned, s.aws.sso.ListApplicationAssignments,
			&ssoadmin.ListApplicationAssignmentsInput{ApplicationArn: &arn, MaxResults: sdk.Int32(pageSize), NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, a := range out.ApplicationAssignments {
			id := text(a.PrincipalId)
			s.assigned[id] = true
			if _, ok := s.index[id]; !ok && a.PrincipalType == ssotypes.PrincipalTypeUser {
				s.lost[id] = true
			}
		}
		return out.NextToken, s.tooManyLost()
	})
}

// instance is the ARN of the instance that the identity store belongs to.
func (s *session) instance(ctx context.Context) (string, error) {
	arn, others := "", 0
	err := s.pages(ctx, func(ctx context.Context, token *string) (*string, error) {
		out, err := call(ctx, s, listInstances, s.aws.sso.ListInstances, &ssoadmin.ListInstancesInput{MaxResults: sdk.Int32(pageSize), NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, i := range out.Instances {
			if text(i.IdentityStoreId) == s.r.o.Settings.IdentityStoreID {
				arn = text(i.InstanceArn)
			} else {
				others++
			}
		}
		return out.NextToken, nil
	})
	if err == nil && arn == "" {
		err = s.unknownInstance(others)
	}
	return arn, err
}

func (s *session) unknownInstance(others int) error {
	detail := "No instance of IAM Identity Center is visible to these credentials in " + s.r.o.Settings.Region + "."
	if others > 0 {
		detail = "The instance of IAM Identity Center that these credentials see in " + s.r.o.Settings.Region + " has another identity store."
	}
	return &directory.ReadError{Reason: "unknown_instance", Detail: detail,
		Remedy: "Use credentials of the account that IAM Identity Center is in, or of its delegated administrator, and the Region in which it was enabled."}
}

func unnamedInstance() error {
	return &directory.ReadError{Reason: "bad_answer", Detail: "The instance of IAM Identity Center has no ARN that an application's could be made of."}
}

// readMembers reads the members of the groups that are named in the settings or
// assigned to the application.
func (s *session) readMembers(ctx context.Context) error {
	left, gone := s.r.limits.members, []string{}
	for i := range s.groups {
		g := &s.groups[i]
		if s.r.o.Groups.Ours(g.Name) == "" && !s.assigned[g.StableID] {
			continue
		}
		members, err := s.members(ctx, g.StableID, &left)
		if missing(err, storetypes.ResourceTypeGroup) {
			gone = append(gone, g.StableID)
			continue
		}
		if err != nil {
			return err
		}
		g.Members = members
	}
	if len(gone) > 0 {
		s.groups = slices.DeleteFunc(s.groups, func(g model.SourceGroup) bool { return slices.Contains(gone, g.StableID) })
		s.remarks = append(s.remarks, model.Count(len(gone), "group was removed in AWS while it was read.", "groups were removed in AWS while they were read."))
	}
	return nil
}

func (s *session) members(ctx context.Context, group string, left *int) ([]string, error) {
	seen := map[string]bool{}
	err := s.pages(ctx, func(ctx context.Context, token *string) (*string, error) {
		out, err := call(ctx, s, listMembers, s.aws.store.ListGroupMemberships,
			&identitystore.ListGroupMembershipsInput{IdentityStoreId: s.store(), GroupId: &group, MaxResults: sdk.Int32(pageSize), NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, m := range out.GroupMemberships {
			user, ok := m.MemberId.(*storetypes.MemberIdMemberUserId)
			if !ok || user.Value == "" {
				continue // only people are members; what else may come is nobody
			}
			id := text(&user.Value)
			if at, ok := s.index[id]; ok {
				id = s.people[at].StableID // one copy of each id
			} else {
				s.lost[id] = true
			}
			seen[id] = true
		}
		if *left -= len(out.GroupMemberships); *left < 0 {
			return nil, &directory.ReadError{Reason: "too_large", Remedy: "Name fewer groups.",
				Detail: "The groups have more than " + model.Count(s.r.limits.members, "member", "members") + " together."}
		}
		return out.NextToken, s.tooManyLost()
	})
	return slices.Sorted(maps.Keys(seen)), err
}

func (s *session) tooManyLost() error {
	if len(s.lost) <= s.r.limits.unknown {
		return nil
	}
	return &directory.ReadError{Reason: "too_many_unknown",
		Detail: "More than " + model.Count(s.r.limits.unknown, "member is", "members are") + " not among the people that AWS listed.",
		Remedy: "Many people may have been added in AWS at this moment. The next run tries again."}
}

// resolve asks for each one who came as a member or assigned, and not as a person:
// whoever AWS knows was missed between two pages; the others are gone.
func (s *session) resolve(ctx context.Context) error {
	gone := map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(s.lost)) {
		out, err := call(ctx, s, describeUser, s.aws.store.DescribeUser,
			&identitystore.DescribeUserInput{IdentityStoreId: s.store(), UserId: &id, Extensions: []string{enterprise}})
		if missing(err, storetypes.ResourceTypeUser) {
			gone[id] = true
			continue
		}
		if err != nil {
			return err
		}
		if p := personOf(describedUser(out)); p.StableID == id {
			s.addPerson(p)
		} else {
			return &directory.ReadError{Reason: "bad_answer", Detail: "AWS was asked for one person and answered with another."}
		}
	}
	if len(gone) == 0 {
		return nil
	}
	for i := range s.groups {
		s.groups[i].Members = slices.DeleteFunc(s.groups[i].Members, func(id string) bool { return gone[id] })
	}
	s.remarks = append(s.remarks, model.Count(len(gone), "person is still a member or assigned in AWS, and does not exist any more.",
		"people are still members or assigned in AWS, and do not exist any more."))
	return nil
}

func (s *session) store() *string { return &s.r.o.Settings.IdentityStoreID }

func (s *session) reading() model.Reading {
	if s.known {
		s.markAssigned()
	}
	unknown := 0
	for i := range s.people {
		if !s.people[i].Says.Has(model.SaysActive) {
			unknown++
		}
	}
	if unknown > 0 {
		s.remarks = append(s.remarks, model.Count(unknown, "person", "people")+
			" came without a status: AWS does not say whether they are enabled, and nobody is deactivated for it.")
	}
	return model.Reading{People: s.people, Groups: s.groups, GroupsRead: true, Assignments: s.known, Remarks: s.remarks}
}

// markAssigned marks who may use the application: everybody where it requires no
// assignments, else whoever is assigned, or a direct member of an assigned group.
func (s *session) markAssigned() {
	for i := range s.people {
		s.people[i].Assigned = s.all || s.assigned[s.people[i].StableID]
	}
	for _, g := range s.groups {
		if !s.assigned[g.StableID] {
			continue
		}
		for _, id := range g.Members {
			if at, ok := s.index[id]; ok {
				s.people[at].Assigned = true
			}
		}
	}
}
