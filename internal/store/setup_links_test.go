package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

var ana = model.Actor{Name: "ana@example.com", RemoteAddr: "192.0.2.1"}

func newDraft(t testing.TB, st *store.Store) model.Connection {
	t.Helper()
	c, err := st.CreateConnection(context.Background(), ana, "aws", model.DefaultConfig("AWS"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Of many browsers that open a link at once, one has it.
func TestSetupLinkIsOpenedOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st, err := store.Open(ctx, storetest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	newDraft(t, st)
	now := time.Now()
	if _, err := st.CreateSetupLink(ctx, ana, "aws", model.TaskSetup, "token", now, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	browsers := []string{"a", "b", "c", "d", "e", "f"}
	opened := make([]error, len(browsers))
	var all sync.WaitGroup
	for i, cookie := range browsers {
		all.Go(func() { _, opened[i] = st.OpenSetupLink(ctx, "token", cookie, "192.0.2.9", now) })
	}
	all.Wait()
	winners := 0
	for i, cookie := range browsers {
		link, mine, err := st.SetupLinkByToken(ctx, "token", cookie)
		if err != nil || mine != (opened[i] == nil) || link.State(now) != model.SetupLinkOpen {
			t.Errorf("browser %s: opened with %v, mine %v, %s, %v", cookie, opened[i], mine, link.State(now), err)
		}
		switch {
		case opened[i] == nil:
			winners++
		case !errors.Is(opened[i], store.ErrConflict):
			t.Errorf("browser %s: %v, want ErrConflict", cookie, opened[i])
		}
	}
	if winners != 1 {
		t.Errorf("%d browsers opened the link, want 1", winners)
	}
	if _, mine, err := st.SetupLinkByToken(ctx, "token", ""); err != nil || mine {
		t.Errorf("a browser without a cookie: mine %v, %v", mine, err)
	}
}

// A link that cannot be used any more saves nothing.
func TestSetupLinkEnds(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, test := range map[string]struct {
		end  func(*store.Store, model.SetupLink) error
		at   time.Duration
		want model.SetupLinkState
	}{
		"open": {func(*store.Store, model.SetupLink) error { return nil }, 0, model.SetupLinkOpen},
		"revoked": {func(st *store.Store, l model.SetupLink) error {
			return st.RevokeSetupLink(ctx, ana, "aws", l.ID, time.Now())
		}, 0, model.SetupLinkRevoked},
		"expired": {func(*store.Store, model.SetupLink) error { return nil }, time.Hour, model.SetupLinkExpired},
		"live": {func(st *store.Store, _ model.SetupLink) error {
			c, err := st.Connection(ctx, "aws")
			if err != nil {
				return err
			}
			return st.GoLive(ctx, ana, "aws", c.Draft.Version, true)
		}, 0, model.SetupLinkEnded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := storetest.Open(t)
			c := newDraft(t, st)
			now := time.Now()
			if _, err := st.CreateSetupLink(ctx, ana, "aws", model.TaskSetup, "token", now, now.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			link, err := st.OpenSetupLink(ctx, "token", "cookie", "192.0.2.9", now)
			if err != nil {
				t.Fatal(err)
			}
			if err := test.end(st, link); err != nil {
				t.Fatal(err)
			}
			at := now.Add(test.at)
			link, _, err = st.SetupLinkByToken(ctx, "token", "cookie")
			if err != nil || link.State(at) != test.want {
				t.Errorf("the link is %s (%v), want %s", link.State(at), err, test.want)
			}
			_, err = st.SaveThroughSetupLink(ctx, link, "192.0.2.9", at, c.Draft.Version, func(rev *model.Revision) error {
				rev.Config.Name = "changed"
				return nil
			})
			if usable := test.want == model.SetupLinkOpen; (err == nil) != usable || (!usable && !errors.Is(err, store.ErrNotFound)) {
				t.Errorf("saving answered %v", err)
			}
			if _, err := st.OpenSetupLink(ctx, "token", "other", "192.0.2.9", at); !errors.Is(err, store.ErrConflict) {
				t.Errorf("opening it again answered %v, want ErrConflict", err)
			}
		})
	}
}

// Every step in the life of a link is in the audit, under a name that says who
// is behind it.
func TestSetupLinkIsAudited(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.Open(t)
	c := newDraft(t, st)
	now := time.Now()
	if _, err := st.CreateSetupLink(ctx, ana, "aws", model.TaskSetup, "token", now, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	link, err := st.OpenSetupLink(ctx, "token", "cookie", "192.0.2.9", now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.SaveThroughSetupLink(ctx, link, "192.0.2.9", now, c.Draft.Version, func(rev *model.Revision) error {
		rev.Config.IdPMetadataURL = "https://example.com"
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := st.RevokeSetupLink(ctx, ana, "aws", link.ID, now); err != nil {
		t.Fatal(err)
	}
	gone := new(store.Gone) // the second time changes nothing, and says who was first
	if err := st.RevokeSetupLink(ctx, ana, "aws", link.ID, now); !errors.As(err, &gone) || gone.By != ana.Name {
		t.Fatalf("revoked twice: %v", err)
	}
	if err := st.RevokeSetupLink(ctx, ana, "other", link.ID, now); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("revoked through another connection: %v", err)
	}
	entries, _, err := st.Audit(ctx, store.AuditQuery{Object: "aws"})
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, e := range entries {
		said = append(said, e.Action+" by "+e.Actor+" from "+e.RemoteAddr)
	}
	through := " by " + link.Actor() + " from 192.0.2.9"
	byAna := " by ana@example.com from 192.0.2.1"
	want := []string{"setup_link.revoke" + byAna, "revision.save" + through, "setup_link.open" + through, "setup_link.create" + byAna, "connection.create" + byAna}
	if len(said) != len(want) {
		t.Fatalf("the audit has %q, want %q", said, want)
	}
	for i := range want {
		if said[i] != want[i] {
			t.Errorf("entry %d is %q, want %q", i, said[i], want[i])
		}
	}
	if r, err := st.Sweep(ctx, now.Add(92*24*time.Hour), store.Retention{XML: time.Hour}); err != nil || r.SetupLinks != 1 {
		t.Errorf("long after: %+v, %v", r, err)
	}
}

func TestTrials(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.Open(t)
	c := newDraft(t, st)
	now := time.Now().Truncate(time.Microsecond)
	read := func() store.Trials {
		t.Helper()
		got, err := st.Trials(ctx, c.Draft.ID)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	save := func(l model.Login) {
		t.Helper()
		l.Connection, l.RevisionID, l.StartedAt = "aws", c.Draft.ID, now
		if _, err := st.SaveLogin(ctx, l); err != nil {
			t.Fatal(err)
		}
	}
	save(model.Login{ID: "aaaa", Outcome: model.OutcomeSignedIn, FinishedAt: now}) // no test
	if got := read(); got != (store.Trials{}) {
		t.Errorf("without a test: %+v", got)
	}
	save(model.Login{ID: "bbbb", Test: true, Outcome: model.OutcomePending})
	if got := read(); !got.RequestAt.Equal(now) || !got.ResponseAt.IsZero() {
		t.Errorf("a request is out: %+v", got)
	}
	save(model.Login{ID: "bbbb", Test: true, Outcome: model.OutcomeRefused, FinishedAt: now.Add(time.Second),
		Refusal: &model.Refusal{Code: model.CodeAudienceMismatch}})
	if got := read(); !got.ResponseAt.Equal(now.Add(time.Second)) || got.Refusal == nil || got.Refusal.Code != model.CodeAudienceMismatch {
		t.Errorf("a response was refused: %+v", got)
	}
	save(model.Login{ID: "cccc", Test: true, Outcome: model.OutcomeSignedIn, FinishedAt: now.Add(time.Minute)})
	if got := read(); !got.ResponseAt.Equal(now.Add(time.Second)) || got.Refusal != nil {
		t.Errorf("a later one was accepted: %+v", got)
	}
}
