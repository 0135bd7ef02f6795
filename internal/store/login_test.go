package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// createsUser is a decision as just-in-time provisioning makes it.
func createsUser(p model.Person) func(model.Known) model.Decision {
	return func(k model.Known) model.Decision {
		if k.ByIdentity != nil {
			return model.Decision{Action: model.UserKept, User: *k.ByIdentity}
		}
		if k.ByUsername != nil {
			return model.Decision{Refusal: &model.Refusal{Code: model.CodeUsernameTaken}}
		}
		return model.Decision{
			Action: model.UserCreated, LinkIdentity: true,
			User:     model.User{Username: p.Username, Email: p.Email, Active: true, Source: model.UserJIT},
			Identity: model.Identity{IdPEntityID: p.IdPEntityID, NameID: p.NameID, ExternalID: p.ExternalID},
		}
	}
}

func person(name string) model.Person {
	return model.Person{IdPEntityID: "https://idp.example", NameID: name + "@example.com", Username: name, Email: name + "@example.com"}
}

// started writes a pending attempt and returns its completion.
func started(t testing.TB, st *store.Store, c model.Connection, p model.Person, assertion string) store.Completion {
	t.Helper()
	now := time.Now()
	l := model.Login{ID: store.NewLoginID(), Connection: c.Slug, StartedAt: now, Outcome: model.OutcomePending}
	handle := "handle-" + l.ID
	err := st.StartLogin(context.Background(), l, &model.PendingRequest{
		LoginID: l.ID, ConnectionID: c.ID, RevisionID: c.Live.ID, RequestID: "_1", BrowserHash: []byte{1},
		CreatedAt: now, ExpiresAt: now.Add(time.Hour),
	}, handle)
	if err != nil {
		t.Fatal(err)
	}
	return store.Completion{
		Login: l, Request: store.KeyOf(handle), ConnectionID: c.ID, AssertionID: assertion, AssertionExpires: now.Add(time.Hour),
		Person: p, Decide: createsUser(p), Now: now,
	}
}

func TestCompleteLogin(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.Open(t)
	c := storetest.LiveConnection(t, st, "aws", nil)
	comp := started(t, st, c, person("ana"), "_a1")

	l, u, err := st.CompleteLogin(ctx, comp)
	if err != nil || l.Outcome != model.OutcomeSignedIn || u.Username != "ana" {
		t.Fatalf("first login: %v %+v %+v", err, l, u)
	}
	if stored, err := st.Login(ctx, l.ID); err != nil || stored.UserID != u.ID || stored.FinishedAt.IsZero() {
		t.Errorf("trace: %v %+v", err, stored)
	}
	ids, err := st.Identities(ctx, u.ID)
	if err != nil || len(ids) != 1 || ids[0].NameID != "ana@example.com" || ids[0].LastLoginAt.IsZero() {
		t.Errorf("identities: %v %+v", err, ids)
	}
	if _, err := st.PendingRequest(ctx, "handle-"+comp.Login.ID, comp.Now); err != store.ErrNotFound { //nolint:errorlint // the very value
		t.Errorf("the request is still there: %v", err)
	}

	again := started(t, st, c, person("ana"), "_a1")
	if l, _, err = st.CompleteLogin(ctx, again); err != nil || l.Refusal == nil || l.Refusal.Code != model.CodeReplayed {
		t.Errorf("same assertion again: %v %+v", err, l.Refusal)
	}
	gone := started(t, st, c, person("ana"), "_a2")
	if err := st.DropRequest(ctx, gone.Request); err != nil {
		t.Fatal(err)
	}
	if l, _, err = st.CompleteLogin(ctx, gone); err != nil || l.Refusal == nil || l.Refusal.Code != model.CodeInResponseToUnknown {
		t.Errorf("request gone: %v %+v", err, l.Refusal)
	}
}

func TestRefusedDecisionChangesNothingElse(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.Open(t)
	c := storetest.LiveConnection(t, st, "aws", nil)
	comp := started(t, st, c, person("eve"), "_a1")
	comp.Decide = func(model.Known) model.Decision {
		return model.Decision{Refusal: &model.Refusal{Code: model.CodeUserUnknown, Received: "eve"}}
	}
	comp.Login.Username, comp.Login.Person = "eve", &comp.Person
	l, _, err := st.CompleteLogin(ctx, comp)
	if err != nil || l.Refusal == nil || l.Refusal.Code != model.CodeUserUnknown {
		t.Fatalf("%v %+v", err, l)
	}
	if n, err := st.CountUsers(ctx); err != nil || n != 0 {
		t.Errorf("%d users, %v", n, err)
	}
	if seen, err := st.AssertionSeen(ctx, c.Slug, "_a1"); err != nil || !seen {
		t.Errorf("the assertion could be used again: %v", err)
	}
	people, err := st.RefusedPeople(ctx, "", 10)
	if err != nil || len(people) != 1 || people[0].Username != "eve" || people[0].Email != "eve@example.com" {
		t.Errorf("people who tried: %v %+v", err, people)
	}
	storetest.User(t, st, "Eve")
	if people, err = st.RefusedPeople(ctx, "", 10); err != nil || len(people) != 0 {
		t.Errorf("eve exists by now, but is listed: %v %+v", err, people)
	}
}

// together runs f n times at once.
func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	wg.Wait()
}

func TestOneOfManyPostsOfTheSameMessageWins(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	c := storetest.LiveConnection(t, st, "aws", nil)
	comp := started(t, st, c, person("ana"), "_a1")
	var mu sync.Mutex
	outcomes := map[string]int{}
	together(8, func(int) {
		l, _, err := st.CompleteLogin(context.Background(), comp)
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err != nil:
			t.Error(err)
		case l.Refusal != nil:
			outcomes[string(l.Refusal.Code)]++
		default:
			outcomes[string(l.Outcome)]++
		}
	})
	if outcomes["signed_in"] != 1 || outcomes["replayed"] != 7 {
		t.Errorf("outcomes: %v, want 1 signed_in and 7 replayed", outcomes)
	}
}

func TestSimultaneousFirstLoginsMakeOneUser(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.OpenPool(t)
	c := storetest.LiveConnection(t, st, "aws", nil)
	comps := make([]store.Completion, 8)
	for i := range comps {
		comps[i] = started(t, st, c, person("ana"), fmt.Sprintf("_a%d", i))
	}
	together(len(comps), func(i int) {
		l, _, err := st.CompleteLogin(ctx, comps[i])
		if err != nil || l.Outcome != model.OutcomeSignedIn {
			t.Errorf("login %d: %v %+v", i, err, l.Refusal)
		}
	})
	if n, err := st.CountUsers(ctx); err != nil || n != 1 {
		t.Errorf("%d users, %v; want 1", n, err)
	}
}

func TestIdentityLearnsItsExternalID(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.Open(t)
	c := storetest.LiveConnection(t, st, "aws", nil)
	if _, _, err := st.CompleteLogin(ctx, started(t, st, c, person("ana"), "_a1")); err != nil {
		t.Fatal(err)
	}
	look := func(p model.Person) model.Known {
		t.Helper()
		var known model.Known
		_, err := st.PreviewLogin(ctx, c.ID, c.Slug, p, func(k model.Known) model.Decision {
			known = k
			return model.Decision{}
		})
		if err != nil {
			t.Fatal(err)
		}
		return known
	}
	p := person("ana")
	p.ExternalID = "64d8"
	k := look(p)
	if k.Identity == nil || k.ByIdentity == nil {
		t.Fatal("an identity without external id is not found by its NameID")
	}
	learned := *k.Identity
	learned.ExternalID = "64d8"
	comp := started(t, st, c, p, "_a2")
	comp.Decide = func(k model.Known) model.Decision {
		return model.Decision{Action: model.UserKept, User: *k.ByIdentity, LinkIdentity: true, Identity: learned}
	}
	if _, _, err := st.CompleteLogin(ctx, comp); err != nil {
		t.Fatal(err)
	}
	p.NameID = "renamed@example.com"
	if look(p).ByIdentity == nil {
		t.Error("not found by external id after a change of NameID")
	}
	other := person("ana")
	other.ExternalID = "another"
	if k := look(other); k.ByIdentity != nil || k.UsernameIdentity == nil {
		t.Error("a NameID that was given to somebody else opens the old account")
	}
	elsewhere := p
	elsewhere.IdPEntityID = "https://other.example"
	if look(elsewhere).ByIdentity != nil {
		t.Error("an identity counts at another identity provider")
	}
}

func TestRuleMembershipsKeepToTheirSource(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.Open(t)
	c := storetest.LiveConnection(t, st, "aws", nil)
	storetest.Group(t, st, "staff")
	storetest.Group(t, st, "admins")
	_, u, err := st.CompleteLogin(ctx, started(t, st, c, person("ana"), "_a1"))
	if err != nil {
		t.Fatal(err)
	}
	if err := st.AddMember(ctx, storetest.Actor, "Staff", "ANA"); err != nil {
		t.Fatal(err)
	}
	next := func(assertion string, add []model.GroupGrant, remove []string) {
		t.Helper()
		comp := started(t, st, c, person("ana"), assertion)
		comp.Decide = func(k model.Known) model.Decision {
			return model.Decision{Action: model.UserKept, User: *k.ByIdentity, AddGroups: add, RemoveGroups: remove}
		}
		if _, _, err := st.CompleteLogin(ctx, comp); err != nil {
			t.Fatal(err)
		}
	}
	groups := func() string {
		t.Helper()
		ms, err := st.UserMemberships(ctx, u.ID)
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, m := range ms {
			text += fmt.Sprintf("%s/%s/%s ", m.Group, m.Source, m.Ref)
		}
		return text
	}
	next("_a2", []model.GroupGrant{{Group: "staff", Origin: "everyone"}, {Group: "admins", Origin: "ops"}}, nil)
	if got, want := groups(), "admins/rule/aws staff/manual/ staff/rule/aws "; got != want {
		t.Errorf("after the rules: %q, want %q", got, want)
	}
	next("_a3", nil, []string{"staff", "admins"})
	if got, want := groups(), "staff/manual/ "; got != want {
		t.Errorf("after the rules are gone: %q, want %q", got, want)
	}
}

func TestHostileTextsAreStored(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.Open(t)
	l := model.Login{
		ID: store.NewLoginID(), Connection: "no\x00where", StartedAt: time.Now(), Outcome: model.OutcomeRefused,
		Refusal:   &model.Refusal{Code: model.CodeConnectionNotLive, Received: "a\x00b"},
		UserAgent: "\xff\x00agent", Checks: []model.Check{{ID: "form", Received: "\x00"}},
	}
	if _, err := st.SaveLogin(ctx, l); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Login(ctx, l.ID); err != nil {
		t.Error(err)
	}
	if _, err := st.User(ctx, "nul\x00name"); err != store.ErrNotFound { //nolint:errorlint // the very value
		t.Errorf("User: %v", err)
	}
}

func TestASecondAnswerNeverOverwritesAFinishedTrace(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.Open(t)
	l := model.Login{ID: store.NewLoginID(), Connection: "aws", StartedAt: time.Now(), Outcome: model.OutcomePending}
	if _, err := st.SaveLogin(ctx, l); err != nil {
		t.Fatal(err)
	}
	first := l
	first.Outcome, first.Username = model.OutcomeSignedIn, "alice"
	if saved, err := st.SaveLogin(ctx, first); err != nil || saved.ID != l.ID {
		t.Fatalf("the first answer: id %q, %v", saved.ID, err)
	}
	second := l
	second.Outcome, second.Refusal, second.XMLSealed = model.OutcomeRefused, &model.Refusal{Code: model.CodeReplayed}, []byte("sealed to the old id")
	saved, err := st.SaveLogin(ctx, second)
	if err != nil || saved.ID == l.ID {
		t.Fatalf("the second answer: id %q, %v", saved.ID, err)
	}
	for id, want := range map[string]model.Outcome{l.ID: model.OutcomeSignedIn, saved.ID: model.OutcomeRefused} {
		got, err := st.Login(ctx, id)
		if err != nil || got.Outcome != want || got.XMLSealed != nil {
			t.Errorf("%s: outcome %q, want %q; XML %q; %v", id, got.Outcome, want, got.XMLSealed, err)
		}
	}
}
