package store_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/embeddedpg"
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
	token := tokenOf(t, st, app) // the app has eve among its admins now
	st.Close()
	do("drop database " + original)
	do("alter database " + backup + " rename to " + original)

	st = open(t, address)
	defer st.Close()
	if _, _, err := st.DirectoryEvents(ctx, app, token, time.Now()); !errors.Is(err, store.ErrTokenExpired) {
		t.Errorf("the app keeps what the backup does not have: %v", err)
	}
	wantNews(t, st, app)
}

// A snapshot of the disk is the same database in everything that PostgreSQL
// tells about itself. What an app was told before it was made still holds.
func TestARestoredSnapshotIsAnotherPast(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "postern-snapshot")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // the server's account passes through, or its files would lie elsewhere
		t.Fatal(err)
	}
	disk, snapshot := filepath.Join(dir, "disk"), filepath.Join(dir, "snapshot")
	app := model.App{Slug: "jira", Kind: model.AppCrowd, Name: "Jira", AllGroups: true}
	var before, after string
	onDisk(t, disk, func(st *store.Store) {
		if _, err := st.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
		if err := st.CreateApp(ctx, storetest.Actor, app); err != nil {
			t.Fatal(err)
		}
		storetest.Group(t, st, "admins")
		before = tokenOf(t, st, app)
	})
	if out, err := exec.CommandContext(ctx, "cp", "-a", disk, snapshot).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	onDisk(t, disk, func(st *store.Store) {
		storetest.User(t, st, "eve")
		if err := st.AddMember(ctx, storetest.Actor, "admins", "eve"); err != nil {
			t.Fatal(err)
		}
		after = tokenOf(t, st, app) // the app has eve among its admins now
	})
	if err := errors.Join(os.RemoveAll(disk), os.Rename(snapshot, disk)); err != nil {
		t.Fatal(err)
	}
	onDisk(t, disk, func(st *store.Store) {
		for i := range 20 { // as many transactions as were lost
			storetest.User(t, st, fmt.Sprint("user", i))
		}
		if _, _, err := st.DirectoryEvents(ctx, app, after, time.Now()); !errors.Is(err, store.ErrTokenExpired) {
			t.Errorf("the app keeps what the snapshot does not have: %v", err)
		}
		if events, _, err := st.DirectoryEvents(ctx, app, before, time.Now()); err != nil || len(events) != 20 {
			t.Errorf("the app is told of %d changes since before the snapshot, %v; want 20", len(events), err)
		}
	})
}

// onDisk runs a server on the files in a folder, and stops it.
func onDisk(t *testing.T, dir string, do func(*store.Store)) {
	t.Helper()
	ctx := context.Background()
	server, err := embeddedpg.Start(ctx, embeddedpg.Options{DataDir: dir})
	var missing *embeddedpg.NotFoundError
	if errors.As(err, &missing) && os.Getenv("REQUIRE_DB") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Stop(ctx); err != nil {
			t.Error(err)
		}
	}()
	st := open(t, server.URL())
	defer st.Close()
	do(st)
}

func tokenOf(t *testing.T, st *store.Store, app model.App) string {
	t.Helper()
	token, err := st.EventToken(context.Background(), app.Slug, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return token
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
	token := tokenOf(t, st, app)
	storetest.User(t, st, "news")
	for _, want := range []int{1, 0} {
		events, next, err := st.DirectoryEvents(ctx, app, token, time.Now())
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
