package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// Anybody can invent names of connections: they add no rows that stay.
func TestInventedConnectionsAreCountedTogether(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.OpenPool(t)
	storetest.LiveConnection(t, st, "aws", nil)
	now := time.Now()
	for i := range 50 {
		refused := model.Login{ID: store.NewLoginID(), Connection: fmt.Sprintf("invented%d", i), StartedAt: now, FinishedAt: now,
			Outcome: model.OutcomeRefused, Refusal: &model.Refusal{Code: model.CodeConnectionNotLive}}
		if i < 3 {
			refused.Connection = "aws"
		}
		if _, err := st.SaveLogin(ctx, refused); err != nil {
			t.Fatal(err)
		}
	}
	rows := func() (n int) {
		if err := st.Pool().QueryRow(ctx, "select count(distinct connection) from login_days").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := rows(); n != 2 {
		t.Errorf("%d names are kept, want that of the connection and none", n)
	}
	for connection, want := range map[string]int{"": 50, "aws": 3} {
		if days, err := st.LoginDays(ctx, connection, now.AddDate(0, 0, -1)); err != nil || len(days) != 1 || days[0].Count != want {
			t.Errorf("of %q: %+v, %v", connection, days, err)
		}
	}
	if _, err := st.Sweep(ctx, now.AddDate(0, 0, 401), store.Retention{}); err != nil || rows() == 0 {
		t.Errorf("logins are kept for good, and their days went: %v", err)
	}
	if _, err := st.Sweep(ctx, now.AddDate(0, 0, 399), store.Retention{Logins: 400 * 24 * time.Hour}); err != nil || rows() == 0 {
		t.Errorf("days went before their logins: %v", err)
	}
	if _, err := st.Sweep(ctx, now.AddDate(0, 0, 402), store.Retention{Logins: 400 * 24 * time.Hour}); err != nil || rows() != 0 {
		t.Errorf("days stay longer than their logins: %v", err)
	}
}

// An assertion that was used stays used, whatever happens to its connection.
func TestUsedAssertionsOutliveTheirConnection(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.Open(t)
	c := storetest.LiveConnection(t, st, "aws", nil)
	comp := started(t, st, c, person("ana"), "_a1")
	if l, _, err := st.CompleteLogin(ctx, comp); err != nil || l.Refusal != nil {
		t.Fatalf("%v %+v", err, l.Refusal)
	}
	if err := st.DeleteConnection(ctx, storetest.Actor, "aws"); err != nil {
		t.Fatal(err)
	}
	c = storetest.LiveConnection(t, st, "aws", nil)
	if seen, err := st.AssertionSeen(ctx, "aws", "_a1"); err != nil || !seen {
		t.Errorf("forgotten with the connection: %v", err)
	}
	if l, _, err := st.CompleteLogin(ctx, started(t, st, c, person("ana"), "_a1")); err != nil || l.Refusal == nil || l.Refusal.Code != model.CodeReplayed {
		t.Errorf("used again at the connection of the same name: %v %+v", err, l.Refusal)
	}
	// The tolerance of clocks may be raised after the assertion was used.
	if _, err := st.Sweep(ctx, comp.AssertionExpires.Add(model.MaxClockSkew-time.Second), store.Retention{}); err != nil {
		t.Fatal(err)
	}
	if seen, err := st.AssertionSeen(ctx, "aws", "_a1"); err != nil || !seen {
		t.Errorf("forgotten while a clock might let it in: %v", err)
	}
	if _, err := st.Sweep(ctx, comp.AssertionExpires.Add(model.MaxClockSkew), store.Retention{}); err != nil {
		t.Fatal(err)
	}
	if seen, err := st.AssertionSeen(ctx, "aws", "_a1"); err != nil || seen {
		t.Errorf("kept for longer than anybody could use it: %v", err)
	}
}

// A test login consumes its request and its assertion as any login does, and only
// the first of several answers counts.
func TestFinishTestIsDoneOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.Open(t)
	c := storetest.Connection(t, st, "aws", nil)
	c.Live = c.Draft // whose test it is
	begin := func(assertion string) store.Completion {
		comp := started(t, st, c, person("ana"), assertion)
		comp.Login.Changes = []model.Change{{What: "created", Name: "ana"}} // what would have been done
		comp.Login.Test, comp.Login.RevisionID, comp.Login.RevisionVersion, comp.Login.UserID = true, c.Draft.ID, c.Draft.Version, ""
		return comp
	}
	first := begin("_a1")
	l, err := st.FinishTest(ctx, first)
	if err != nil || l.Outcome != model.OutcomeSignedIn || l.ID != first.Login.ID {
		t.Fatalf("the first: %v %+v", err, l)
	}
	tested := func() string {
		r, err := st.RevisionByID(ctx, c.Draft.ID)
		if err != nil {
			t.Fatal(err)
		}
		return r.TestedLogin
	}
	if tested() != l.ID {
		t.Errorf("the draft was tested by %q", tested())
	}
	if _, err := st.PendingRequest(ctx, "handle-"+first.Login.ID, first.Now); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("its request is still there: %v", err)
	}
	if n, err := st.CountUsers(ctx); err != nil || n != 0 {
		t.Errorf("a test made %d users, %v", n, err)
	}
	gone := begin("_a2")
	if err := st.DropRequest(ctx, gone.Request); err != nil {
		t.Fatal(err)
	}
	for want, comp := range map[model.Code]store.Completion{model.CodeReplayed: begin("_a1"), model.CodeInResponseToUnknown: gone} {
		again, err := st.FinishTest(ctx, comp)
		if err != nil || again.Outcome != model.OutcomeRefused || again.Refusal == nil || again.Refusal.Code != want || len(again.Changes) > 0 {
			t.Errorf("%s: %v %s %+v, changes %+v", want, err, again.Outcome, again.Refusal, again.Changes)
		}
		if stored, err := st.Login(ctx, again.ID); err != nil || stored.Refusal == nil || stored.Refusal.Code != want {
			t.Errorf("%s: the trace says %+v, %v", want, stored.Refusal, err)
		}
		if tested() != l.ID {
			t.Errorf("%s: the draft counts as tested by %q", want, tested())
		}
	}
}
