package storetest

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// Actor is who makes the changes of tests.
var Actor = model.Actor{Name: "test"} //nolint:gochecknoglobals // a constant

// Open gives a Store on a transaction that is rolled back when the test ends:
// fast, and on a database that no other test uses meanwhile, so that nobody
// waits for somebody else's rows. Use it from one goroutine at a time.
func Open(t testing.TB) *store.Store {
	t.Helper()
	st, _ := OpenTx(t)
	return st
}

// OpenTx is Open, and the transaction: for savepoints to which a test goes back.
func OpenTx(t testing.TB) (*store.Store, pgx.Tx) {
	t.Helper()
	ctx := context.Background()
	name := shared.borrow(t)
	conn, err := pgx.Connect(ctx, RunURL(databaseURL(t, name)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close(ctx) // the transaction ends with it
		shared.giveBack(name)
	})
	tx, err := conn.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return store.NewOnTx(tx), tx
}

// RunURL is a test's database as the role that Postern runs as. On a server of
// somebody else there is none, and the URL stays as it is.
func RunURL(url string) string {
	if OneRole() {
		return url
	}
	return strings.Replace(url, "user="+owner, "user="+runner, 1)
}

// OneRole tells whether tests run as the owner of the tables, because the server
// is somebody else's.
func OneRole() bool { return givenURL() != "" }

// Database gives the URL of a database of the test's own, migrated and empty,
// as its owner. It is for what needs several connections or real commits.
func Database(t testing.TB) string {
	t.Helper()
	name := shared.copyTemplate(t)
	t.Cleanup(func() {
		if err := shared.exec("drop database " + name + " with (force)"); err != nil {
			t.Error(err)
		}
	})
	return databaseURL(t, name)
}

func databaseURL(t testing.TB, name string) string {
	t.Helper()
	u, err := withDatabase(serverURL(t), name)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// borrow takes a database for a rolled-back transaction: one that another test
// has given back, or a new copy.
func (c *cluster) borrow(t testing.TB) string {
	t.Helper()
	serverURL(t) // starts the server
	c.mu.Lock()
	if n := len(c.free); n > 0 {
		name := c.free[n-1]
		c.free = c.free[:n-1]
		c.mu.Unlock()
		return name
	}
	c.mu.Unlock()
	return c.copyTemplate(t)
}

func (c *cluster) giveBack(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.free = append(c.free, name)
}

// copyTemplate makes a database with every table and no rows.
func (c *cluster) copyTemplate(t testing.TB) string {
	t.Helper()
	serverURL(t) // starts the server
	name := "test_" + strings.ToLower(rand.Text()[:12])
	if err := c.exec("create database " + name + " template " + c.template); err != nil {
		t.Fatal(err)
	}
	return name
}

func (c *cluster) exec(sql string) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, c.url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }() // nothing is pending on it
	_, err = conn.Exec(ctx, sql)
	return err
}

// OpenPool gives a Store on a database of the test's own, for concurrency.
func OpenPool(t testing.TB) *store.Store {
	t.Helper()
	st, err := store.Open(context.Background(), RunURL(Database(t)))
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
