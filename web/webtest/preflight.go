package webtest

import (
	"context"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// SignedInBefore makes a user by a login, as AWS would have described them.
func (s *Site) SignedInBefore(c model.Connection, idp, username string) {
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
