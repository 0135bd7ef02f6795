package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/kit"
)

// scheduled are the flags of a Postern that makes backups by itself, and its database.
func scheduled(t *testing.T, keep int) (serveFlags, *database) {
	t.Helper()
	dir := t.TempDir()
	var f serveFlags
	f.DatabaseURL, f.SecretKeyFile, f.PassphraseFile = storetest.Database(t), filepath.Join(dir, "secret.key"), filepath.Join(dir, "passphrase")
	f.BackupDir, f.BackupEvery, f.BackupKeep = filepath.Join(dir, "backups"), 24*time.Hour, keep
	if err := os.WriteFile(f.PassphraseFile, []byte(backupPassphrase), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.check(f.passphraseFlags); err != nil {
		t.Fatal(err)
	}
	db, err := f.own(t.Context(), quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return f, db
}

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

// A backup is made when the newest is too old; so many are kept, and nothing else in
// the folder is touched.
func TestBackupsAreMadeAndKept(t *testing.T) {
	t.Parallel()
	f, db := scheduled(t, 2)
	if got := f.finding(time.Now()); got[0].state != stateFail || !strings.Contains(got[0].text, "there is none") {
		t.Errorf("doctor: %v", got)
	}
	if err := os.WriteFile(filepath.Join(f.BackupDir, "a.backup"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	killed := filepath.Join(f.BackupDir, ".postern-20261130T000000Z.backup-1.partial")
	if err := os.WriteFile(killed, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Now().UTC().Truncate(24 * time.Hour).Add(48 * time.Hour)
	for _, c := range []struct {
		after time.Duration
		want  string
	}{
		{0, "1"}, {23 * time.Hour, "1"}, {25 * time.Hour, "1 2"}, {50 * time.Hour, "2 3"},
	} {
		if _, err := f.makeDue(t.Context(), db, at.Add(c.after)); err != nil {
			t.Fatal(err)
		}
		want := "a.backup"
		for _, n := range strings.Fields(c.want) {
			want += " " + at.Add(map[string]time.Duration{"1": 0, "2": 25 * time.Hour, "3": 50 * time.Hour}[n]).Format(backupName)
		}
		if got := names(t, f.BackupDir); got != want {
			t.Fatalf("after %s there are %q, want %q", c.after, got, want)
		}
	}
	if got := f.finding(at.Add(51 * time.Hour)); got[0].state != stateOK {
		t.Errorf("doctor: %v", got)
	}
	if got := f.finding(at.Add(100 * time.Hour)); got[0].state != stateFail || !strings.Contains(got[0].text, "older than twice 24h") {
		t.Errorf("doctor: %v", got)
	}
	newest := filepath.Join(f.BackupDir, at.Add(50*time.Hour).Format(backupName))
	if s, err := verifyFile(newest, strings.TrimSpace(backupPassphrase)); err != nil || s.Tables == 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

// What fails is known, since when and why, until one is made.
func TestBackupsThatFailAreKnown(t *testing.T) {
	t.Parallel()
	f, db := scheduled(t, 2)
	b := new(kit.Backups)
	if err := os.RemoveAll(f.BackupDir); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	_, err := f.makeDue(t.Context(), db, at)
	if err == nil {
		t.Fatal("without a folder there is no error")
	}
	b.Failed(at, time.Time{}, err.Error()+".")
	b.Failed(at.Add(time.Hour), time.Time{}, err.Error()+".")
	state, _ := b.State()
	if words := state.Words(); !strings.HasPrefix(words, "Since 30 November 2026, 12:00 UTC: ") || !strings.Contains(words, "There is no backup yet.") {
		t.Error(words)
	}
	// A process that begins with a failure knows of the backups that are there.
	b.Failed(at.Add(2*time.Hour), at.Add(-48*time.Hour), err.Error()+".")
	if state, _ = b.State(); !strings.Contains(state.Words(), "The newest backup is of 28 November 2026, 12:00 UTC.") {
		t.Error(state.Words())
	}
	b.Made(at)
	if state, _ := b.State(); state.Words() != "" {
		t.Error(state.Words())
	}
}

func TestBackupFlagsAreJudged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for want, args := range map[string][]string{
		"--backup-dir wants a passphrase":       {"--backup-dir", dir},
		"--backup-every 1s: want":               {"--backup-dir", dir, "--backup-every", "1s"},
		"--backup-keep 0: want":                 {"--backup-dir", dir, "--backup-keep", "0"},
		"the passphrase: open " + dir + "/none": {"--backup-dir", dir, "--passphrase-file", dir + "/none"},
	} {
		wantServeFailure(t, append([]string{"--data-dir", filepath.Join(dir, "data")}, args...), want)
	}
}
