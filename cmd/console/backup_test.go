package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/store/storetest"
)

const backupPassphrase = "correct horse battery staple\n"

// restored says how many administrators a database has, in one line of "admin list".
func restored(t *testing.T, args ...string) string {
	t.Helper()
	code, out, errs := command(t, append([]string{"admin", "list"}, args...)...)
	if code != 0 {
		t.Fatalf("admin list: exit %d, %s", code, errs)
	}
	return out
}

func backedUp(t *testing.T, file string, args ...string) {
	t.Helper()
	code, out, errs := commandIn(t, backupPassphrase, append([]string{"backup", file}, args...)...)
	if code != 0 || !strings.Contains(out, "with the secret key") {
		t.Fatalf("backup: exit %d, %s%s", code, out, errs)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

// From a private PostgreSQL beside a running serve to a given one, and back into a
// private one in another folder: the key comes along, and serve starts with it.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	private := privateFolder(t)
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first.backup"), filepath.Join(dir, "second.backup")
	_, stop := startServe(t, "--data-dir", private)
	if code, _, errs := commandIn(t, "", "admin", "add", "ada@example.com", "--data-dir", private); code != 0 {
		t.Fatal(errs)
	}
	backedUp(t, first, "--data-dir", private)
	was := restored(t, "--data-dir", private)
	code, out, errs := commandIn(t, backupPassphrase, "restore", first, "--data-dir", private)
	wantFailure(t, code, out, errs, "in use by another Postern")
	stop()
	code, out, errs = commandIn(t, backupPassphrase, "restore", first, "--data-dir", private)
	wantFailure(t, code, out, errs, "the database is not empty", "Nothing was written")

	given, key := emptyDatabase(t), filepath.Join(dir, "given", "secret.key")
	flags := []string{"--database-url", given, "--secret-key-file", key}
	code, out, errs = commandIn(t, "another\n", append([]string{"restore", first}, flags...)...)
	wantFailure(t, code, out, errs, "the passphrase is wrong", "Nothing was written")
	if tables := countTables(t, given); tables != 0 {
		t.Errorf("after a wrong passphrase there are %d tables", tables)
	}
	code, out, errs = commandIn(t, backupPassphrase, append([]string{"restore", first}, flags...)...)
	if code != 0 || !strings.Contains(out, "The secret key is in "+key) || !strings.Contains(out, "every session") {
		t.Fatalf("restore: exit %d, %s%s", code, out, errs)
	}
	if is := restored(t, flags[:2]...); is != was || !strings.Contains(is, "ada@example.com") {
		t.Errorf("administrators: %s, and were %s", is, was)
	}
	before, err1 := os.ReadFile(filepath.Join(private, "secret.key"))
	after, err2 := os.ReadFile(key)
	if err1 != nil || err2 != nil || string(before) != string(after) {
		t.Errorf("the key is another one: %v, %v", err1, err2)
	}
	backedUp(t, second, flags...)

	again := filepath.Join(filepath.Dir(private), "again")
	code, out, errs = commandIn(t, backupPassphrase, "restore", second, "--data-dir", again)
	if code != 0 {
		t.Fatalf("restore into a private one: exit %d, %s%s", code, out, errs)
	}
	if is := restored(t, "--data-dir", again); is != was {
		t.Errorf("administrators: %s, and were %s", is, was)
	}
	_, stop = startServe(t, "--data-dir", again)
	if code := stop(); code != 0 {
		t.Errorf("serve on what was restored: exit %d", code)
	}
}

func countTables(t *testing.T, url string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	if err := conn.QueryRow(t.Context(), "select count(*) from pg_tables where schemaname = 'public'").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestBackupSaysWhatIsInTheWay(t *testing.T) {
	t.Parallel()
	db, dir := storetest.Database(t), t.TempDir()
	key, file := filepath.Join(dir, "secret.key"), filepath.Join(dir, "postern.backup")
	_, stop := startServe(t, "--database-url", db, "--secret-key-file", key)
	stop()
	flags := []string{"--database-url", db, "--secret-key-file", key}
	code, out, errs := commandIn(t, "", append([]string{"backup", file}, flags...)...)
	wantFailure(t, code, out, errs, "a backup has a passphrase")
	code, out, errs = commandIn(t, backupPassphrase, "backup", file, "--database-url", db, "--secret-key-file", key+".lost")
	wantFailure(t, code, out, errs, "a backup has the secret key in it", "is not there", "console secret replace")
	code, out, errs = commandIn(t, backupPassphrase, append([]string{"backup", filepath.Join(dir, "nothing", "x")}, flags...)...)
	wantFailure(t, code, out, errs, "no such file or directory")
	backedUp(t, file, flags...)

	secret := filepath.Join(dir, "passphrase")
	if err := os.WriteFile(secret, []byte(backupPassphrase), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, verify := range []string{"backup", "restore"} {
		code, out, errs = commandIn(t, "", verify, "--verify", file, "--passphrase-file", secret)
		if code != 0 || !strings.Contains(out, "is whole") {
			t.Errorf("%s --verify: exit %d, %s%s", verify, code, out, errs)
		}
	}
	for _, want := range []string{"The secret key is in " + key + ".lost", "was there already"} {
		code, out, errs = commandIn(t, backupPassphrase, "restore", "--key-only", file, "--secret-key-file", key+".lost")
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("restore --key-only: exit %d, %s%s", code, out, errs)
		}
	}
	if code, states, out := doctor(t, "--database-url", db, "--secret-key-file", key+".lost"); states["secret key"] != stateOK {
		t.Errorf("with the key of the backup: exit %d, %s", code, out)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, whole[:len(whole)-1], 0o600); err != nil {
		t.Fatal(err)
	}
	empty := emptyDatabase(t)
	code, out, errs = commandIn(t, backupPassphrase, "restore", file, "--database-url", empty, "--secret-key-file", key+".new")
	wantFailure(t, code, out, errs, "the file was changed, or its end is missing", "Nothing was written")
	if n := countTables(t, empty); n != 0 {
		t.Errorf("there are %d tables", n)
	}
	if _, err := os.Stat(key + ".new"); !os.IsNotExist(err) {
		t.Errorf("a key was written: %v", err)
	}
	if err := os.Chmod(secret, 0o644); err != nil {
		t.Fatal(err)
	}
	code, out, errs = commandIn(t, "", "restore", "--verify", file, "--passphrase-file", secret)
	wantFailure(t, code, out, errs, "everybody on this machine may use")
}
