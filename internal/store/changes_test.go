package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

func TestDraftConflictAndTest(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.Open(t)
	c := storetest.Connection(t, st, "aws", nil)
	save := func(version int, change func(*model.Config)) (model.Revision, error) {
		return st.SaveDraft(ctx, storetest.Actor, "aws", version, func(r *model.Revision) error {
			change(&r.Config)
			return nil
		})
	}
	r, err := save(c.Draft.Version, func(c *model.Config) { c.ClockSkew = time.Minute })
	if err != nil || r.Version != c.Draft.Version+1 {
		t.Fatalf("%v %+v", err, r)
	}
	if _, err := save(c.Draft.Version, func(c *model.Config) { c.ClockSkew = 0 }); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a stale version: %v", err)
	}
	if err := st.GoLive(ctx, storetest.Actor, "aws", r.Version, false); !errors.Is(err, store.ErrUntested) {
		t.Errorf("untested: %v", err)
	}
	test := func(version int) model.Connection {
		t.Helper()
		if err := st.RecordTest(ctx, r.ID, version, "login", time.Now()); err != nil {
			t.Fatal(err)
		}
		c, err := st.Connection(ctx, "aws")
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if c := test(r.Version - 1); c.Draft.TestedLogin != "" {
		t.Error("a test of an older version counts")
	}
	if c := test(r.Version); c.Draft.TestedLogin != "login" || c.Status != model.StatusReady {
		t.Errorf("tested: %q, %s", c.Draft.TestedLogin, c.Status)
	}
	if r, err = save(r.Version, func(c *model.Config) { c.Name = "other" }); err != nil || r.TestedLogin == "" {
		t.Errorf("a new name made the draft untested: %v", err)
	}
	if r, err = save(r.Version, func(c *model.Config) { c.ClockSkew = 0 }); err != nil || r.TestedLogin != "" {
		t.Errorf("a new clock skew left the draft tested: %v", err)
	}
	if c, _ := st.Connection(ctx, "aws"); c.Status != model.StatusDraft {
		t.Errorf("status %s", c.Status)
	}
}

func TestRevisionsComeBack(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.Open(t)
	storetest.LiveConnection(t, st, "aws", func(c *model.Config) { c.Name = "first" })
	if err := st.DiscardDraft(ctx, storetest.Actor, "aws"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("discard without a draft: %v", err)
	}
	d, err := st.StartDraft(ctx, storetest.Actor, "aws")
	if err != nil || d.Number != 2 || d.Config.Name != "first" {
		t.Fatalf("%v %+v", err, d)
	}
	d, err = st.SaveDraft(ctx, storetest.Actor, "aws", d.Version, func(r *model.Revision) error {
		r.Config.Name = "second"
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := st.GoLive(ctx, storetest.Actor, "aws", d.Version, true); err != nil {
		t.Fatal(err)
	}
	if err := st.Restore(ctx, storetest.Actor, "aws", 1); err != nil {
		t.Fatal(err)
	}
	c, err := st.Connection(ctx, "aws")
	if err != nil || c.Live.Number != 1 || c.Live.Config.Name != "first" || c.Draft != nil {
		t.Errorf("%v %+v", err, c.Live)
	}
	entries, _, err := st.Audit(ctx, store.AuditQuery{Object: "aws"})
	if err != nil || len(entries) < 5 || entries[0].Action != "connection.restore" || !strings.Contains(entries[1].Note, "unsafe") {
		t.Errorf("audit: %v %+v", err, entries)
	}
}

func TestTwoSavesAtOnce(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	c := storetest.Connection(t, st, "aws", nil)
	var saved, conflicts atomic.Int32
	together(8, func(i int) {
		_, err := st.SaveDraft(context.Background(), storetest.Actor, "aws", c.Draft.Version, func(r *model.Revision) error {
			r.Config.Name = fmt.Sprint(i)
			return nil
		})
		switch {
		case err == nil:
			saved.Add(1)
		case errors.Is(err, store.ErrConflict):
			conflicts.Add(1)
		default:
			t.Error(err)
		}
	})
	if saved.Load() != 1 || conflicts.Load() != 7 {
		t.Errorf("%d saved, %d conflicts", saved.Load(), conflicts.Load())
	}
}

func owner(t *testing.T, st *store.Store, email string) model.Administrator {
	t.Helper()
	a, err := st.CreateAdministrator(context.Background(), storetest.Actor,
		model.Administrator{Email: email, PasswordHash: "$argon2id$secret", Role: model.RoleOwner})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestTheLastOwnerStays(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.OpenPool(t)
	a, b := owner(t, st, "a@example.com"), owner(t, st, "b@example.com")
	if _, err := st.CreateAdministrator(ctx, storetest.Actor, model.Administrator{Email: "A@EXAMPLE.com", Role: model.RoleOwner}); !errors.Is(err,
		store.ErrExists) {
		t.Errorf("the same email in capitals: %v", err)
	}
	var deleted atomic.Int32
	together(2, func(i int) {
		err := st.DeleteAdministrator(ctx, storetest.Actor, []int64{a.ID, b.ID}[i])
		if err == nil {
			deleted.Add(1)
		} else if !errors.Is(err, store.ErrLastOwner) {
			t.Error(err)
		}
	})
	all, err := st.Administrators(ctx)
	if err != nil || deleted.Load() != 1 || len(all) != 1 {
		t.Fatalf("%d deleted, %d left, %v", deleted.Load(), len(all), err)
	}
	demote := func(a *model.Administrator) error { a.Role = model.RoleViewer; return nil }
	if err := st.UpdateAdministrator(ctx, storetest.Actor, all[0].ID, demote); !errors.Is(err, store.ErrLastOwner) {
		t.Errorf("demoted: %v", err)
	}
	entries, _, err := st.Audit(ctx, store.AuditQuery{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.Contains(string(e.Before)+string(e.After), "argon2id") {
			t.Errorf("the audit has a password hash: %s %s", e.Before, e.After)
		}
	}
}

func TestOneOfTwoClaimsWins(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.OpenPool(t)
	now := time.Now()
	if err := st.SaveClaimToken(ctx, "old", now.Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Claim(ctx, storetest.Actor, "old", now, model.Administrator{Email: "x@example.com"}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an expired link: %v", err)
	}
	if err := st.SaveClaimToken(ctx, "new", now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	var won atomic.Int32
	together(4, func(i int) {
		_, err := st.Claim(ctx, storetest.Actor, "new", now, model.Administrator{Email: fmt.Sprintf("%d@example.com", i), PasswordHash: "x"})
		if err == nil {
			won.Add(1)
		} else if !errors.Is(err, store.ErrNotFound) {
			t.Error(err)
		}
	})
	if won.Load() != 1 {
		t.Errorf("%d claims won", won.Load())
	}
}

func TestUsersAreFoundWhateverTheSpelling(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.Open(t)
	u := storetest.User(t, st, "José")
	for _, name := range []string{"josé", "JOSÉ", "Jose\u0301"} {
		if got, err := st.User(ctx, name); err != nil || got.ID != u.ID {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := st.CreateUser(ctx, storetest.Actor, model.User{Username: "JOSÉ", Active: true}, nil); !errors.Is(err, store.ErrExists) {
		t.Errorf("a twin: %v", err)
	}
	after, err := st.UpdateUser(ctx, storetest.Actor, "josé", func(u *model.User) error { u.Active = false; return nil })
	if err != nil || after.SessionEpoch != u.SessionEpoch+1 {
		t.Errorf("deactivation: %v, epoch %d", err, after.SessionEpoch)
	}
}

func TestPagesReturnEverybodyOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.Open(t)
	for i := range 25 {
		storetest.User(t, st, fmt.Sprintf("user%02d", i))
	}
	for _, sort := range []string{"", "username", "-username", "email", "-email", "-last_login", "nonsense"} {
		seen := map[string]bool{}
		q := store.UserQuery{Sort: sort, Page: store.Page{Limit: 10}}
		for pages := 0; pages < 5; pages++ {
			users, next, err := st.Users(ctx, q)
			if err != nil {
				t.Fatalf("%q: %v", sort, err)
			}
			for _, u := range users {
				if seen[u.Username] {
					t.Errorf("%q: %s is there twice", sort, u.Username)
				}
				seen[u.Username] = true
			}
			if q.After = next; next == "" {
				break
			}
		}
		if len(seen) != 25 {
			t.Errorf("%q: %d of 25", sort, len(seen))
		}
	}
	for _, cursor := range []string{"x", "'; drop table users", "W10", "WyJhIl0"} {
		if users, _, err := st.Users(ctx, store.UserQuery{Page: store.Page{After: cursor}}); err != nil || len(users) != 25 {
			t.Errorf("cursor %q: %d users, %v", cursor, len(users), err)
		}
	}
	if users, _, err := st.Users(ctx, store.UserQuery{Search: "SER1%"}); err != nil || len(users) != 0 {
		t.Errorf("a search for %%: %d, %v", len(users), err)
	}
}

func TestAFailedChangeLeavesNoAudit(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.Open(t)
	storetest.User(t, st, "ana")
	before, _, err := st.Audit(ctx, store.AuditQuery{})
	if err != nil {
		t.Fatal(err)
	}
	refused := errors.New("no")
	if _, err := st.UpdateUser(ctx, storetest.Actor, "ana", func(u *model.User) error { u.Email = "x@y.z"; return refused }); !errors.Is(err, refused) {
		t.Errorf("the error is lost: %v", err)
	}
	if _, err := st.UpdateUser(ctx, storetest.Actor, "ana", func(*model.User) error { return nil }); err != nil {
		t.Error(err)
	}
	rows := []store.ImportRow{{User: model.User{Username: "new", Active: true}}, {User: model.User{Username: "ana", Active: true}, Groups: []string{"nowhere"}}}
	if _, err := st.ImportUsers(ctx, storetest.Actor, rows); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an import with an unknown group: %v", err)
	}
	after, _, err := st.Audit(ctx, store.AuditQuery{})
	if err != nil || len(after) != len(before) {
		t.Errorf("%d entries before, %d after: %v", len(before), len(after), err)
	}
	if n, err := st.CountUsers(ctx); err != nil || n != 1 {
		t.Errorf("%d users: %v", n, err)
	}
}

func TestMigrateIsDoneOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.OpenPool(t)
	if applied, err := st.Migrate(ctx); err != nil || len(applied) != 0 {
		t.Errorf("a second time: %v %v", applied, err)
	}
	if pending, err := st.PendingMigrations(ctx); err != nil || len(pending) != 0 {
		t.Errorf("pending: %v %v", pending, err)
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.Open(t)
	c := storetest.LiveConnection(t, st, "aws", nil)
	comp := started(t, st, c, person("ana"), "_a1")
	comp.Login.XMLSealed = []byte("sealed")
	l, _, err := st.CompleteLogin(ctx, comp)
	if err != nil {
		t.Fatal(err)
	}
	started(t, st, c, person("bob"), "_a2")
	if r, err := st.Sweep(ctx, time.Now(), store.Retention{XML: time.Hour}); err != nil || r != (store.SweepResult{}) {
		t.Errorf("nothing has expired: %+v %v", r, err)
	}
	r, err := st.Sweep(ctx, time.Now().Add(2*time.Hour), store.Retention{XML: time.Hour})
	if err != nil || r.Requests != 1 || r.Assertions != 1 || r.XML != 1 {
		t.Errorf("two hours later: %+v %v", r, err)
	}
	if l, err = st.Login(ctx, l.ID); err != nil || l.XMLSealed != nil || l.Outcome != model.OutcomeSignedIn {
		t.Errorf("the trace itself stays: %v %+v", err, l)
	}
	ana := storetest.User(t, st, "somebody")
	if _, err := st.Bulk(ctx, storetest.Actor, model.BulkDeactivate, "", []string{ana.ID}); err != nil {
		t.Fatal(err)
	}
	for i, after := range []time.Duration{model.UndoFor - time.Hour, model.UndoFor + time.Hour} {
		if r, err := st.Sweep(ctx, time.Now().Add(after), store.Retention{XML: time.Hour}); err != nil || r.Undo != int64(i) {
			t.Errorf("after %s, %d changes can no longer be undone, want %d; %v", after, r.Undo, i, err)
		}
	}
}

// AWS sends people to the public URL: a test under another one proves nothing.
func TestAnotherPublicURLMustBeTestedAgain(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.Open(t)
	c := storetest.Connection(t, st, "aws", nil)
	if err := st.RecordTest(ctx, c.Draft.ID, c.Draft.Version, "login", time.Now()); err != nil {
		t.Fatal(err)
	}
	save := func(change func(*store.Settings)) model.Connection {
		t.Helper()
		err := st.SaveSettings(ctx, storetest.Actor, func(s *store.Settings) error { change(s); return nil })
		if err != nil {
			t.Fatal(err)
		}
		c, err := st.Connection(ctx, "aws")
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if c := save(func(s *store.Settings) { s.HelpContact = "help desk" }); c.Status != model.StatusReady || c.Draft.TestedLogin == "" {
		t.Errorf("after another setting: %s, tested by %q", c.Status, c.Draft.TestedLogin)
	}
	if c := save(func(s *store.Settings) { s.PublicURL = "https://sso.example.com" }); c.Status != model.StatusDraft || c.Draft.TestedLogin != "" {
		t.Errorf("after another public URL: %s, tested by %q", c.Status, c.Draft.TestedLogin)
	}
}
