package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// serveLog starts Postern, stops it, and returns what it logged.
func serveLog(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := newReadyWriter("Postern is ready: ")
	go func() {
		select {
		case <-out.ready:
			cancel()
		case <-ctx.Done():
		}
	}()
	var log bytes.Buffer
	if code := run(ctx, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...), streams{strings.NewReader(""), out, &log}); code != 0 {
		t.Fatalf("exit %d\n%s", code, log.String())
	}
	return log.String()
}

func TestServeSaysWhatProtectsLess(t *testing.T) {
	t.Parallel()
	db, key := storetest.Database(t), filepath.Join(t.TempDir(), "secret.key")
	args := []string{"--secret-key-file", key, "--public-url", "https://sso.example.com"}
	open := serveLog(t, append(args, "--database-url", db)...)
	for _, want := range []string{ownerRuns, proxyUnknown} {
		if !strings.Contains(open, want) {
			t.Errorf("with one role, behind an unknown proxy, the log lacks %q:\n%s", want, open)
		}
	}
	args = append(args, "--migrate-database-url", db, "--database-url", storetest.RunURL(db), "--trusted-proxies", "10.0.0.0/8")
	if closed := serveLog(t, args...); strings.Contains(closed, "level=WARN") {
		t.Errorf("with two roles, behind a known proxy, it warns:\n%s", closed)
	}
}

// What somebody does from the shell is in the audit as what they do in the console.
func TestTheShellLeavesEntries(t *testing.T) {
	t.Parallel()
	db, key := storetest.Database(t), filepath.Join(t.TempDir(), "secret.key")
	for _, args := range [][]string{
		{"config", "export"}, {"secret", "rotate", "--settle=0s", "--secret-key-file", key}, {"secret", "forget", "--secret-key-file", key},
	} {
		if code, _, errs := command(t, append(args, "--database-url", db)...); code != 0 {
			t.Fatalf("%v: exit %d, %s", args, code, errs)
		}
	}
	st, err := store.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	for _, action := range []string{"config.export", "settings.update", "settings.keys_forgotten"} {
		entries, _, err := st.Audit(t.Context(), store.AuditQuery{Action: action, Actor: shell.Name})
		if err != nil || len(entries) == 0 {
			t.Errorf("the audit has no %s, %v", action, err)
		}
	}
}
