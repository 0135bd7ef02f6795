package store_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// whatIsKnown is what the database knows about the person of a login through a connection.
func whatIsKnown(t testing.TB, st *store.Store, c model.Connection, p model.Person) model.Known {
	t.Helper()
	var known model.Known
	_, err := st.PreviewLogin(context.Background(), c.ID, c.Slug, p, func(k model.Known) model.Decision {
		known = k
		return model.Decision{}
	})
	if err != nil {
		t.Fatal(err)
	}
	return known
}

// signsIn completes a login that changes what change says, of somebody who is known or new.
func signsIn(t testing.TB, st *store.Store, c model.Connection, p model.Person, change func(*model.Decision)) model.User {
	t.Helper()
	comp := started(t, st, c, p, "_"+store.NewLoginID())
	decide := comp.Decide
	comp.Decide = func(k model.Known) model.Decision {
		d := decide(k)
		if change != nil {
			change(&d)
		}
		return d
	}
	l, u, err := st.CompleteLogin(context.Background(), comp)
	if err != nil || l.Refusal != nil {
		t.Fatalf("%s does not get in: %+v, %v", p.Username, l.Refusal, err)
	}
	return u
}

// A NameID may pass from one person to another while both are told apart by their
// external ids. Where AWS sends none any more, it opens neither account.
func TestNameIDOfSeveralPeopleOpensNoAccount(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	c := storetest.LiveConnection(t, st, "aws", nil)
	ana, bob := person("ana"), person("bob")
	ana.ExternalID, bob.ExternalID = "64d8", "75e9"
	bob.NameID = ana.NameID
	users := map[string]model.User{}
	for _, p := range []model.Person{ana, bob} {
		users[p.Username] = signsIn(t, st, c, p, nil)
	}
	for _, p := range []model.Person{ana, bob} {
		if k := whatIsKnown(t, st, c, p); k.ByIdentity == nil || k.ByIdentity.ID != users[p.Username].ID {
			t.Errorf("%s is not found by the external id: %+v", p.Username, k.ByIdentity)
		}
	}
	nobody := person("carol")
	nobody.NameID = ana.NameID
	if k := whatIsKnown(t, st, c, nobody); k.Identity != nil || k.ByIdentity != nil {
		t.Errorf("the NameID of two people opens the account of %s", k.ByIdentity.Username)
	}
}

// An identity counts at the connection and the identity provider that it is of.
func TestIdentityCountsWhereItIsOf(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	aws, other := storetest.LiveConnection(t, st, "aws", nil), storetest.LiveConnection(t, st, "other", nil)
	signsIn(t, st, aws, person("ana"), nil)
	if k := whatIsKnown(t, st, other, person("ana")); k.Identity != nil || k.UsernameIdentity != nil || k.ByUsername == nil {
		t.Errorf("through another connection: %+v", k)
	}
	elsewhere := person("ana")
	elsewhere.IdPEntityID = "https://other.example"
	if k := whatIsKnown(t, st, aws, elsewhere); k.Identity != nil || k.UsernameIdentity != nil || k.ByUsername == nil {
		t.Errorf("from another identity provider: %+v", k)
	}
}

// Rules and memberships that a decision sees are those of the connection and of
// the person: of who is recognized, else of who has the username.
func TestDecisionSeesItsOwnRulesAndMemberships(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.Open(t)
	aws := storetest.LiveConnection(t, st, "aws", nil)
	storetest.LiveConnection(t, st, "other", nil)
	for _, connection := range []string{"aws", "other"} {
		storetest.Group(t, st, "by-"+connection)
		_, err := st.CreateRule(ctx, storetest.Actor,
			model.Rule{Name: connection, Connection: connection, Kind: model.RuleAlways, Groups: []string{"by-" + connection}})
		if err != nil {
			t.Fatal(err)
		}
	}
	signsIn(t, st, aws, person("ana"), nil)
	storetest.User(t, st, "bob")
	for group, member := range map[string]string{"by-aws": "ana", "by-other": "bob"} {
		if err := st.AddMember(ctx, storetest.Actor, group, member); err != nil {
			t.Fatal(err)
		}
	}
	renamed := person("bob") // who is known as ana so far
	renamed.NameID = "ana@example.com"
	for _, c := range []struct {
		who  model.Person
		want string
	}{{person("ana"), "by-aws"}, {person("bob"), "by-other"}, {renamed, "by-aws"}} {
		k := whatIsKnown(t, st, aws, c.who)
		if len(k.Rules) != 1 || k.Rules[0].Connection != "aws" {
			t.Errorf("%s: rules %+v", c.who.NameID, k.Rules)
		}
		if len(k.Memberships) != 1 || k.Memberships[0].Group != c.want {
			t.Errorf("%s as %s: memberships %+v, want %s", c.who.NameID, c.who.Username, k.Memberships, c.want)
		}
	}
	if k := whatIsKnown(t, st, aws, person("carol")); len(k.Memberships) != 0 {
		t.Errorf("somebody new has %+v", k.Memberships)
	}
}

// What a login through one connection gives and takes is that connection's own.
func TestLoginLeavesOtherConnectionsMembershipsAlone(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.OpenPool(t)
	aws, other := storetest.LiveConnection(t, st, "aws", nil), storetest.LiveConnection(t, st, "other", nil)
	storetest.Group(t, st, "staff")
	gives := func(d *model.Decision) { d.AddGroups = []model.GroupGrant{{Group: "staff", Origin: "everyone"}} }
	takes := func(d *model.Decision) { d.RemoveGroups = []string{"STAFF"} }
	u := signsIn(t, st, aws, person("ana"), gives)
	again := func(c model.Connection, change func(*model.Decision)) []string {
		t.Helper()
		signsIn(t, st, c, person("ana"), func(d *model.Decision) {
			*d = model.Decision{Action: model.UserKept, User: u}
			change(d)
		})
		ms, err := st.UserMemberships(ctx, u.ID)
		if err != nil {
			t.Fatal(err)
		}
		var from []string
		for _, m := range ms {
			from = append(from, string(m.Source)+" "+m.Ref)
		}
		slices.Sort(from)
		return from
	}
	if got := again(other, takes); !slices.Equal(got, []string{"rule aws"}) {
		t.Errorf("after the other connection takes what it did not give: from %q", got)
	}
	if got := again(other, gives); !slices.Equal(got, []string{"rule aws", "rule other"}) {
		t.Errorf("after it gives the group, too: from %q", got)
	}
	_, err := st.Pool().Exec(ctx, `insert into memberships (user_id, group_id, source, ref)
		select user_id, group_id, 'source', 'aws' from memberships where ref = 'aws'`)
	if err != nil {
		t.Fatal(err)
	}
	if got := again(aws, takes); !slices.Equal(got, []string{"rule other", "source aws"}) {
		t.Errorf("after the first one takes what its rules gave: from %q", got)
	}
}

// What AWS said last is kept with the identity that it is about, and no other.
func TestLastPersonIsKeptWithItsIdentity(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.Open(t)
	aws, other := storetest.LiveConnection(t, st, "aws", nil), storetest.LiveConnection(t, st, "other", nil)
	u := signsIn(t, st, aws, person("ana"), nil)
	bob := signsIn(t, st, aws, person("bob"), nil)
	link := func(c model.Connection, p model.Person) {
		signsIn(t, st, c, p, func(d *model.Decision) {
			*d = model.Decision{Action: model.UserKept, User: u, LinkIdentity: true,
				Identity: model.Identity{IdPEntityID: p.IdPEntityID, NameID: p.NameID}}
		})
	}
	elsewhere := person("ana")
	elsewhere.IdPEntityID = "https://other.example"
	link(other, person("ana"))
	link(aws, elsewhere)

	later := started(t, st, aws, person("ana"), "_later")
	later.Now = later.Now.Add(time.Hour)
	if _, _, err := st.CompleteLogin(ctx, later); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{u.ID, bob.ID} {
		identities, err := st.Identities(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range identities {
			mine := id == u.ID && i.Connection == "aws" && i.IdPEntityID == later.Person.IdPEntityID
			if seen := i.LastLoginAt.Sub(later.Now).Abs() < time.Second; seen != mine {
				t.Errorf("%s at %s of %s was seen at %v", i.NameID, i.Connection, i.IdPEntityID, i.LastLoginAt)
			}
		}
	}
}

// What a login does is in the audit, by the login; and its trace has the check of
// the decision.
func TestLoginIsAuditedAndTraced(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.Open(t)
	c := storetest.LiveConnection(t, st, "aws", nil)
	comp := started(t, st, c, person("ana"), "_a1")
	comp.Login.RemoteAddr, comp.Login.Checks = "192.0.2.7", []model.Check{{ID: "form"}}
	decide := comp.Decide
	comp.Decide = func(k model.Known) model.Decision {
		d := decide(k)
		d.Check = model.Check{ID: "user", Received: "ana"}
		return d
	}
	l, _, err := st.CompleteLogin(ctx, comp)
	if err != nil || len(l.Checks) != 2 || l.Checks[1].ID != "user" || len(comp.Login.Checks) != 1 {
		t.Errorf("checks %+v, %v", l.Checks, err)
	}
	for _, action := range []string{"user.create", "identity.link"} {
		entries, _, err := st.Audit(ctx, store.AuditQuery{Action: action})
		if err != nil || len(entries) != 1 || entries[0].Actor != "login "+l.ID || entries[0].RemoteAddr != "192.0.2.7" || entries[0].Object != "ana" {
			t.Errorf("%s: %+v, %v", action, entries, err)
		}
	}
}

// A decision that the store does not know does nothing at all.
func TestUnknownDecisionDoesNothing(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.Open(t)
	c := storetest.LiveConnection(t, st, "aws", nil)
	u := signsIn(t, st, c, person("ana"), nil)
	comp := started(t, st, c, person("ana"), "_a1")
	comp.Decide = func(model.Known) model.Decision { return model.Decision{Action: "perhaps", User: u} }
	if _, _, err := st.CompleteLogin(ctx, comp); err == nil {
		t.Error("it was carried out")
	}
	if seen, err := st.AssertionSeen(ctx, c.Slug, "_a1"); err != nil || seen {
		t.Errorf("the assertion is used up by a login that failed: %v", err)
	}
	if _, err := st.PendingRequest(ctx, "handle-"+comp.Login.ID, comp.Now); err != nil {
		t.Errorf("the request: %v", err)
	}
}
