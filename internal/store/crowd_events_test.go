package store_test

import (
	"context"
	"errors"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// An app that synchronized with what a restored backup does not know reads
// everything anew, and goes on from there.
func TestARestoredBackupIsAnotherDirectory(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	address := storetest.Database(t)
	app := model.App{Slug: "jira", Kind: model.AppCrowd, Name: "Jira", AllGroups: true}
	st := open(t, address)
	if err := st.CreateApp(ctx, storetest.Actor, app); err != nil {
		t.Fatal(err)
	}
	storetest.Group(t, st, "admins")
	st.Close()

	// A copy has the same rows and the same transaction ids, as a restored backup.
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	original := pgx.Identifier{u.Path[1:]}.Sanitize()
	backup := pgx.Identifier{u.Path[1:] + "_backup"}.Sanitize()
	u.Path = "/postgres"
	admin, err := pgx.Connect(ctx, u.String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = admin.Close(ctx) }()
	do := func(sql string) {
		t.Helper()
		if _, err := admin.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	do("create database " + backup + " template " + original)

	st = open(t, address)
	storetest.User(t, st, "eve")
	if err := st.AddMember(ctx, storetest.Actor, "admins", "eve"); err != nil {
		t.Fatal(err)
	}
	token, err := st.EventToken(ctx) // the app has eve among its admins now
	if err != nil {
		t.Fatal(err)
	}
	st.Close()
	do("drop database " + original)
	do("alter database " + backup + " rename to " + original)

	st = open(t, address)
	defer st.Close()
	if _, _, err := st.DirectoryEvents(ctx, app, token); !errors.Is(err, store.ErrTokenExpired) {
		t.Errorf("the app keeps what the backup does not have: %v", err)
	}
	wantNews(t, st, app)
}

// Another server counts transactions anew: what it was given of the log is void.
func TestAMovedDatabaseSynchronizesByChanges(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.OpenPool(t)
	app := model.App{Slug: "jira", Kind: model.AppCrowd, Name: "Jira", AllGroups: true}
	if err := st.CreateApp(ctx, storetest.Actor, app); err != nil {
		t.Fatal(err)
	}
	storetest.User(t, st, "ana")
	const later = 1 << 50
	for _, sql := range []string{"update crowd_events set xid = $1", "update crowd_pruned set xid = $1, database = 'somewhere'"} {
		if _, err := st.Pool().Exec(ctx, sql, later); err != nil {
			t.Fatal(err)
		}
	}
	wantNews(t, st, app)
}

// wantNews sees to it that an app hears of a change once, and of nothing else.
func wantNews(t *testing.T, st *store.Store, app model.App) {
	t.Helper()
	ctx := context.Background()
	token, err := st.EventToken(ctx)
	if err != nil {
		t.Fatal(err)
	}
	storetest.User(t, st, "news")
	for _, want := range []int{1, 0} {
		events, next, err := st.DirectoryEvents(ctx, app, token)
		if err != nil || len(events) != want {
			t.Fatalf("told of %+v, %v; want %d", events, err, want)
		}
		token = next
	}
}

func open(t *testing.T, address string) *store.Store {
	t.Helper()
	st, err := store.Open(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	return st
}
