package scim_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/provision"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// A push about somebody who signed in works out what rules give them; one about others,
// or about a group, does not.
func TestAPushWorksOutRules(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.OpenPool(t), nil)
	c := storetest.LiveConnection(t, s.store, "aws", func(c *model.Config) { c.Provisioning = model.ProvisioningManual })
	for _, g := range []string{"company", "everybody"} {
		storetest.Group(t, s.store, g)
	}
	s.run([]step{
		{why: "ana", method: "POST", path: "/Users", status: 201, is: "ana", body: `{"userName":"ana","active":true,"emails":[{"value":"ana@old.example"}]}`},
		{why: "bob", method: "POST", path: "/Users", status: 201, is: "bob", body: `{"userName":"bob","active":true,"emails":[{"value":"bob@new.example"}]}`},
		{why: "a group", method: "POST", path: "/Groups", status: 201, is: "staff", body: `{"displayName":"Staff","members":[]}`},
	})
	s.signIn(c, "ana")
	for _, r := range []model.Rule{{Name: "domain", Connection: "aws", Kind: model.RuleEmailDomain, Value: "new.example", Groups: []string{"company"}},
		{Name: "always", Connection: "aws", Kind: model.RuleAlways, Groups: []string{"everybody"}}} {
		_, err := s.store.CreateRule(t.Context(), tester, r)
		s.must(err)
	}
	s.run([]step{
		{why: "bob, who never signed in", method: "PATCH", path: "/Users/{bob}", status: 200,
			body: `{"Operations":[{"op":"replace","path":"displayName","value":"Bob B"}]}`},
		{why: "a group of ana", method: "PATCH", path: "/Groups/{staff}", status: 204,
			body: `{"Operations":[{"op":"add","path":"members","value":[{"value":"{ana}"}]}]}`},
	})
	s.gives("ana", "")
	email := func(to string) {
		s.run([]step{{why: "ana's email", method: "PATCH", path: "/Users/{ana}", status: 200,
			body: `{"Operations":[{"op":"replace","path":"emails[type eq \"work\"].value","value":"` + to + `"}]}`}})
	}
	email("ana@new.example")
	s.gives("ana", "company by domain, everybody by always")
	s.gives("bob", "")
	email("ana@old.example")
	s.gives("ana", "everybody by always")
	requests, _, err := s.store.SCIMRequests(t.Context(), s.slug, store.SCIMRequestQuery{})
	s.must(err)
	const said = "By rule, the group company gets 0 members and loses 1, because no rule of this connection gives it any more."
	if !slices.Contains(requests[0].Details, said) {
		t.Errorf("the request says %q", requests[0].Details)
	}
}

// signIn lets somebody in through a connection.
func (s *site) signIn(c model.Connection, username string) {
	s.t.Helper()
	p := model.Person{IdPEntityID: "idp", NameID: username, Username: username}
	l := model.Login{ID: store.NewLoginID(), Connection: c.Slug, StartedAt: s.now, Outcome: model.OutcomePending, Username: username, Person: &p, NameID: username}
	l, _, err := s.store.CompleteLogin(s.t.Context(), store.Completion{Login: l, ConnectionID: c.ID, AssertionID: "_" + l.ID, AssertionExpires: s.now,
		Person: p, Now: s.now, Decide: func(k model.Known) model.Decision {
			return provision.Decide(provision.Input{Connection: c.Slug, Config: c.Live.Config, Person: p, Known: k, Now: s.now})
		}})
	s.must(err)
	if l.Refusal != nil {
		s.t.Fatalf("%s does not get in: %+v", username, l.Refusal)
	}
}

// gives tells which groups rules give somebody.
func (s *site) gives(username, want string) {
	s.t.Helper()
	u, err := s.store.User(s.t.Context(), username)
	s.must(err)
	all, err := s.store.UserMemberships(s.t.Context(), u.ID)
	s.must(err)
	var given []string
	for _, m := range all {
		if m.Source == model.MemberRule {
			given = append(given, m.Group+" by "+m.Origin)
		}
	}
	if got := strings.Join(given, ", "); got != want {
		s.t.Errorf("rules give %s %q, want %q", username, got, want)
	}
}
