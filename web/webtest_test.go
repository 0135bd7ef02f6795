package web

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/alexedwards/argon2id"
	"github.com/alexedwards/scs/v2"
	"github.com/alexedwards/scs/v2/memstore"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/seal"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// testPassword is every test administrator's; its hash is cheap to compare.
const testPassword = "a password for tests only"

var testHash = func() string {
	h, err := argon2id.CreateHash(testPassword, &argon2id.Params{
		Memory: 8, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32,
	})
	if err != nil {
		panic(err)
	}
	return h
}()

// testSite is the whole site on a database transaction that is rolled back,
// with a browser that keeps cookies and does not follow redirects.
type testSite struct {
	*Server
	t      testing.TB
	url    string
	client *http.Client
	now    time.Time
}

// newSite starts a site that nobody is signed in to.
func newSite(t testing.TB) *testSite {
	t.Helper()
	return newSiteOn(t, storetest.Open(t))
}

func newSiteOn(t testing.TB, st *store.Store) *testSite {
	t.Helper()
	return newSiteWith(t, st, filepath.Join(t.TempDir(), "secret.key"))
}

// newSiteWith is newSiteOn with the secret key in that file.
func newSiteWith(t testing.TB, st *store.Store, key string) *testSite {
	t.Helper()
	sealer, err := seal.LoadOrCreate(key)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(nil)
	site := &testSite{t: t, url: "http://localhost:" + strconv.Itoa(srv.Listener.Addr().(*net.TCPAddr).Port), now: time.Now().Truncate(time.Microsecond)}
	site.Server, err = New(Options{
		Store: st, Sealer: sealer, Logger: slog.New(slog.DiscardHandler),
		Now:       func() time.Time { return site.now },
		PublicURL: site.url, PublicURLFixed: true, SessionStore: sessionStore(st), Version: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	srv.Config.Handler = site.Handler()
	srv.Start()
	t.Cleanup(srv.Close)
	site.client = site.browser()
	return site
}

// sessionStore keeps sessions in memory where the site sits on one transaction,
// and in PostgreSQL, as in production, where it has connections of its own.
func sessionStore(st *store.Store) scs.Store {
	if st.Pool() != nil {
		return nil
	}
	return memstore.NewWithCleanupInterval(0)
}

// browser is a new browser: no cookies yet.
func (s *testSite) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// newSiteAs starts a site and signs its browser in as an administrator.
func newSiteAs(t testing.TB, role model.Role) *testSite {
	t.Helper()
	s := newSite(t)
	s.signInAs(role)
	return s
}

// signInAs makes an administrator with that role and signs the browser in.
func (s *testSite) signInAs(role model.Role) model.Administrator {
	s.t.Helper()
	a, err := s.store.CreateAdministrator(context.Background(), model.Actor{Name: "test"}, model.Administrator{
		Email: string(role) + "@example.com", PasswordHash: testHash, Role: role,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	res := s.post("/signin", url.Values{"email": {a.Email}, "password": {testPassword}})
	if res.status != http.StatusSeeOther {
		s.t.Fatalf("sign-in answered %d: %s", res.status, res.text())
	}
	return a
}

// confirm says once more who is signed in: the clock may have gone on.
func (s *testSite) confirm() {
	s.t.Helper()
	if res := s.post("/signin/again", url.Values{"password": {testPassword}}); res.status != http.StatusSeeOther {
		s.t.Fatalf("the confirmation answered %d: %s", res.status, res.text())
	}
}

// page is an answer, read.
type page struct {
	status int
	header http.Header
	body   string
	doc    *goquery.Document
}

func (p *page) text() string { return strings.Join(strings.Fields(p.doc.Find("main").Text()), " ") }

// find returns the text of what the selector matches.
func (p *page) find(selector string) string {
	return strings.Join(strings.Fields(p.doc.Find(selector).Text()), " ")
}

func (s *testSite) get(path string) *page { return s.do(http.MethodGet, path, nil, nil) }

func (s *testSite) post(path string, form url.Values) *page {
	return s.do(http.MethodPost, path, strings.NewReader(form.Encode()), http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"},
	})
}

func (s *testSite) do(method, path string, body io.Reader, header http.Header) *page {
	s.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = s.url + path
	}
	req, err := http.NewRequestWithContext(context.Background(), method, path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	res, err := s.client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(string(data)))
	if err != nil {
		s.t.Fatal(err)
	}
	return &page{status: res.StatusCode, header: res.Header, body: string(data), doc: doc}
}
