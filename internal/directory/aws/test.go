package aws

import (
	"context"
	"errors"
	"fmt"
	"slices"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	storetypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
)

// SampleSize is how many people a test shows as they would come out.
const SampleSize = 5

// tester runs the steps of a test. A step that needs what another one would have
// given is skipped; the others go on, so that all that is missing shows at once.
type tester struct {
	s        *session
	steps    []directory.Step
	instance string // ARN
	group    string // id of one
	sample   []model.SourcePerson
}

// Test tries each call that a run makes, one page of each, and says what is missing.
// The people are the first ones that AWS lists, as they would come out; whether they
// are assigned is not worked out.
func (r *Reader) Test(ctx context.Context) ([]directory.Step, []model.SourcePerson) {
	t := &tester{s: &session{r: r, index: map[string]int{}}}
	ok := t.try(ctx, "credentials", "Whose credentials these are", true, t.identity)
	t.try(ctx, "people", "People", ok, t.people)
	groups := t.try(ctx, "groups", "Groups", ok, t.groups)
	t.try(ctx, "members", "Members of a group", groups && t.group != "", t.members)
	if groups && t.group == "" {
		t.last().Detail = "There is no group whose members could be listed."
	}
	if r.app == (application{}) {
		return t.steps, t.sample
	}
	found := t.try(ctx, "instance", "Instance of IAM Identity Center", ok, t.findInstance)
	known := t.try(ctx, "application", "Application of the connection", found, t.application)
	t.try(ctx, "assignments", "Who may use the application", known, t.assignments)
	return t.steps, t.sample
}

func (t *tester) last() *directory.Step { return &t.steps[len(t.steps)-1] }

// try runs one step, if what it needs is there, and tells whether it went well.
func (t *tester) try(ctx context.Context, name, title string, can bool, do func(context.Context) (string, error)) bool {
	step := directory.Step{Name: name, Title: title, State: directory.StepSkipped, Detail: "Was not tried: it needs what failed before."}
	defer func() { t.steps = append(t.steps, step) }()
	if !can {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, t.s.r.limits.call)
	defer cancel()
	detail, err := do(ctx)
	if err != nil {
		e := t.s.r.explain(ctx, t.s.doing, err)
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			e = &directory.ReadError{Reason: "timeout", Detail: "There was no answer within " + model.Duration(t.s.r.limits.call) + "."}
		}
		step.State, step.Detail, step.Remedy = directory.StepFailed, e.Detail, e.Remedy
		return false
	}
	step.State, step.Detail = directory.StepOK, detail
	return true
}

func (t *tester) identity(ctx context.Context) (string, error) {
	if err := t.s.begin(ctx); err != nil {
		return "", err
	}
	out, err := call(ctx, t.s, callerIdentity, t.s.aws.sts.GetCallerIdentity, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", err
	}
	return "You are " + clean(text(out.Arn), 300) + ", account " + clean(text(out.Account), 20) + ".", nil
}

func (t *tester) people(ctx context.Context) (string, error) {
	out, err := call(ctx, t.s, listUsers, t.s.aws.store.ListUsers, &identitystore.ListUsersInput{
		IdentityStoreId: t.s.store(), MaxResults: sdk.Int32(pageSize), Extensions: []string{enterprise}})
	if err != nil {
		return "", err
	}
	without := 0
	for i := range out.Users {
		p := personOf(&out.Users[i])
		if len(t.sample) < SampleSize {
			t.sample = append(t.sample, p)
		}
		if !p.Says.Has(model.SaysActive) {
			without++
		}
	}
	detail := firstPage(len(out.Users), out.NextToken, "person", "people")
	if without > 0 {
		detail += " " + model.Number(without) + " of them came without a status: AWS does not say whether they are enabled, and nobody is deactivated for it."
	}
	return detail, nil
}

func (t *tester) groups(ctx context.Context) (string, error) {
	out, err := call(ctx, t.s, listGroups, t.s.aws.store.ListGroups, &identitystore.ListGroupsInput{
		IdentityStoreId: t.s.store(), MaxResults: sdk.Int32(pageSize)})
	if err != nil {
		return "", err
	}
	at := slices.IndexFunc(out.Groups, func(g storetypes.Group) bool { return t.s.r.o.Groups.Ours(text(g.DisplayName)) != "" })
	if len(out.Groups) > 0 {
		t.group = text(out.Groups[max(at, 0)].GroupId)
	}
	return firstPage(len(out.Groups), out.NextToken, "group", "groups"), nil
}

func (t *tester) members(ctx context.Context) (string, error) {
	out, err := call(ctx, t.s, listMembers, t.s.aws.store.ListGroupMemberships, &identitystore.ListGroupMembershipsInput{
		IdentityStoreId: t.s.store(), GroupId: &t.group, MaxResults: sdk.Int32(pageSize)})
	if err != nil {
		return "", err
	}
	return firstPage(len(out.GroupMemberships), out.NextToken, "member of one group", "members of one group"), nil
}

func (t *tester) findInstance(ctx context.Context) (string, error) {
	arn, err := t.s.instance(ctx)
	t.instance = arn
	return "This is the instance of the identity store: " + clean(arn, 300) + ".", err
}

func (t *tester) application(ctx context.Context) (string, error) {
	arn, ok := t.s.r.app.arn(t.instance)
	if !ok {
		return "", unnamedInstance()
	}
	out, err := call(ctx, t.s, assignmentRule, t.s.aws.sso.GetApplicationAssignmentConfiguration,
		&ssoadmin.GetApplicationAssignmentConfigurationInput{ApplicationArn: &arn})
	if err != nil {
		return "", err
	}
	if out.AssignmentRequired != nil && !*out.AssignmentRequired {
		return "Is there, and requires no assignments: everybody in the directory may use it.", nil
	}
	return "Is there, and only people who are assigned may use it.", nil
}

func (t *tester) assignments(ctx context.Context) (string, error) {
	arn, _ := t.s.r.app.arn(t.instance)
	out, err := call(ctx, t.s, listAssigned, t.s.aws.sso.ListApplicationAssignments,
		&ssoadmin.ListApplicationAssignmentsInput{ApplicationArn: &arn, MaxResults: sdk.Int32(pageSize)})
	if err != nil {
		return "", err
	}
	return firstPage(len(out.ApplicationAssignments), out.NextToken, "assignment", "assignments"), nil
}

// firstPage says how many came, of how many is not known.
func firstPage(n int, next *string, one, many string) string {
	more := next != nil && *next != ""
	switch {
	case n == 1 && !more:
		return fmt.Sprintf("1 %s came.", one)
	case n == 0 && !more:
		return fmt.Sprintf("No %s came.", many)
	case more:
		return fmt.Sprintf("A first page of %d came, and there are more %s.", n, many)
	}
	return fmt.Sprintf("%d %s came.", n, many)
}
