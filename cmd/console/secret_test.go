package main

import (
	"bytes"
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

	"github.com/jackc/pgx/v5"

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

// signingKeys keeps asking for the keys that sign ID tokens, which are sealed,
// and returns how often they came.
func signingKeys(t *testing.T, address string, stop <-chan struct{}) (answered int) {
	t.Helper()
	for {
		select {
		case <-stop:
			return answered
		default:
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Error(err)
			return answered
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Error(err)
			return answered
		}
		_ = res.Body.Close() // not read
		if res.StatusCode != http.StatusOK {
			t.Errorf("while the key changes the signing keys are answered with %s", res.Status)
			return answered
		}
		answered++
	}
}

// sealedValues are the values of every sealed column, by column and row.
func sealedValues(t *testing.T, st *store.Store) map[string][]byte {
	t.Helper()
	values := map[string][]byte{}
	for column, sql := range map[string]string{
		"xml": "select id, xml_sealed from logins", "key": "select id, sealed from oidc_keys", "trace": "select id::text, token_sealed from trace_links",
		"password": "select id::text, password_sealed from warnings", "webhook": "select id::text, webhook_sealed from warnings",
		"address": "select id::text, webhook_url_sealed from warnings", "calendar": "select id::text, calendar_sealed from warnings",
	} {
		rows, err := st.Pool().Query(t.Context(), sql)
		if err != nil {
			t.Fatal(err)
		}
		var id string
		var value []byte
		if _, err := pgx.ForEachRow(rows, []any{&id, &value}, func() error {
			values[column+" "+id] = bytes.Clone(value)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	return values
}

// sealedFor is for what a value of that column is sealed.
func sealedFor(name string) string {
	column, id, _ := strings.Cut(name, " ")
	return map[string]string{"xml": model.SealedXML(id), "key": model.SealedSigningKey(id), "trace": model.SealedTraceToken,
		"password": model.SealedMailPassword, "webhook": model.SealedWebhookSecret, "address": model.SealedWebhookURL, "calendar": model.SealedCalendarToken}[column]
}

// seedSealed puts a value into the columns that neither a login nor an app fills.
func seedSealed(t *testing.T, st *store.Store, key string) {
	t.Helper()
	sealer, err := seal.LoadOrCreate(key)
	if err != nil {
		t.Fatal(err)
	}
	sealed := func(context string) []byte {
		value, err := sealer.Seal([]byte("secret"), context)
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	if _, err := st.Pool().Exec(t.Context(), "update warnings set password_sealed = $1, webhook_sealed = $2, calendar_sealed = $3, webhook_url_sealed = $4",
		sealed(model.SealedMailPassword), sealed(model.SealedWebhookSecret), sealed(model.SealedCalendarToken), sealed(model.SealedWebhookURL)); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Pool().Exec(t.Context(), `insert into trace_links (token_hash, token_sealed, connection_id, person, author, expires_at)
		select 'hash', $1, id, 'ana', 'owner', now() from connections`, sealed(model.SealedTraceToken)); err != nil {
		t.Fatal(err)
	}
}

// The key is changed while people sign in and apps read the signing keys, in two
// processes on two machines, each with a key file of its own.
func TestRow21SecretKeyIsRotatedUnderLoad(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, dir := storetest.Database(t), t.TempDir()
	here, there := filepath.Join(dir, "here.key"), filepath.Join(dir, "there.key")
	args := []string{"--database-url", db, "--secret-key-file", here}
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
	var addresses []string
	var stops []func() int
	for _, key := range []string{here, there} {
		if key == there {
			copyFile(t, here, there)
		}
		address := freeAddress(t)
		// Each login comes from elsewhere: from one network not so many refused ones are judged.
		_, stop := startServe(t, "--trusted-proxies", "127.0.0.1", "--database-url", db, "--secret-key-file", key, "--listen", address)
		addresses, stops = append(addresses, "http://"+address), append(stops, stop)
	}
	seedSealed(t, st, here)

	var load sync.WaitGroup
	var mu sync.Mutex
	read := 0
	sent := make([][]string, len(addresses))
	stop := make(chan struct{})
	for i, address := range addresses {
		load.Go(func() { sent[i] = refusedLogins(t, address+"/saml/aws/acs", stop) })
		load.Go(func() {
			n := signingKeys(t, address+"/oidc/keys", stop)
			mu.Lock()
			defer mu.Unlock()
			read += n
		})
	}
	stopLoad := sync.OnceFunc(func() { close(stop); load.Wait() })
	defer stopLoad()
	before, err := st.Settings(ctx)
	if err != nil {
		t.Fatal(err)
	}
	old := sealedValues(t, st)
	for !hasEveryColumn(old) && !t.Failed() { // until the load has left something in each
		old = sealedValues(t, st)
	}
	if code, _, errs := command(t, append([]string{"secret", "rotate", "--prepare"}, args...)...); code != 0 {
		t.Fatalf("prepare: exit %d\n%s", code, errs)
	}
	copyFile(t, here, there)
	code, out, errs := command(t, append([]string{"secret", "rotate"}, args...)...)
	stopLoad()
	if code != 0 || !strings.Contains(out, "Everything is sealed with it") {
		t.Fatalf("rotate: exit %d\n%s%s", code, out, errs)
	}
	oldKey, err := seal.LoadOrCreate(here)
	if err != nil {
		t.Fatal(err)
	}
	if err := oldKey.Use(before.KeyFingerprint); err != nil {
		t.Fatal(err)
	}
	if code, out, errs = command(t, append([]string{"secret", "forget"}, args...)...); code != 0 {
		t.Fatalf("forget: exit %d\n%s%s", code, out, errs)
	}
	sealer, err := seal.LoadOrCreate(here)
	if err != nil {
		t.Fatal(err)
	}
	if names := sealer.Fingerprints(); len(names) != 1 || names[0] == before.KeyFingerprint {
		t.Errorf("after it the file has the keys %v; the old one is %s", names, before.KeyFingerprint)
	}
	fresh := sealedValues(t, st)
	for name, value := range old {
		if !bytes.HasPrefix(value, oldKey.Prefix()) {
			t.Errorf("%s was not sealed with the old key", name)
		}
		if bytes.Equal(fresh[name], value) {
			t.Errorf("%s was not sealed anew", name)
		}
	}
	for name, value := range fresh {
		if _, err := sealer.Open(value, sealedFor(name)); err != nil {
			t.Errorf("of %d values, %s: %v", len(fresh), name, err)
		}
	}
	for i, ids := range sent {
		if len(ids) == 0 || read == 0 {
			t.Errorf("process %d answered %d logins, all together %d times the signing keys", i, len(ids), read)
		}
		for _, id := range ids {
			if fresh["xml "+id] == nil {
				t.Errorf("the message of login %s is lost", id)
			}
		}
	}
	for _, stop := range stops {
		if code := stop(); code != 0 {
			t.Errorf("serve: exit %d", code)
		}
	}
}

// hasEveryColumn tells whether there is a value of each sealed column.
func hasEveryColumn(values map[string][]byte) bool {
	seen := map[string]bool{}
	for name, value := range values {
		if column, _, _ := strings.Cut(name, " "); value != nil {
			seen[column] = true
		}
	}
	return len(seen) == 7
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
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
