package store_test

import (
	"context"
	"database/sql"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver
	"github.com/pressly/goose/v3"

	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/migrations"
)

// A database of the first version, with people in it, becomes one of this
// version, and nothing is lost.
func TestUpgradeFromTheFirstVersion(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	url := storetest.Database(t)
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(ctx, "drop schema public cascade; create schema public"); err != nil {
		t.Fatal(err)
	}
	old, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.UpTo(ctx, 1); err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(ctx, `
		insert into connections (slug, status) values ('aws', 'live');
		insert into users (username, username_key, email, email_key, display_name, source)
			values ('Ana', 'ana', 'ana@example.com', 'ana@example.com', 'Ana Lima', 'jit');
		insert into groups (name, name_key, description) values ('Staff', 'staff', 'Everybody here');
		insert into identities (user_id, connection_id, idp_entity_id, name_id) select u.id, c.id, 'https://idp', 'ana' from users u, connections c;
		insert into logins (id, connection, connection_id, outcome, username, username_key, user_id, name_id, person, finished_at)
			select 'aaaa', 'aws', c.id, 'signed_in', 'Ana', 'ana', u.id, 'Ana@Example.com', '{"Username":"ana"}', now() from users u, connections c;
		insert into audit (actor, action, object, note) values ('owner', 'user.export', 'users.csv', 'q=zo%C3%AB+o%27neil%40example.com&active=yes'),
			('owner', 'user.export', 'users.csv', 'q=cut%C3'), ('owner', 'group.update', 'staff', '100%25');
		insert into apps (slug, kind, name) values ('jira', 'oidc', 'Jira')`)
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	if applied, err := st.Migrate(ctx); err != nil || len(applied) == 0 {
		t.Fatalf("applied %v, %v", applied, err)
	}
	users, _, err := st.Users(ctx, store.UserQuery{Search: "LIMA"})
	if err != nil || len(users) != 1 {
		t.Errorf("%d users are found by their name, %v", len(users), err)
	}
	logins, _, err := st.Logins(ctx, store.LoginQuery{Search: "ana@ex"})
	if err != nil || len(logins) != 1 {
		t.Errorf("%d logins are found by their NameID, %v", len(logins), err)
	}
	known, err := st.KnownPeople(ctx, store.KnownPeopleQuery{Connection: "aws"}, []string{"ana"})
	if err != nil || len(known) != 1 || known[0].Person == nil || known[0].Person.Username != "ana" {
		t.Errorf("known: %+v, %v", known, err)
	}
	var notes string
	if err := db.QueryRowContext(ctx, "select string_agg(note, ' | ' order by id) from audit").Scan(&notes); err != nil ||
		notes != "q=zoë o'neil@example.com&active=yes | q=cut%C3 | 100%25" {
		t.Errorf("the audit says %q, %v", notes, err)
	}
	if app, err := st.App(ctx, "jira"); err != nil || !app.AllGroups {
		t.Errorf("the app: %+v, %v", app, err)
	}
}
