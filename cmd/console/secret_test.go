package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/seal"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// refusedLogins keeps sending messages that are refused and kept, sealed, until
// stop. It returns the id of every login and complains of any that was not
// answered as it should.
func refusedLogins(t *testing.T, acs string, stop <-chan struct{}) []string {
	t.Helper()
	form := url.Values{"SAMLResponse": {base64.StdEncoding.EncodeToString([]byte("<nothing/>"))}}.Encode()
	var ids []string
	for {
		select {
		case <-stop:
			return ids
		default:
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, acs, strings.NewReader(form))
		if err != nil {
			t.Error(err)
			return ids
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Forwarded-For", fmt.Sprintf("198.18.%d.%d", len(ids)>>8&0xff, len(ids)&0xff))
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Error(err)
			return ids
		}
		_ = res.Body.Close() // not read
		if res.StatusCode != http.StatusBadRequest {
			t.Errorf("while the key changes a login is answered with %s", res.Status)
			return ids
		}
		ids = append(ids, res.Header.Get("Postern-Login"))
	}
}

func TestRow21SecretKeyIsRotatedUnderLoad(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, key := storetest.Database(t), filepath.Join(t.TempDir(), "secret.key")
	args := []string{"--database-url", db, "--secret-key-file", key}
	// Each login comes from elsewhere: from one network not so many refused ones are judged.
	serveArgs := append([]string{"--trusted-proxies", "127.0.0.1"}, args...)
	st, err := store.Open(ctx, db)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	metadata, err := os.ReadFile("../../internal/configdoc/testdata/aws.xml")
	if err != nil {
		t.Fatal(err)
	}
	storetest.LiveConnection(t, st, "aws", func(c *model.Config) { c.IdPMetadata = string(metadata) })
	address := freeAddress(t)
	_, stopServe := startServe(t, append(serveArgs, "--listen", address)...)

	var load sync.WaitGroup
	var mu sync.Mutex
	var ids []string
	stop := make(chan struct{})
	for range 2 {
		load.Go(func() {
			sent := refusedLogins(t, "http://"+address+"/saml/aws/acs", stop)
			mu.Lock()
			defer mu.Unlock()
			ids = append(ids, sent...)
		})
	}
	before, err := st.Settings(ctx)
	if err != nil {
		t.Fatal(err)
	}
	code, out, errs := command(t, append([]string{"secret", "rotate"}, args...)...)
	close(stop)
	load.Wait()
	if code != 0 || !strings.Contains(out, "Everything is sealed with it") {
		t.Fatalf("rotate: exit %d\n%s%s", code, out, errs)
	}
	if code, out, errs = command(t, append([]string{"secret", "forget"}, args...)...); code != 0 {
		t.Fatalf("forget: exit %d\n%s%s", code, out, errs)
	}
	sealer, err := seal.LoadOrCreate(key)
	if err != nil {
		t.Fatal(err)
	}
	if names := sealer.Fingerprints(); len(names) != 1 || names[0] == before.KeyFingerprint {
		t.Errorf("after it the file has the keys %v; the old one is %s", names, before.KeyFingerprint)
	}
	for _, id := range ids {
		l, err := st.Login(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sealer.Open(l.XMLSealed, model.SealedXML(id)); err != nil {
			t.Fatalf("of %d logins, %s: %v", len(ids), id, err)
		}
	}
	if code := stopServe(); code != 0 {
		t.Errorf("serve: exit %d", code)
	}
	t.Logf("%d logins while the key changed\n%s", len(ids), out)
}

func TestRow21SecretKeyFromTheEnvironment(t *testing.T) {
	db, key := storetest.Database(t), filepath.Join(t.TempDir(), "secret.key")
	_, stop := startServe(t, "--database-url", db, "--secret-key-file", key)
	stop()
	text, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("POSTERN_SECRET_KEY", string(text))
	_, stop = startServe(t, "--database-url", db, "--data-dir", filepath.Join(t.TempDir(), "none"))
	if code := stop(); code != 0 {
		t.Errorf("serve: exit %d", code)
	}
	if code, _, errs := command(t, "secret", "rotate", "--database-url", db); code != 1 || !strings.Contains(errs, "POSTERN_SECRET_KEY") {
		t.Errorf("rotate: exit %d %s", code, errs)
	}
	t.Setenv("POSTERN_SECRET_KEY", "{}")
	wantServeFailure(t, []string{"--database-url", db}, "the secret key in the environment is damaged")
}
