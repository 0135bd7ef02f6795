package main

import (
	"bytes"
	"encoding/json"
	"net"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// The commands about sources, with a server that nobody answers at: what they print, and
// their exit codes.
func TestSourceCommands(t *testing.T) {
	t.Parallel()
	url, key := storetest.Database(t), t.TempDir()+"/secret.key"
	st, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	nobody, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // only its port
	if err != nil {
		t.Fatal(err)
	}
	src := model.NewSource(model.SourceLDAP)
	src.Slug, src.Name, src.Status = "corp", "Corporate directory", model.SourceLive
	src.LDAP.URLs, src.LDAP.AllowPlain = []string{"ldap://" + nobody.Addr().String()}, true
	src.LDAP.Base, src.LDAP.BindDN = "DC=example,DC=com", "CN=postern,DC=example,DC=com"
	if err := nobody.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := st.CreateSource(t.Context(), storetest.Actor, src); err != nil {
		t.Fatal(err)
	}
	with := func(args ...string) []string {
		return append(append([]string{"source"}, args...), "--database-url", url, "--secret-key-file", key)
	}

	if code, out, errs := commandWith(t, "one\ntwo\n", with("secret", "corp")...); code != 1 || !strings.Contains(errs, "one line") {
		t.Errorf("two lines as a password: exit %d, %s%s", code, out, errs)
	}
	if code, out, errs := commandWith(t, "pass word\n", with("secret", "corp")...); code != 0 || !strings.Contains(out, "Kept, sealed") {
		t.Errorf("secret: exit %d, %s%s", code, out, errs)
	}
	if sealed, err := st.SourceSecret(t.Context(), "corp"); err != nil || len(sealed) == 0 || strings.Contains(string(sealed), "pass word") {
		t.Errorf("kept is %q, %v", sealed, err)
	}
	if code, out, errs := command(t, with("test", "corp")...); code != 1 || !strings.Contains(out, "failed") || !strings.Contains(errs, "the test failed") {
		t.Errorf("test: exit %d, %s%s", code, out, errs)
	}
	code, out, errs := command(t, with("sync", "corp", "--json")...)
	var run struct {
		Run             int64
		Outcome, Reason string
		Counts          map[string]int
	}
	err = json.Unmarshal([]byte(out), &run)
	if err != nil || code != 1 || run.Outcome != "failed" || run.Reason == "" || run.Reason == "internal" || run.Run == 0 {
		t.Fatalf("sync: exit %d, %v: %s%s", code, err, out, errs)
	}
	for _, count := range []string{"read_users", "read_groups", "created", "updated", "renamed", "deactivated", "reactivated", "memberships_added",
		"memberships_removed", "conflicts"} {
		if _, ok := run.Counts[count]; !ok {
			t.Errorf("sync --json lacks %s: %s", count, out)
		}
	}
	if code, _, errs := command(t, with("approve", "corp", "1")...); code != 1 || !strings.Contains(errs, "does not wait") {
		t.Errorf("approve: exit %d, %s", code, errs)
	}
	if code, _, errs := command(t, with("sync", "other")...); code != 1 || !strings.Contains(errs, `no source has the slug "other"`) {
		t.Errorf("sync of no source: exit %d, %s", code, errs)
	}
	if code, out, errs := command(t, "source", "list", "--database-url", url); code != 0 || !strings.Contains(out, "corp") || !strings.Contains(out, "failed") {
		t.Errorf("list: exit %d, %s%s", code, out, errs)
	}
}

// commandWith is command with something on standard input.
func commandWith(t *testing.T, in string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, streams{strings.NewReader(in), &out, &errs})
	return code, out.String(), errs.String()
}
