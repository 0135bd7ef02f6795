package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// The tests in this file carry out command lines as a shell does and judge the
// exit code and what is printed: scripts depend on both.

// commandIn is command with something on standard input.
func commandIn(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, streams{strings.NewReader(stdin), &out, &errs})
	return code, out.String(), errs.String()
}

// wantFailure judges a command that failed: exit 1, the reasons on standard
// error, nothing on standard output.
func wantFailure(t *testing.T, code int, stdout, stderr string, reasons ...string) {
	t.Helper()
	if code != 1 || stdout != "" {
		t.Errorf("exit %d, printed %q; want exit 1 and nothing printed", code, stdout)
	}
	for _, reason := range reasons {
		if !strings.Contains(stderr, reason) {
			t.Errorf("standard error does not say %q:\n%s", reason, stderr)
		}
	}
}

// emptyDatabase gives the URL of a database without a single table.
func emptyDatabase(t *testing.T) string {
	t.Helper()
	beside := storetest.Database(t)
	conn, err := pgx.Connect(t.Context(), beside)
	if err != nil {
		t.Fatal(err)
	}
	name := "empty_" + strings.ToLower(rand.Text()[:12])
	if _, err := conn.Exec(t.Context(), "create database "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context()) // it has ended by now
		defer func() { _ = conn.Close(ctx) }()    // nothing is pending on it
		if _, err := conn.Exec(ctx, "drop database "+name+" with (force)"); err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(beside)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

func TestVersion(t *testing.T) {
	t.Parallel()
	code, out, errs := command(t, "version")
	want := regexp.MustCompile(`^postern \S+\ncommit \S+( \(modified\))?\ngo1\.\S+ [a-z0-9]+/[a-z0-9]+\n$`)
	if code != 0 || !want.MatchString(out) || errs != "" {
		t.Errorf("exit %d, printed %q, %q; want version, commit and Go version", code, out, errs)
	}
}

func TestUnknownCommandLine(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"nothing":          {},
		"command":          {"sevre"},
		"flag":             {"version", "--loud"},
		"missing argument": {"admin", "add"},
		"value of a flag":  {"serve", "--log-format", "xml"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, errs := command(t, args...)
			wantFailure(t, code, out, errs, "console: ", "Run “console --help”")
		})
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args string
		want []string
	}{
		{"--help", []string{"serve", "demo", "migrate", "admin add", "config plan", "logins", "inspect", "doctor", "version"}},
		{"serve --help", []string{"--listen", "--public-url", "--database-url", "POSTERN_DATABASE_URL", "--secret-key-file", "--no-migrate"}},
		{"admin add --help", []string{"<email>", "--role", "standard input"}},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel()
			code, out, errs := command(t, strings.Fields(c.args)...)
			if code != 0 || errs != "" {
				t.Errorf("exit %d, standard error %q", code, errs)
			}
			for _, want := range c.want {
				if !strings.Contains(out, want) {
					t.Errorf("help does not mention %q:\n%s", want, out)
				}
			}
		})
	}
}

func TestAdminAdd(t *testing.T) {
	t.Parallel()
	db := storetest.Database(t)
	const password = "seven green boats"
	code, out, errs := commandIn(t, password+"\nnot read\n", "admin", "add", "Ann@Example.com", "--database-url", db)
	if code != 0 || out != "Added Ann@Example.com as owner.\n" {
		t.Fatalf("exit %d, printed %q, %q", code, out, errs)
	}
	code, out, errs = commandIn(t, password+"\n", "admin", "add", "ann@example.com", "--database-url", db)
	wantFailure(t, code, out, errs, "ann@example.com is an administrator already", "console admin reset ann@example.com")

	code, out, errs = command(t, "admin", "list", "--database-url", db)
	if code != 0 || out != "Ann@Example.com\towner\tnever signed in\n" {
		t.Errorf("admin list: exit %d, printed %q, %q", code, out, errs)
	}
}

var generated = regexp.MustCompile(`(?m)^Password \(shown only now\): (\S{26,})$`)

func TestAdminGeneratedPassword(t *testing.T) {
	t.Parallel()
	db := storetest.Database(t)
	var passwords []string
	for _, args := range [][]string{
		{"admin", "add", "ann@example.com", "--role", "viewer"},
		{"admin", "reset", "ann@example.com"},
	} {
		code, out, errs := command(t, append(args, "--database-url", db)...)
		m := generated.FindAllStringSubmatch(out, -1)
		if code != 0 || len(m) != 1 {
			t.Fatalf("%s: exit %d, printed %q, %q; want one password", args, code, out, errs)
		}
		passwords = append(passwords, m[0][1])
	}
	if passwords[0] == passwords[1] {
		t.Errorf("both passwords are %s", passwords[0])
	}
	_, out, _ := command(t, "admin", "list", "--database-url", db)
	if !strings.HasPrefix(out, "ann@example.com\tviewer\t") {
		t.Errorf("admin list prints %q", out)
	}
	for _, password := range passwords {
		if strings.Contains(out, password) {
			t.Error("the password is shown again")
		}
	}
}

func TestAdminAddRefused(t *testing.T) {
	t.Parallel()
	db := storetest.Database(t)
	for name, c := range map[string]struct{ email, password, reason string }{ //nolint:paralleltest // what follows looks at what they all left
		"bad email":      {"ann", "seven green boats\n", `"ann" `},
		"short password": {"ann@example.com", "boats\n", "shorter than"},
		"email itself":   {"ann@example.com", "ann@example.com\n", "is the email address"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errs := commandIn(t, c.password, "admin", "add", c.email, "--database-url", db)
			wantFailure(t, code, out, errs, c.reason)
		})
	}
	code, out, errs := command(t, "admin", "list", "--database-url", db)
	if code != 0 || !strings.Contains(out, "No administrators yet. “console admin add EMAIL”") {
		t.Errorf("admin list: exit %d, printed %q, %q", code, out, errs)
	}
}

func TestAdminReset(t *testing.T) {
	t.Parallel()
	db := storetest.Database(t)
	code, out, errs := command(t, "admin", "reset", "ann@example.com", "--database-url", db)
	wantFailure(t, code, out, errs, "ann@example.com is not an administrator", "console admin list")

	if code, _, errs := commandIn(t, "seven green boats\n", "admin", "add", "ann@example.com", "--database-url", db); code != 0 {
		t.Fatalf("admin add: exit %d, %q", code, errs)
	}
	code, out, errs = commandIn(t, "boats\n", "admin", "reset", "ann@example.com", "--database-url", db)
	wantFailure(t, code, out, errs, "shorter than")
	code, out, errs = commandIn(t, "eight brown boats\n", "admin", "reset", "ANN@example.com", "--database-url", db)
	if code != 0 || out != "New password set for ann@example.com; every session has ended.\n" {
		t.Errorf("admin reset: exit %d, printed %q, %q", code, out, errs)
	}
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	db := emptyDatabase(t)
	code, out, errs := command(t, "migrate", "--database-url", db)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	for _, line := range lines {
		if !strings.HasPrefix(line, "applied ") {
			t.Errorf("exit %d, printed the line %q, %q", code, line, errs)
		}
	}
	if code != 0 {
		t.Errorf("exit %d, %q", code, errs)
	}
	if code, out, errs := command(t, "migrate", "--database-url", db); code != 0 || out != "nothing to apply\n" {
		t.Errorf("a second time: exit %d, printed %q, %q", code, out, errs)
	}
}

func TestLoginsOfAnEmptyDatabase(t *testing.T) {
	t.Parallel()
	db := storetest.Database(t)
	if code, out, errs := command(t, "logins", "--json", "--database-url", db); code != 0 || out != "[]\n" {
		t.Errorf("--json: exit %d, printed %q, %q", code, out, errs)
	}
	if code, out, errs := command(t, "logins", "--database-url", db); code != 0 || out != "" {
		t.Errorf("exit %d, printed %q, %q", code, out, errs)
	}
	code, out, errs := command(t, "logins", "--id", "L-nobody", "--json", "--database-url", db)
	wantFailure(t, code, out, errs, `no login has the reference "L-nobody"`)
	code, out, errs = command(t, "logins", "--last", "0", "--database-url", db)
	wantFailure(t, code, out, errs, "--last wants a number of at least 1")
}

const houseDocument = `version: 1
connections:
  - {slug: aws, name: AWS, status: draft}
groups:
  - {name: operations}
  - {name: staff, description: Everybody here}
rules:
  - {name: all, connection: aws, when: {always: true}, groups: [staff]}
users:
  - {username: bob, email: bob@example.com, display_name: Bob, active: true, groups: [operations]}
`

// wantPlan judges "config plan": exit 2 and one line a change, or exit 0.
func wantPlan(t *testing.T, db, file string, changes int) {
	t.Helper()
	code, out, errs := command(t, "config", "plan", file, "--database-url", db)
	if changes == 0 {
		if code != 0 || out != "no changes\n" {
			t.Fatalf("config plan: exit %d, printed %q, %q; want no changes", code, out, errs)
		}
		return
	}
	if code != 2 || strings.Count(out, "\n") != changes || errs != "" {
		t.Fatalf("config plan: exit %d, printed\n%s%s\nwant exit 2 and %d lines", code, out, errs, changes)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	s := &site{dir: t.TempDir(), databaseURL: storetest.Database(t)}
	first := s.write(t, "first.yaml", []byte(houseDocument))
	if code, out, errs := command(t, "config", "apply", first, "--database-url", s.databaseURL); code != 0 {
		t.Fatalf("config apply: exit %d\n%s%s", code, out, errs)
	}
	code, exported, errs := command(t, "config", "export", "--database-url", s.databaseURL)
	if code != 0 {
		t.Fatalf("config export: exit %d, %q", code, errs)
	}
	file := s.write(t, "exported.yaml", []byte(exported))
	wantPlan(t, s.databaseURL, file, 0)

	changed := strings.NewReplacer("Everybody here", "Whoever works here", "bob@example.com", "bob@example.org").Replace(exported)
	s.write(t, "exported.yaml", []byte(changed))
	wantPlan(t, s.databaseURL, file, 2)
	wantPlan(t, s.databaseURL, file, 2) // the first has changed nothing
	code, out, errs := command(t, "config", "apply", file, "--database-url", s.databaseURL)
	if code != 0 || strings.Count(out, "\n") != 2 {
		t.Errorf("config apply: exit %d, printed\n%s%s", code, out, errs)
	}
	wantPlan(t, s.databaseURL, file, 0)
	if _, again, _ := command(t, "config", "export", "--database-url", s.databaseURL); again != changed {
		t.Errorf("exported\n%s\nwant\n%s", again, changed)
	}
}

func TestConfigBadDocument(t *testing.T) {
	t.Parallel()
	s := &site{dir: t.TempDir(), databaseURL: storetest.Database(t)}
	_, before, _ := command(t, "config", "export", "--database-url", s.databaseURL)
	file := s.write(t, "bad.yaml", []byte(`version: 1
color: red
groups:
  - {name: staff}
  - {nome: operations}
users:
  - {username: bob, email: bob, groups: [nowhere]}
`))
	for _, verb := range []string{"plan", "apply"} {
		code, out, errs := command(t, "config", verb, file, "--database-url", s.databaseURL)
		wantFailure(t, code, out, errs, file+":2: ", file+":5: ", file+":7: ", "nothing was changed")
		lines := strings.Split(strings.TrimSpace(errs), "\n")
		for _, line := range lines[:len(lines)-1] {
			if !regexp.MustCompile(`^` + regexp.QuoteMeta(file) + `:[257]: \S`).MatchString(line) {
				t.Errorf("config %s prints %q, want FILE:LINE: and the problem", verb, line)
			}
		}
	}
	if _, after, _ := command(t, "config", "export", "--database-url", s.databaseURL); after != before {
		t.Errorf("the bad document left\n%s\nwhere there was\n%s", after, before)
	}
	code, out, errs := command(t, "config", "apply", filepath.Join(s.dir, "none.yaml"), "--database-url", s.databaseURL)
	wantFailure(t, code, out, errs, "read the document", "none.yaml")
}

// The shell judges an administrator's email as the form does, before it looks for a database.
func TestAdminAddHasTheJudgeOfTheForm(t *testing.T) {
	t.Parallel()
	for _, email := range []string{"ana", "a b@example.com", "a\u202eb@example.com", "a\u200bb@example.com", "\uff4bb@example.com",
		strings.Repeat("x", 250) + "@example.com"} {
		want := model.CheckEmail(model.Canonical(email))
		err := (&adminAddCmd{Email: email}).Run(t.Context(), streams{})
		if want == nil || err == nil || !strings.Contains(err.Error(), want.Error()) {
			t.Errorf("%.30q: %v, its judge %v", email, err, want)
		}
	}
}
