package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/seal"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// A key that was lost takes what it sealed with it, and nothing else: what that is
// is said first, and nothing is changed until somebody says so.
func TestSecretReplace(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db, key := storetest.Database(t), filepath.Join(t.TempDir(), "secret.key")
	args := []string{"--database-url", db, "--secret-key-file", key}
	replace := func(more ...string) (int, string, string) {
		t.Helper()
		return command(t, append(append([]string{"secret", "replace"}, args...), more...)...)
	}
	st, err := store.Open(ctx, db)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	code, out, errs := replace()
	wantFailure(t, code, out, errs, "nothing was sealed yet")

	storetest.LiveConnection(t, st, "aws", nil)
	_, stop := startServe(t, args...)
	seedSealed(t, st, key)
	old, err := seal.Load(key)
	if err != nil {
		t.Fatal(err)
	}
	xml, err := old.Seal([]byte("<Response/>"), model.SealedXML("login1"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.Pool().Exec(ctx, "insert into logins (id, connection, outcome, xml_sealed) values ('login1', 'aws', 'refused', $1)", xml); err != nil {
		t.Fatal(err)
	}
	code, out, errs = replace()
	wantFailure(t, code, out, errs, "nothing is lost", "console secret rotate")
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	code, out, errs = replace("--give-up")
	wantFailure(t, code, out, errs, "a Postern runs on this database")
	stop()
	long := "update heartbeat set at = at - interval '1 minute'"
	if _, err := st.Pool().Exec(ctx, long); err != nil {
		t.Fatal(err)
	}

	before := sealedValues(t, st)
	code, out, errs = replace()
	for _, want := range []string{"1 message of a login: the traces stay", "1 link to follow a login", "1 password of the mail server", "Nothing was changed",
		"1 address of the webhook", "--give-up"} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit %d, it does not say %q:\n%s%s", code, want, out, errs)
		}
	}
	for name, value := range sealedValues(t, st) {
		if !bytes.Equal(value, before[name]) {
			t.Errorf("asking changed %s", name)
		}
	}
	if _, err := os.Stat(key); !os.IsNotExist(err) {
		t.Errorf("asking made a key (%v)", err)
	}

	if code, out, errs = replace("--give-up"); code != 0 || !strings.Contains(out, "seals from now on") {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	for name, value := range sealedValues(t, st) {
		if value != nil {
			t.Errorf("%s is still there, and nobody can read it", name)
		}
	}
	if l, err := st.Login(ctx, "login1"); err != nil || l.Outcome != model.OutcomeRefused {
		t.Errorf("the trace: %+v, %v", l, err)
	}
	entries, _, err := st.Audit(ctx, store.AuditQuery{Action: "settings.key_replaced"})
	if err != nil || len(entries) != 1 || !strings.Contains(entries[0].Note, "1 × message of a login") {
		t.Errorf("the audit: %+v, %v", entries, err)
	}
	_, stop = startServe(t, args...)
	if code := stop(); code != 0 {
		t.Errorf("serve with the new key: exit %d", code)
	}
}

// What a key in the file opens is not given up, whichever key seals.
func TestSecretReplaceKeepsWhatOpens(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db, dir := storetest.Database(t), t.TempDir()
	st, err := store.Open(ctx, db)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	lost, err := seal.LoadOrCreate(filepath.Join(dir, "lost.key"))
	if err != nil {
		t.Fatal(err)
	}
	here, err := seal.LoadOrCreate(filepath.Join(dir, "here.key"))
	if err != nil {
		t.Fatal(err)
	}
	for id, s := range map[string]*seal.Sealer{"gone": lost, "kept": here} {
		value, err := s.Seal([]byte("<Response/>"), model.SealedXML(id))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := st.Pool().Exec(ctx, "insert into logins (id, connection, outcome, xml_sealed) values ($1, 'aws', 'refused', $2)", id, value); err != nil {
			t.Fatal(err)
		}
	}
	if err := st.SaveSettings(ctx, storetest.Actor, func(set *store.Settings) error { set.KeyFingerprint = lost.Fingerprint(); return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Pool().Exec(ctx, "update heartbeat set at = at - interval '1 minute'"); err != nil {
		t.Fatal(err)
	}
	code, out, errs := command(t, "secret", "replace", "--give-up", "--database-url", db, "--secret-key-file", filepath.Join(dir, "here.key"))
	if code != 0 || !strings.Contains(out, "1 message of a login") {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	left := sealedValues(t, st)
	if left["xml gone"] != nil || left["xml kept"] == nil {
		t.Errorf("left is %v", left)
	}
}
