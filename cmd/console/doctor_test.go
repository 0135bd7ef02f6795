package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/seal"
	"github.com/postern-sso/postern/internal/store/storetest"
)

var doctorLine = regexp.MustCompile(`^(ok  |warn|FAIL)  ([^:]+): \S`)

// doctor runs the command and returns the state of every check by its name.
func doctor(t *testing.T, args ...string) (code int, states map[string]string, out string) {
	t.Helper()
	code, out, errs := command(t, append([]string{"doctor"}, args...)...)
	if errs != "" {
		t.Errorf("doctor writes on standard error: %q", errs)
	}
	states = map[string]string{}
	for line := range strings.Lines(out) {
		m := doctorLine.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("doctor prints %q, want one line a check", line)
		}
		states[m[2]] = strings.TrimSpace(m[1])
	}
	return code, states, out
}

func wantStates(t *testing.T, got map[string]string, want string) {
	t.Helper()
	var list []string
	for name, state := range got {
		list = append(list, name+" "+state)
	}
	slices.Sort(list)
	if text := strings.Join(list, ", "); text != want {
		t.Errorf("doctor finds\n%s, want\n%s", text, want)
	}
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	key := filepath.Join(t.TempDir(), "secret.key")
	if _, err := seal.LoadOrCreate(key); err != nil {
		t.Fatal(err)
	}
	db := storetest.Database(t)
	args := []string{"--migrate-database-url", db, "--secret-key-file", key, "--public-url", "https://sso.example.com", "--database-url"}
	behind := append([]string{"--trusted-proxies", "10.0.0.0/8"}, args...)
	code, states, out := doctor(t, append(behind, storetest.RunURL(db))...)
	if code != 0 {
		t.Errorf("exit %d:\n%s", code, out)
	}
	wantStates(t, states, "clock ok, connections warn, database ok, database role ok, migrations ok, public URL ok, secret key ok")
	_, states, _ = doctor(t, append(args, db)...)
	if states["database role"] != stateWarn || states["public URL"] != stateWarn {
		t.Errorf("with the role that owns the tables, behind a proxy that is not known: %v", states)
	}
}

// Before the first start there is no key yet, and that is as it should be; later it
// is missed. Looking makes none.
func TestDoctorWithoutKey(t *testing.T) {
	t.Parallel()
	key, db := filepath.Join(t.TempDir(), "secret.key"), storetest.Database(t)
	args := []string{"--database-url", db, "--secret-key-file", key, "--public-url"}
	code, states, out := doctor(t, append(args, "https://sso.example.com")...)
	if code != 0 || states["secret key"] != stateOK || !strings.Contains(out, key+" is made when") {
		t.Errorf("before the first start: exit %d:\n%s", code, out)
	}
	_, stop := startServe(t, "--database-url", db, "--secret-key-file", key)
	stop()
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	code, states, out = doctor(t, append(args, "https://sso.example.com/sso")...)
	if code != 1 || !strings.Contains(out, "is not there ("+key) || !strings.Contains(out, "console secret replace") {
		t.Errorf("exit %d:\n%s", code, out)
	}
	wantStates(t, states, "clock ok, connections warn, database ok, database role warn, migrations ok, public URL FAIL, secret key FAIL")
	if _, err := os.Stat(key); !os.IsNotExist(err) {
		t.Errorf("doctor made the key file (%v); it only looks", err)
	}
}

func TestDoctorPendingMigrations(t *testing.T) {
	t.Parallel()
	db := emptyDatabase(t)
	for range 2 { // looking applies nothing
		code, states, out := doctor(t, "--database-url", db)
		if code != 1 || !strings.Contains(out, "run “console migrate”") {
			t.Errorf("exit %d:\n%s", code, out)
		}
		wantStates(t, states, "database ok, migrations FAIL")
	}
}

func TestDoctorWithoutDatabase(t *testing.T) {
	t.Parallel()
	const password = "hunter2secret"
	for name, address := range map[string]string{
		"nobody listens": "postgres://postern:" + password + "@127.0.0.1:1/postern",
		"broken":         "postgres://postern:" + password + "@127.0.0.1:port/postern",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, states, out := doctor(t, "--database-url", address)
			if code != 1 {
				t.Errorf("exit %d:\n%s", code, out)
			}
			wantStates(t, states, "database FAIL")
			if strings.Contains(out, password) {
				t.Errorf("doctor shows the password:\n%s", out)
			}
		})
	}
}
