package awssim

import (
	"context"
	"errors"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/smithy-go"
)

// sdk is AWS's own client for the simulator. It tries each request once.
func sdk(t *testing.T, s *Simulator) *identitystore.Client {
	t.Helper()
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	return identitystore.New(identitystore.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL), RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: TestAccessKeyID, SecretAccessKey: TestSecretAccessKey}, nil
		}),
	})
}

// AWS's own client reads the answers, and tells the errors apart by status and type.
func TestAWSClientReadsTheIdentityStore(t *testing.T) {
	t.Parallel()
	s, _ := newSim(t)
	client, store := sdk(t, s), aws.String("d-9067a1b2c3")
	ctx := t.Context()
	if err := s.UpdateSettings(func(c *Settings) {
		c.person("bob").ExternalIDs = []ExternalID{{Issuer: "https://scim.example/", ID: "0x9"}}
		c.person("bob").Disabled = true
	}); err != nil {
		t.Fatal(err)
	}
	list := func() map[string]types.User {
		out, err := client.ListUsers(ctx, &identitystore.ListUsersInput{IdentityStoreId: store})
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]types.User{}
		for _, u := range out.Users {
			all[*u.UserName] = u
		}
		return all
	}
	before := list()
	bob := before["bob"]
	if bob.UserStatus != types.UserStatusDisabled || *bob.UserArn != "arn:aws:identitystore:::user/"+*bob.UserId || len(bob.ExternalIds) != 1 ||
		*bob.ExternalIds[0].Id != "0x9" || before["alice"].UserStatus != types.UserStatusEnabled || len(before["carol"].Emails) != 0 {
		t.Errorf("bob is %+v", bob)
	}
	found, err := client.GetUserId(ctx, &identitystore.GetUserIdInput{IdentityStoreId: store, AlternateIdentifier: &types.AlternateIdentifierMemberExternalId{
		Value: types.ExternalId{Issuer: aws.String("https://scim.example/"), Id: aws.String("0x9")}}})
	if err != nil || *found.UserId != *bob.UserId {
		t.Errorf("by external id: %+v, %v", found, err)
	}
	if one, err := client.DescribeUser(ctx, &identitystore.DescribeUserInput{IdentityStoreId: store, UserId: bob.UserArn}); err != nil ||
		*one.UserName != "bob" || *one.Revision != *bob.Revision {
		t.Errorf("by ARN: %+v, %v", one, err)
	}
	if err := s.UpdateSettings(func(c *Settings) { c.person("bob").FamilyName = "Other" }); err != nil {
		t.Fatal(err)
	}
	after := list()
	if *after["bob"].Revision == *bob.Revision || *after["alice"].Revision != *before["alice"].Revision {
		t.Error("the revision does not follow what changed")
	}
}

func TestIdentityStoreErrorsAreAWSs(t *testing.T) {
	t.Parallel()
	s, _ := newSim(t)
	client, store := sdk(t, s), aws.String("d-9067a1b2c3")
	ask := func() error {
		_, err := client.ListUsers(t.Context(), &identitystore.ListUsersInput{IdentityStoreId: store})
		return err
	}
	is := func(target any) func(error) bool { return func(err error) bool { return errors.As(err, target) } }
	for fault, want := range map[StoreFault]struct {
		status int
		is     func(error) bool
	}{
		StoreAccessDenied: {403, is(new(*types.AccessDeniedException))},
		StoreKeyDenied: {403, func(err error) bool {
			var denied *types.AccessDeniedException
			return errors.As(err, &denied) && denied.Reason == types.AccessDeniedExceptionReasonKmsAccessDenied
		}},
		StoreQuota:    {402, is(new(*types.ServiceQuotaExceededException))},
		StoreConflict: {409, is(new(*types.ConflictException))},
		StoreThrottling: {429, func(err error) bool {
			var slow *types.ThrottlingException
			return errors.As(err, &slow) && slow.RetryAfterSeconds == 1
		}},
		StoreInternal: {500, is(new(*types.InternalServerException))},
		StoreExpired: {400, func(err error) bool {
			var said smithy.APIError
			return errors.As(err, &said) && said.ErrorCode() == "ExpiredTokenException"
		}},
	} {
		if err := s.SetStoreFault(fault, Once); err != nil {
			t.Fatal(err)
		}
		err := ask()
		var answer *awshttp.ResponseError
		if !errors.As(err, &answer) || answer.HTTPStatusCode() != want.status || answer.ServiceRequestID() == "" || !want.is(err) {
			t.Errorf("%s: %v", fault, err)
		}
		if err := ask(); err != nil {
			t.Errorf("%s was wanted once: %v", fault, err)
		}
	}
	_, err := client.DescribeUser(t.Context(), &identitystore.DescribeUserInput{IdentityStoreId: store,
		UserId: aws.String("00000000-0000-0000-0000-000000000000")})
	var answer *awshttp.ResponseError
	var missing *types.ResourceNotFoundException
	if !errors.As(err, &answer) || answer.HTTPStatusCode() != 404 || !errors.As(err, &missing) || missing.ResourceType != types.ResourceTypeUser {
		t.Errorf("somebody unknown: %v", err)
	}
}

// The source was changed: everybody is there under the same name, and another id.
func TestIdentitySourceIsChanged(t *testing.T) {
	t.Parallel()
	s, _ := newSim(t)
	app, err := s.AddApplication(StandardApplication("Postern", testACS, testAudience))
	if err != nil {
		t.Fatal(err)
	}
	before := s.Settings()
	b := newBrowser(t, s)
	b.post("/people-made-anew", nil)
	after := s.Settings()
	for i, p := range after.People {
		if old := before.People[i]; p.ID == old.ID || p.ID == "" || p.Username != old.Username || !s.Application(app.ID).assigned(&p) != !app.assigned(&old) {
			t.Errorf("%s was %+v and is %+v", old.Username, old, p)
		}
	}
	for i, g := range after.Groups {
		if g.ID == before.Groups[i].ID || g.Name != before.Groups[i].Name {
			t.Errorf("group %+v was %+v", g, before.Groups[i])
		}
	}
}

// What the policy of the key lacks is chosen on the page, beside the faults.
func TestPolicyLacksWhatThePageSays(t *testing.T) {
	t.Parallel()
	s, _ := newSim(t)
	b := newBrowser(t, s)
	b.post("/identity-store-faults", url.Values{"denied": {"identitystore:ListUsers", "iam:Everything"}})
	client, store := sdk(t, s), aws.String("d-9067a1b2c3")
	var denied *types.AccessDeniedException
	if _, err := client.ListUsers(t.Context(), &identitystore.ListUsersInput{IdentityStoreId: store}); !errors.As(err, &denied) {
		t.Errorf("listing people: %v", err)
	}
	if _, err := client.ListGroups(t.Context(), &identitystore.ListGroupsInput{IdentityStoreId: store}); err != nil {
		t.Errorf("listing groups: %v", err)
	}
	b.post("/identity-store-faults", nil)
	if _, err := client.ListUsers(t.Context(), &identitystore.ListUsersInput{IdentityStoreId: store}); err != nil {
		t.Error(err)
	}
}
