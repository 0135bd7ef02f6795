package webtest

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// ServiceAccount makes the user, and its password by the page.
func (s *CrowdSite) ServiceAccount(name string) (password string) {
	s.T.Helper()
	_, err := s.Store.CreateUser(context.Background(), Tester, model.User{Username: name, Active: true, Source: model.UserManual}, nil)
	s.Must(err)
	res := s.Post("/users/"+name+"/password", nil)
	password = res.Doc.Find("#local-password [data-copy]").AttrOr("data-copy", "")
	if res.Status != http.StatusOK || len(password) < 50 {
		s.T.Fatalf("the page answered %d with the password %q", res.Status, password)
	}
	if again := s.Get("/users/" + name); strings.Contains(again.Body, password) {
		s.T.Error("the password is shown a second time")
	}
	return password
}

func (s *CrowdSite) Authenticate(name, password string) *Page {
	s.T.Helper()
	return s.Ask("POST", "/authentication?username="+name, "json", `{"value":"`+password+`"}`)
}

// LinkedByLogin links a user who is there to an AWS identity.
func (s *CrowdSite) LinkedByLogin(username string) {
	s.T.Helper()
	c := storetest.LiveConnection(s.T, s.Store, "aws", nil)
	_, _, err := s.Store.CompleteLogin(context.Background(), store.Completion{
		Login:        model.Login{ID: store.NewLoginID(), Connection: c.Slug, StartedAt: s.Now},
		ConnectionID: c.ID, AssertionID: "_1", AssertionExpires: s.Now.Add(time.Hour), Now: s.Now,
		Person: model.Person{IdPEntityID: "idp", NameID: username, Username: username},
		Decide: func(k model.Known) model.Decision {
			return model.Decision{Action: model.UserKept, User: *k.ByUsername, LinkIdentity: true,
				Identity: model.Identity{Connection: c.Slug, IdPEntityID: "idp", NameID: username}}
		},
	})
	s.Must(err)
}
