package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/postern-sso/postern/internal/store/storetest"
)

// A command in the wrong folder would make an empty database and answer from it.
func TestOnlyServeMakesADataFolder(t *testing.T) {
	t.Parallel()
	doc := filepath.Join(t.TempDir(), "postern.yaml")
	if err := os.WriteFile(doc, []byte("version: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"migrate"}, {"admin", "list"}, {"admin", "add", "ann@example.com"}, {"admin", "reset", "ann@example.com"}, {"logins"}, {"logins", "--json"},
		{"config", "export"}, {"config", "plan", doc}, {"config", "apply", doc}, {"secret", "rotate"}, {"secret", "forget"}, {"secret", "replace"}, {"doctor"},
	} {
		for name, dir := range map[string]string{"not there": filepath.Join(t.TempDir(), "data"), "with other things": t.TempDir()} {
			code, out, errs := command(t, append(args, "--data-dir", dir)...)
			said := errs
			if args[0] == "doctor" {
				said, out = out, ""
			}
			if code != 1 || out != "" || !strings.Contains(said, dir) || !strings.Contains(said, "--data-dir") || !strings.Contains(said, "--database-url") {
				t.Errorf("%v, %s: exit %d, printed %q, said %q", args, name, code, out, said)
			}
			if left, err := os.ReadDir(dir); len(left) > 0 || (err == nil) != (name == "with other things") {
				t.Errorf("%v made something in a folder %s: %v, %v", args, name, left, err)
			}
		}
	}
}

// Where nothing is named, the folder that was looked in is named whole.
func TestFolderIsNamedWhole(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	code, out, errs := command(t, "admin", "list")
	wantFailure(t, code, out, errs, filepath.Join(here, "data"))
}

// Pages that tell people to run a command name the folder, in which it finds this
// Postern.
func TestPagesNameTheFolder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ dir, database, want string }{
		{"/var/lib/postern", "", "--data-dir /var/lib/postern"}, {"/srv/my data/it's", "", `--data-dir '/srv/my data/it'\''s'`},
		{"/var/lib/postern", "postgres://postern:secret@db/postern", "--database-url URL"},
	} {
		if got := (databaseFlags{DataDir: c.dir, DatabaseURL: c.database}).commandFlags(); got != c.want {
			t.Errorf("%q, %q: %q, want %q", c.dir, c.database, got, c.want)
		}
	}
	address := freeAddress(t)
	startServe(t, "--listen", address, "--database-url", storetest.Database(t), "--secret-key-file", filepath.Join(t.TempDir(), "secret.key"))
	_, page := fetch(t, "http://"+address+"/signin")
	if !strings.Contains(page, "<code>console admin reset EMAIL --database-url URL</code>") {
		t.Errorf("the sign-in page does not say where:\n%s", page)
	}
}

// A private PostgreSQL that has ended is not a second Postern, and who stops the
// first because of the message would help nobody.
func TestDoctorWithADeadPrivateDatabase(t *testing.T) {
	t.Parallel()
	dir := privateFolder(t)
	startServe(t, "--data-dir", dir)
	text, err := os.ReadFile(filepath.Join(dir, "postgres", "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	control := filepath.Join(dir, "postgres", "data", "global", "pg_control")
	if err := os.Rename(control, control+".away"); err != nil { // so that it stays dead
		t.Fatal(err)
	}
	number, _, _ := strings.Cut(string(text), "\n")
	killServer(t, number)
	code, states, out := doctor(t, "--data-dir", dir)
	if code != 1 || states["database"] != stateFail || !strings.Contains(out, "its private PostgreSQL does not answer") ||
		!strings.Contains(out, "server.log") || strings.Contains(out, "Stop that one") {
		t.Errorf("exit %d:\n%s", code, out)
	}
	code, out, errs := command(t, "admin", "list", "--data-dir", dir)
	wantFailure(t, code, out, errs, "its private PostgreSQL does not answer")
}

// killServer ends a server as the machine does when there is no memory left, and
// waits until it has.
func killServer(t *testing.T, number string) {
	t.Helper()
	var pid int
	for _, digit := range strings.TrimSpace(number) {
		pid = pid*10 + int(digit-'0')
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for state := "R"; state != "" && state != "Z"; {
		stat, err := os.ReadFile("/proc/" + number + "/stat")
		if err != nil {
			return
		}
		_, after, _ := strings.Cut(string(stat), ") ")
		state, _, _ = strings.Cut(after, " ")
	}
}
