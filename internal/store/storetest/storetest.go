package storetest

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// Actor is who makes the changes of tests.
var Actor = model.Actor{Name: "test"} //nolint:gochecknoglobals // a constant

// Open gives a Store on a transaction that is rolled back when the test ends:
// fast, and tests do not see each other. Use it from one goroutine at a time.
func Open(t testing.TB) *store.Store {
	t.Helper()
	ctx := context.Background()
	u, err := withDatabase(serverURL(t), templateName)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(ctx, u)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(ctx) }) // the transaction ends with it
	tx, err := conn.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return store.NewOnTx(tx)
}

// Database gives the URL of a database of the test's own, migrated and empty.
// It is for what needs several connections or real commits.
func Database(t testing.TB) string {
	t.Helper()
	ctx := context.Background()
	admin, err := pgxpool.New(ctx, serverURL(t))
	if err != nil {
		t.Fatal(err)
	}
	name := "test_" + strings.ToLower(rand.Text()[:12])
	// Nobody may be connected to a template while it is copied; tests on a
	// rolled-back transaction are. A copy of the migrations avoids the wait.
	if _, err := admin.Exec(ctx, "create database "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, err := admin.Exec(ctx, "drop database "+name+" with (force)")
		if err != nil {
			t.Error(err)
		}
		admin.Close()
	})
	u, err := withDatabase(serverURL(t), name)
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(ctx, u)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if _, err := st.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	return u
}

// OpenPool gives a Store on a database of the test's own, for concurrency.
func OpenPool(t testing.TB) *store.Store {
	t.Helper()
	st, err := store.Open(context.Background(), Database(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	return st
}

func withDatabase(server, name string) (string, error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), nil
}

// User makes an active user with that name.
func User(t testing.TB, st *store.Store, username string) model.User {
	t.Helper()
	u, err := st.CreateUser(context.Background(), Actor, model.User{
		Username: username, Email: username + "@example.com", Active: true, Source: model.UserManual,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// Group makes a group.
func Group(t testing.TB, st *store.Store, name string) model.Group {
	t.Helper()
	g, err := st.CreateGroup(context.Background(), Actor, model.Group{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Connection makes a connection in the state draft with that configuration.
func Connection(t testing.TB, st *store.Store, slug string, change func(*model.Config)) model.Connection {
	t.Helper()
	cfg := model.DefaultConfig(slug)
	cfg.Provisioning = model.ProvisioningJIT
	if change != nil {
		change(&cfg)
	}
	c, err := st.CreateConnection(context.Background(), Actor, slug, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// LiveConnection makes a connection that people sign in with.
func LiveConnection(t testing.TB, st *store.Store, slug string, change func(*model.Config)) model.Connection {
	t.Helper()
	c := Connection(t, st, slug, change)
	ctx := context.Background()
	if err := st.GoLive(ctx, Actor, slug, c.Draft.Version, true); err != nil {
		t.Fatal(err)
	}
	c, err := st.Connection(ctx, slug)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
