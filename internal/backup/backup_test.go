package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/migrations"
)

func TestMain(m *testing.M) { storetest.Main(m) }

const passphrase = "correct horse battery staple"

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

func exec(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// filled is a database with a row in every table, made without triggers and foreign
// keys, whose values say nothing.
func filled(t *testing.T) *pgx.Conn {
	t.Helper()
	conn := connect(t, storetest.Database(t))
	exec(t, conn, "set session_replication_role = replica")
	all, err := tablesOf(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 50 {
		t.Fatalf("there are %d tables", len(all))
	}
	exec(t, conn, `insert into administrators (email, email_key, password_hash, role)
		values ('ada@example.com', 'ada@example.com', E'Ada\tå\\n\n"x"', 'owner')`)
	exec(t, conn, `insert into users (username, username_key, email, source)
		select 'user' || n, 'user' || n, E'å\\\\t\t\n' || n || '@example.com', 'manual' from generate_series(1, 5000) n`)
	exec(t, conn, `insert into groups (name, name_key) select 'group' || n, 'group' || n from generate_series(1, 50) n`)
	exec(t, conn, `insert into memberships (user_id, group_id, source) select u.id, g.id, 'manual' from users u, groups g
		where u.username like 'user1%' limit 3000`)
	exec(t, conn, `insert into audit (actor, action, object, at) values ('ada', 'user.created', 'x', '2020-02-02 02:02:02.020202+02')`)
	exec(t, conn, `insert into sessions (token, data, expiry) values ('t', '\x00ff', now() + interval '1 hour')`)
	exec(t, conn, `insert into claim_tokens (token_hash, expires_at) values ('\x01', now() + interval '1 hour')`)
	exec(t, conn, "set session_replication_role = origin")
	return conn
}

// into is an empty database with the migrations up to one.
func into(t *testing.T, to int64) (*pgx.Conn, *store.Store) {
	t.Helper()
	beside := connect(t, storetest.Database(t))
	var name string
	if err := beside.QueryRow(t.Context(), "select 'restore_' || substr(md5(random()::text), 1, 12)").Scan(&name); err != nil {
		t.Fatal(err)
	}
	exec(t, beside, "create database "+name)
	t.Cleanup(func() { _, _ = beside.Exec(context.WithoutCancel(t.Context()), "drop database "+name+" with (force)") })
	cfg := beside.Config().Copy()
	url := fmt.Sprintf("postgres:///%s?host=%s&port=%d&user=%s&password=%s&sslmode=disable", name, cfg.Host, cfg.Port, cfg.User, cfg.Password)
	st, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	if to > 0 {
		if err := st.MigrateTo(t.Context(), to); err != nil {
			t.Fatal(err)
		}
	}
	return connect(t, url), st
}

func written(t *testing.T, conn *pgx.Conn) []byte {
	t.Helper()
	var file bytes.Buffer
	s, err := Write(t.Context(), conn, &file, Options{Passphrase: passphrase, Key: []byte("the key"), KeyNamed: "abc", Program: "1.2.3", cheap: true})
	if err != nil {
		t.Fatal(err)
	}
	if s.Rows < 8000 || s.Tables < 40 {
		t.Errorf("it has %d rows of %d tables", s.Rows, s.Tables)
	}
	return file.Bytes()
}

// content is every row of a table as text, in an order.
func content(t *testing.T, conn *pgx.Conn, of table) string {
	t.Helper()
	var sum string
	err := conn.QueryRow(t.Context(), fmt.Sprintf("select count(*) || ' ' || coalesce(md5(string_agg(r::text, chr(10) order by r::text)), '') from %s r",
		of.quoted())).Scan(&sum)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func keep(Summary, pgx.Tx) error { return nil }

// Every table comes back row by row, but for what a restore ends.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	from := filled(t)
	file := written(t, from)
	to, _ := into(t, migrations.Newest())
	s, err := Verify(bytes.NewReader(file), passphrase)
	if err != nil || string(s.Key) != "the key" || s.KeyNamed != "abc" || s.Schema != migrations.Newest() {
		t.Fatalf("%+v, %v", s, err)
	}
	if err := Check(t.Context(), to, s.Header); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), to, bytes.NewReader(file), passphrase, keep); err != nil {
		t.Fatal(err)
	}
	all, err := tablesOf(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range all {
		if LeftOut(of.Name) {
			continue
		}
		if was, is := content(t, from, of), content(t, to, of); was != is {
			t.Errorf("%s: %s, and was %s", of.Name, is, was)
		}
	}
	var again bytes.Buffer // the numbers go on where they were, and everything is as strict as before
	exec(t, to, "insert into groups (name, name_key) values ('one more', 'one more')")
	const stranger = "insert into memberships (user_id, group_id, source) select gen_random_uuid(), id, 'manual' from groups limit 1"
	if _, err := to.Exec(t.Context(), stranger); err == nil {
		t.Error("foreign keys are gone")
	}
	for _, sql := range []string{
		"select conname || pg_get_constraintdef(oid) as x from pg_constraint where connamespace = 'public'::regnamespace",
		"select tgname || tgenabled::text || tgrelid::regclass as x from pg_trigger where not tgisinternal",
	} {
		q := "select md5(string_agg(x, ',' order by x)) from (" + sql + ") all_of_them"
		var was, is string
		if err := errors.Join(from.QueryRow(t.Context(), q).Scan(&was), to.QueryRow(t.Context(), q).Scan(&is)); err != nil || was != is {
			t.Errorf("%s: differs, %v", sql, err)
		}
	}
	if _, err := Write(t.Context(), to, &again, Options{Passphrase: passphrase, cheap: true}); err != nil {
		t.Error(err)
	}
	if err := Check(t.Context(), to, s.Header); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("a second restore: %v", err)
	}
}

// Whoever was signed in, what was begun and what was handed out ends; a backup does
// not even hold it, and a file that does is not believed.
func TestRow27ARestoreEndsWhatLetsPeopleIn(t *testing.T) {
	t.Parallel()
	from := filled(t)
	to, _ := into(t, migrations.Newest())
	var file bytes.Buffer
	if _, err := dump(t.Context(), from, frameWriter{&file}, Options{}, true); err != nil { // as no backup is: with all
		t.Fatal(err)
	}
	if _, err := load(t.Context(), to, frameReader{&file}, false, keep); err != nil {
		t.Fatal(err)
	}
	for name := range leftOut {
		if got := content(t, to, table{Name: name}); got != "0 " {
			t.Errorf("%s still has rows: %s", name, got)
		}
	}
	all, err := tablesOf(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range all { // who adds a table with something of this kind says whether a restore ends it
		for _, word := range []string{"session", "request", "token", "link", "claim"} {
			if strings.Contains(of.Name, word) && !LeftOut(of.Name) && !stays[of.Name] {
				t.Errorf("does a restore end %s?", of.Name)
			}
		}
	}
	if !strings.Contains(string(written(t, from)), "age-encryption.org/v1") {
		t.Error("it is no age file")
	}
}

// stays are tables that only sound like something that ends.
var stays = map[string]bool{
	"link_consents": true,                         // an administrator's act
	"scim_tokens":   true,                         // what an identity provider was given, as an app its secret
	"scim_requests": true, "crowd_requests": true, // what was asked, for the pages
}

// A changed byte anywhere, a file that is cut off, one that goes on, and another
// passphrase are refused before anything is written.
func TestRow27ADamagedBackupIsRefusedWhole(t *testing.T) {
	t.Parallel()
	file := written(t, filled(t))
	judge := func(what string, file []byte, passphrase string, want ...error) {
		t.Helper()
		_, err := Verify(bytes.NewReader(file), passphrase)
		for _, w := range want {
			if errors.Is(err, w) {
				return
			}
		}
		t.Errorf("%s: %v", what, err)
	}
	judge("the whole", file, passphrase, nil)
	judge("another passphrase", file, passphrase+"!", ErrPassphrase)
	judge("nothing", nil, passphrase, ErrNoBackup)
	judge("something else", []byte("PGDMP is another program's"), passphrase, ErrNoBackup)
	judge("goes on", append(bytes.Clone(file), 0), passphrase, ErrDamaged)
	judge("twice", append(bytes.Clone(file), file...), passphrase, ErrDamaged)
	step := max(1, len(file)/300)
	for at := 0; at < len(file); at++ {
		if at > 400 && at < len(file)-100 && at%step != 0 {
			continue
		}
		changed := bytes.Clone(file)
		changed[at] ^= 1
		judge(fmt.Sprintf("byte %d of %d changed", at, len(file)), changed, passphrase, ErrDamaged, ErrNoBackup, ErrPassphrase)
		judge(fmt.Sprintf("cut off at %d of %d", at, len(file)), file[:at], passphrase, ErrDamaged, ErrNoBackup)
	}
	to, _ := into(t, migrations.Newest())
	if _, err := Restore(t.Context(), to, bytes.NewReader(file[:len(file)-1]), passphrase, keep); !errors.Is(err, ErrDamaged) {
		t.Errorf("a restore of what is cut off: %v", err)
	}
	if got := content(t, to, table{Name: "users"}); got != "0 " {
		t.Errorf("it wrote %s", got)
	}
}

// Nothing of a file is SQL: names that the database does not have are refused.
func TestRow27ARestoreRunsNoSQLOfTheFile(t *testing.T) {
	t.Parallel()
	to, _ := into(t, migrations.Newest())
	have, err := applied(t.Context(), to)
	if err != nil {
		t.Fatal(err)
	}
	for _, evil := range []table{
		{Name: `users" (id) from program 'touch /tmp/x'; --`, Columns: []string{"id"}},
		{Name: "users", Columns: []string{`id) from program 'touch /tmp/x'; --`}},
		{Name: "pg_authid", Columns: []string{"rolname"}},
	} {
		var file bytes.Buffer
		out := frameWriter{&file}
		err := errors.Join(out.putJSON(kindHeader, Header{Format: format, Applied: have}), out.put(kindKey, nil), out.putJSON(kindTable, evil),
			out.putJSON(kindTableEnd, tableEnd{}), out.putJSON(kindSequences, []sequence{}), out.putJSON(kindEnd, end{Tables: 1}))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := load(t.Context(), to, frameReader{&file}, false, keep); !errors.Is(err, ErrDamaged) {
			t.Errorf("%+v: %v", evil, err)
		}
	}
}

// A backup of an older database is restored with its migrations, and what came since
// is applied afterwards.
func TestABackupOfAnOlderDatabase(t *testing.T) {
	t.Parallel()
	const old = 43
	from, _ := into(t, old)
	exec(t, from, `insert into users (username, username_key, source) values ('ada', 'ada', 'manual')`)
	var file bytes.Buffer
	if _, err := Write(t.Context(), from, &file, Options{Passphrase: passphrase, cheap: true}); err != nil {
		t.Fatal(err)
	}
	s, err := Verify(bytes.NewReader(file.Bytes()), passphrase)
	if err != nil || s.Schema != old {
		t.Fatalf("%+v, %v", s, err)
	}
	to, st := into(t, s.Schema)
	if err := Check(t.Context(), to, s.Header); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), to, &file, passphrase, keep); err != nil {
		t.Fatal(err)
	}
	applied, err := st.Migrate(t.Context())
	if err != nil || len(applied) == 0 {
		t.Errorf("applied %v, %v", applied, err)
	}
	if got := content(t, to, table{Name: "users"}); !strings.HasPrefix(got, "1 ") {
		t.Errorf("users: %s", got)
	}
}

// The whole of a database goes over into another, what lets people in too.
func TestCopy(t *testing.T) {
	t.Parallel()
	from := filled(t)
	to, _ := into(t, migrations.Newest())
	if _, err := Copy(t.Context(), from, to); err != nil {
		t.Fatal(err)
	}
	all, err := tablesOf(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range all {
		if was, is := content(t, from, of), content(t, to, of); was != is && !own[of.Name] {
			t.Errorf("%s: %s, and was %s", of.Name, is, was)
		}
	}
}

// A file has its name when it is whole; nobody else may read it; what fails leaves
// nothing, and what was there before.
func TestRow27AFileIsWholeOrNotThere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "postern.backup")
	names := func() string {
		found, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, f := range found {
			all = append(all, f.Name())
		}
		return strings.Join(all, " ")
	}
	full := func(f *os.File) error {
		_, _ = io.WriteString(f, "half of it")
		return &os.PathError{Op: "write", Path: f.Name(), Err: syscall.ENOSPC}
	}
	if err := ToFile(path, full); err == nil || !strings.Contains(err.Error(), "is full, so there is no backup, and nothing was left there") || names() != "" {
		t.Errorf("on a full disk: %v, left is %q", err, names())
	}
	for range 2 {
		if err := ToFile(path, func(f *os.File) error { _, err := f.WriteString("whole"); return err }); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := ToFile(path, full); err == nil || names() != "postern.backup" {
		t.Errorf("over an older one: %v, left is %q", err, names())
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "whole" {
		t.Errorf("the older one is %q, %v", text, err)
	}
}
