package webtest

import (
	"context"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// signedInBefore makes a user by a login, as AWS would have described them.
func (s *Site) signedInBefore(c model.Connection, idp, username string) {
	s.T.Helper()
	p := model.Person{IdPEntityID: idp, NameID: username, ExternalID: "id-" + username, Username: username, Email: username + "@example.com",
		Attributes: map[string][]string{"email": {username + "@example.com"}, "userId": {"id-" + username}, "login": {username + "2"}}}
	_, _, err := s.Store.CompleteLogin(context.Background(), store.Completion{
		Login:        model.Login{ID: store.NewLoginID(), Connection: c.Slug, StartedAt: s.Now, Person: &p},
		ConnectionID: c.ID, AssertionID: "_" + username, AssertionExpires: s.Now.Add(time.Hour), Person: p, Now: s.Now,
		Decide: func(model.Known) model.Decision {
			u := model.User{Username: username, Email: p.Email, Active: true, Source: model.UserJIT}
			return model.Decision{Action: model.UserCreated, User: u, LinkIdentity: true,
				Identity: model.Identity{Connection: c.Slug, IdPEntityID: idp, NameID: username, ExternalID: p.ExternalID}}
		},
	})
	if err != nil {
		s.T.Fatal(err)
	}
}

// EditedLive is a live connection with people, and a tested draft that differs:
// ana and bo sign in, carl is deactivated, AWS has never described dora.
func EditedLive(t *testing.T, change func(*model.Config)) *Site {
	t.Helper()
	s := NewSiteAs(t, model.RoleOwner)
	ctx := context.Background()
	c := storetest.LiveConnection(t, s.Store, "aws", func(c *model.Config) {
		c.IdPMetadata = AwsMetadata()
		c.Attributes = model.AttributeMap{Username: model.AttributeSubject, Email: "email", ExternalID: "userId"}
	})
	idp, err := sso.ParseMetadata([]byte(AwsMetadata()), sso.MetadataOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ana", "bo", "carl"} {
		s.signedInBefore(c, idp.EntityID, name)
	}
	if _, err := s.Store.UpdateUser(ctx, storetest.Actor, "carl", func(u *model.User) error { u.Active = false; return nil }); err != nil {
		t.Fatal(err)
	}
	storetest.User(t, s.Store, "dora")
	draft, err := s.Store.StartDraft(ctx, storetest.Actor, "aws")
	if err != nil {
		t.Fatal(err)
	}
	draft, err = s.Store.SaveDraft(ctx, storetest.Actor, "aws", draft.Version, func(rev *model.Revision) error {
		change(&rev.Config)
		for _, step := range s.Setup.Flow.Steps() {
			rev.Ticks[string(step.ID)] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Store.RecordTest(ctx, draft.ID, draft.Version, "tested", s.Now); err != nil {
		t.Fatal(err)
	}
	return s
}
