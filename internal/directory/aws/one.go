package aws

import (
	"context"
	"slices"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	storetypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"github.com/postern-sso/postern/internal/directory"
)

// forOne is how long asking for one person may take: somebody waits.
const forOne = 2 * time.Second

// ReadOne asks for one person by the user id of AWS, for a login that waits: it takes
// two seconds at most. Every error is a *directory.ReadError.
func (r *Reader) ReadOne(ctx context.Context, id string) (directory.One, error) {
	if id == "" {
		return directory.One{}, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, forOne, errRunOver)
	defer cancel()
	s := &session{r: r}
	one, err := s.readOne(ctx, id)
	if err != nil {
		return directory.One{}, r.explain(ctx, s.doing, err)
	}
	return one, nil
}

func (s *session) readOne(ctx context.Context, id string) (one directory.One, err error) {
	if err := s.begin(ctx); err != nil {
		return one, err
	}
	out, err := call(ctx, s, describeUser, s.aws.store.DescribeUser,
		&identitystore.DescribeUserInput{IdentityStoreId: s.store(), UserId: &id, Extensions: []string{enterprise}})
	if missing(err, storetypes.ResourceTypeUser) {
		return one, nil
	}
	if err != nil {
		return one, err
	}
	one.Person = personOf(describedUser(out))
	if one.Person.StableID != id {
		return directory.One{}, &directory.ReadError{Reason: "bad_answer", Detail: "AWS was asked for one person and answered with another."}
	}
	one.Found = true
	err = s.pages(ctx, func(ctx context.Context, token *string) (*string, error) {
		out, err := call(ctx, s, listGroupsOf, s.aws.store.ListGroupMembershipsForMember, &identitystore.ListGroupMembershipsForMemberInput{
			IdentityStoreId: s.store(), MemberId: &storetypes.MemberIdMemberUserId{Value: id}, MaxResults: sdk.Int32(pageSize), NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, m := range out.GroupMemberships {
			one.Groups = append(one.Groups, text(m.GroupId))
		}
		return out.NextToken, nil
	})
	slices.Sort(one.Groups)
	one.Groups = slices.Compact(one.Groups)
	return one, err
}
