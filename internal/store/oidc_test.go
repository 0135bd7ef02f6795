package store_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

func oidcApp(t *testing.T, st *store.Store, slug string) {
	t.Helper()
	app := model.App{Slug: slug, Kind: model.AppOIDC, Name: slug, AllGroups: true}
	if err := st.CreateApp(context.Background(), storetest.Actor, app); err != nil {
		t.Fatal(err)
	}
}

// Several processes start at once, and each wants keys.
func TestOneSetOfSigningKeys(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	r := store.KeyRotation{Now: time.Now(), Period: time.Hour, Generate: func() (model.SigningKey, error) {
		return model.SigningKey{ID: rand.Text(), Sealed: []byte("sealed")}, nil
	}}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if keys, err := st.RotateSigningKeys(context.Background(), r); err != nil || len(keys) != 2 {
				t.Errorf("%d keys: %v", len(keys), err)
			}
		})
	}
	wg.Wait()
	first, err := st.SigningKeys(context.Background())
	if err != nil || len(first) != 2 || first[0].State != model.KeyCurrent || first[1].State != model.KeyNext {
		t.Fatalf("keys %+v: %v", first, err)
	}
	r.Now = r.Now.Add(time.Hour)
	second, err := st.RotateSigningKeys(context.Background(), r)
	if err != nil || len(second) != 3 || second[0].ID != first[1].ID || second[2].ID != first[0].ID {
		t.Errorf("after the period %+v: %v", second, err)
	}
}

// Of many who bring the same code at once, one gets tokens.
func TestCodeIsSpentOnce(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	ctx := context.Background()
	oidcApp(t, st, "jira")
	u := storetest.User(t, st, "ana")
	storetest.LiveConnection(t, st, "aws", nil)
	now := time.Now()
	r := model.AuthRequest{ID: "r", App: "jira", CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
	if err := st.CreateAuthRequest(ctx, r); err != nil {
		t.Fatal(err)
	}
	who := model.SignedIn{UserID: u.ID, AuthTime: now, Connection: "aws", Until: now.Add(time.Hour)}
	if err := st.GrantCode(ctx, "r", "code", who, now, now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := st.GrantCode(ctx, "r", "other", who, now, now.Add(time.Minute)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a second code: %v", err)
	}
	var wg sync.WaitGroup
	results := make(chan error, 8)
	for i := range cap(results) {
		wg.Go(func() {
			results <- st.SpendCode(ctx, "r", now, store.NewToken{Value: fmt.Sprint("token", i), Token: model.Token{
				Kind: model.TokenAccess, GrantID: "r", App: "jira", UserID: u.ID, AuthTime: now, Connection: "aws", SessionUntil: now.Add(time.Hour),
				ExpiresAt: now.Add(time.Hour)}})
		})
	}
	wg.Wait()
	close(results)
	won := 0
	for err := range results {
		if err == nil {
			won++
		} else if !errors.Is(err, store.ErrConflict) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d spent the code", won)
	}
}

func TestRefusalsDoNotFillTheAudit(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	ctx := context.Background()
	oidcApp(t, st, "jira")
	at := time.Now().Truncate(time.Microsecond)
	for i := range 100 {
		r := model.AppSignIns{App: "jira", RefusedAt: at.Add(time.Duration(i) * 6 * time.Second), RefusedError: "invalid_grant", RefusedWhy: "Why."}
		if err := st.AppSignInRefused(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	entries, _, err := st.Audit(ctx, store.AuditQuery{Action: "app.sign_in_refused"})
	if err != nil || len(entries) != 2 || !strings.Contains(entries[0].Note, "49 more") {
		t.Errorf("100 refusals in ten minutes: %+v, %v", entries, err)
	}
	if err := st.AppSignInRefused(ctx, model.AppSignIns{App: "nobody", RefusedAt: at}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an unknown app: %v", err)
	}
	all, err := st.AppSignIns(ctx)
	if err != nil || len(all) != 1 || all[0].RefusedWhy != "Why." || !all[0].WorkedAt.IsZero() {
		t.Errorf("evidence %+v: %v", all, err)
	}
}

func TestSweepOfSignIns(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	ctx := context.Background()
	oidcApp(t, st, "jira")
	now := time.Now()
	for id, expires := range map[string]time.Duration{"old": -time.Minute, "new": time.Minute} {
		err := st.CreateAuthRequest(ctx, model.AuthRequest{ID: id, App: "jira", CreatedAt: now, ExpiresAt: now.Add(expires)})
		if err != nil {
			t.Fatal(err)
		}
	}
	r, err := st.Sweep(ctx, now, store.Retention{XML: time.Hour})
	if err != nil || r.SignIns != 1 {
		t.Errorf("%+v: %v", r, err)
	}
	if _, err := st.PendingAuthRequest(ctx, "new", now); err != nil {
		t.Error(err)
	}
}

// A code that was given is there for as long as the session, however long ago it
// was asked for.
func TestSweepLeavesCodes(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	ctx := context.Background()
	oidcApp(t, st, "jira")
	u := storetest.User(t, st, "ana")
	storetest.LiveConnection(t, st, "aws", nil)
	now := time.Now()
	if err := st.CreateAuthRequest(ctx, model.AuthRequest{ID: "r", App: "jira", CreatedAt: now, ExpiresAt: now.Add(time.Second)}); err != nil {
		t.Fatal(err)
	}
	who := model.SignedIn{UserID: u.ID, AuthTime: now, Connection: "aws", SessionID: "session", Until: now.Add(time.Hour)}
	if err := st.GrantCode(ctx, "r", "code", who, now, now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Sweep(ctx, now.Add(time.Hour-time.Second), store.Retention{XML: time.Hour}); err != nil {
		t.Fatal(err)
	}
	if _, err := st.AuthRequestByCode(ctx, "code"); err != nil {
		t.Error(err)
	}
}

// Of a session that ends, codes and tokens end, and of no other.
func TestRevokeSession(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	ctx := context.Background()
	oidcApp(t, st, "jira")
	u := storetest.User(t, st, "ana")
	storetest.LiveConnection(t, st, "aws", nil)
	now := time.Now()
	for _, id := range []string{"", "one", "two"} {
		who := model.SignedIn{UserID: u.ID, AuthTime: now, Connection: "aws", SessionID: id, Until: now.Add(time.Hour)}
		for _, request := range []string{"open", "spent"} {
			request += id
			err := errors.Join(
				st.CreateAuthRequest(ctx, model.AuthRequest{ID: request, App: "jira", CreatedAt: now, ExpiresAt: now.Add(time.Hour)}),
				st.GrantCode(ctx, request, "code"+request, who, now, now.Add(time.Minute)))
			if err != nil {
				t.Fatal(err)
			}
		}
		err := st.SpendCode(ctx, "spent"+id, now, store.NewToken{Value: "token" + id, Token: model.Token{Kind: model.TokenAccess, GrantID: "spent" + id,
			App: "jira", UserID: u.ID, AuthTime: now, Connection: "aws", SessionID: id, SessionUntil: now.Add(time.Hour), ExpiresAt: now.Add(time.Hour)}})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"", "one"} {
		if err := st.RevokeSession(ctx, id); err != nil {
			t.Fatal(err)
		}
	}
	for id, want := range map[string]error{"": nil, "one": store.ErrNotFound, "two": nil} {
		_, open := st.AuthRequestByCode(ctx, "codeopen"+id)
		_, token := st.Token(ctx, model.TokenAccess, "token"+id, now)
		if !errors.Is(open, want) || !errors.Is(token, want) {
			t.Errorf("session %q: the code %v, the token %v", id, open, token)
		}
	}
}

// A refresh under way while its grant is revoked leaves nothing behind.
func TestARefreshBesideARevocation(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.OpenPool(t)
	oidcApp(t, st, "jira")
	u := storetest.User(t, st, "ana")
	storetest.LiveConnection(t, st, "aws", nil)
	now := time.Now()
	token := func(value, grant string) store.NewToken {
		return store.NewToken{Value: value, Token: model.Token{Kind: model.TokenRefresh, GrantID: grant, App: "jira", UserID: u.ID, AuthTime: now,
			Connection: "aws", SessionID: "session", SessionUntil: now.Add(time.Hour), ExpiresAt: now.Add(time.Hour)}}
	}
	for i := range 200 {
		grant := fmt.Sprint("g", i)
		if err := st.CreateAuthRequest(ctx, model.AuthRequest{ID: grant, App: "jira", CreatedAt: now, ExpiresAt: now.Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		if err := st.SpendCode(ctx, grant, now, token("first"+grant, grant)); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- st.SpendRefreshToken(ctx, "first"+grant, now, token("next"+grant, grant)) }()
		revoke := func() error { return st.RevokeGrant(ctx, grant) }
		switch i % 3 {
		case 1:
			revoke = func() error { return st.RevokeToken(ctx, "jira", "first"+grant) }
		case 2:
			revoke = func() error { return st.RevokeSession(ctx, "session") }
		}
		if err := revoke(); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil && !errors.Is(err, store.ErrConflict) {
			t.Fatal(err)
		}
		if _, err := st.Token(ctx, model.TokenRefresh, "next"+grant, now); !errors.Is(err, store.ErrNotFound) {
			t.Fatalf("round %d: the new token is good: %v", i, err)
		}
	}
}

// An exchange under way while the app's secret is taken away leaves nothing
// behind, and neither waits for the other in vain.
func TestAnExchangeBesideAChange(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.OpenPool(t)
	oidcApp(t, st, "jira")
	app, err := st.App(ctx, "jira")
	if err != nil {
		t.Fatal(err)
	}
	u := storetest.User(t, st, "ana")
	storetest.LiveConnection(t, st, "aws", nil)
	now := time.Now()
	who := model.SignedIn{UserID: u.ID, AuthTime: now, Connection: "aws", Until: now.Add(time.Hour)}
	for i := range 100 {
		id := fmt.Sprint("r", i)
		err := errors.Join(st.CreateAuthRequest(ctx, model.AuthRequest{ID: id, App: "jira", CreatedAt: now, ExpiresAt: now.Add(time.Hour)}),
			st.GrantCode(ctx, id, "code"+id, who, now, now.Add(time.Minute)))
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() {
			done <- st.SpendCode(ctx, id, now, store.NewToken{Value: id, Token: model.Token{Kind: model.TokenRefresh, GrantID: id, App: "jira",
				UserID: u.ID, AuthTime: now, Connection: "aws", SessionUntil: now.Add(time.Hour), ExpiresAt: now.Add(time.Hour)}})
		}()
		app.Public = !app.Public
		if err := st.SaveApp(ctx, storetest.Actor, app); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil && !errors.Is(err, store.ErrConflict) {
			t.Fatal(err)
		}
		if _, err := st.Token(ctx, model.TokenRefresh, id, now); !errors.Is(err, store.ErrNotFound) {
			t.Fatalf("round %d: the token is good: %v", i, err)
		}
	}
}
