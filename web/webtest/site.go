// Package webtest is the whole site in tests: on a database of its own, with a
// browser that keeps cookies, with AWS and with apps beside it.
package webtest

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
	"github.com/postern-sso/postern/web"
	"github.com/postern-sso/postern/web/kit"
)

// TestPassword is every test administrator's; its hash is cheap to compare.
const TestPassword = "a password for tests only"

var TestHash = func() string {
	h, err := argon2id.CreateHash(TestPassword, &argon2id.Params{
		Memory: 8, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32,
	})
	if err != nil {
		panic(err)
	}
	return h
}()

// Site is the whole site on a database transaction that is rolled back,
// with a browser that keeps cookies and does not follow redirects.
type Site struct {
	Directories *Directories // what sources have
	*web.Server
	T      testing.TB
	URL    string
	Client *http.Client
	Now    time.Time
}

// NewSite starts a site that nobody is signed in to.
func NewSite(t testing.TB) *Site {
	t.Helper()
	return NewSiteOn(t, storetest.Open(t))
}

func NewSiteOn(t testing.TB, st *store.Store, change ...func(*kit.Options)) *Site {
	t.Helper()
	return NewSiteWith(t, st, filepath.Join(t.TempDir(), "secret.key"), change...)
}

// NewSiteWith is newSiteOn with the secret key in that file.
func NewSiteWith(t testing.TB, st *store.Store, key string, change ...func(*kit.Options)) *Site {
	t.Helper()
	sealer, err := seal.LoadOrCreate(key)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(nil)
	site := &Site{T: t, URL: "http://localhost:" + strconv.Itoa(srv.Listener.Addr().(*net.TCPAddr).Port), Now: time.Now().Truncate(time.Microsecond)}
	ready := &kit.Readiness{Now: func() time.Time { return time.Unix(0, 0).UTC() }} // no process looks here
	ready.Beat()
	site.Directories = newDirectories(st, sealer)
	options := kit.Options{
		Sources: site.Directories.Runner, TestSource: site.Directories.test,
		Store: st, Sealer: sealer, Logger: slog.New(slog.DiscardHandler),
		Now:       func() time.Time { return site.Now },
		PublicURL: site.URL, PublicURLFixed: true, SessionStore: sessionStore(st), Version: "test", Readiness: ready, Metrics: kit.NewMetrics("test"),
	}
	for _, c := range change {
		c(&options)
	}
	if site.Server, err = web.New(options); err != nil {
		t.Fatal(err)
	}
	srv.Config.Handler = site.Handler()
	srv.Start()
	t.Cleanup(srv.Close)
	site.Client = site.Browser()
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

// Browser is a new browser: no cookies yet.
func (s *Site) Browser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.T.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// NewSiteAs starts a site and signs its browser in as an administrator.
func NewSiteAs(t testing.TB, role model.Role) *Site {
	t.Helper()
	s := NewSite(t)
	s.SignInAs(role)
	return s
}

// SignInAs makes an administrator with that role and signs the browser in.
func (s *Site) SignInAs(role model.Role) model.Administrator {
	s.T.Helper()
	a, err := s.Store.CreateAdministrator(context.Background(), model.Actor{Name: "test"}, model.Administrator{
		Email: string(role) + "@example.com", PasswordHash: TestHash, Role: role,
	})
	if err != nil {
		s.T.Fatal(err)
	}
	res := s.Post("/signin", url.Values{"email": {a.Email}, "password": {TestPassword}})
	if res.Status != http.StatusSeeOther {
		s.T.Fatalf("sign-in answered %d: %s", res.Status, res.Text())
	}
	return a
}

// Confirm says once more who is signed in: the clock may have gone on.
func (s *Site) Confirm() {
	s.T.Helper()
	if res := s.Post("/signin/again", url.Values{"password": {TestPassword}}); res.Status != http.StatusSeeOther {
		s.T.Fatalf("the confirmation answered %d: %s", res.Status, res.Text())
	}
}

// Page is an answer, read.
type Page struct {
	Status int
	Header http.Header
	Body   string
	Doc    *goquery.Document
}

func (p *Page) Text() string { return strings.Join(strings.Fields(p.Doc.Find("main").Text()), " ") }

// Find returns the text of what the selector matches.
func (p *Page) Find(selector string) string {
	return strings.Join(strings.Fields(p.Doc.Find(selector).Text()), " ")
}

func (s *Site) Get(path string) *Page { return s.Do(http.MethodGet, path, nil, nil) }

func (s *Site) Post(path string, form url.Values) *Page {
	return s.Do(http.MethodPost, path, strings.NewReader(form.Encode()), http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"},
	})
}

func (s *Site) Do(method, path string, body io.Reader, header http.Header) *Page {
	s.T.Helper()
	if !strings.HasPrefix(path, "http") {
		path = s.URL + path
	}
	req, err := http.NewRequestWithContext(context.Background(), method, path, body)
	if err != nil {
		s.T.Fatal(err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	res, err := s.Client.Do(req)
	if err != nil {
		s.T.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		s.T.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(string(data)))
	if err != nil {
		s.T.Fatal(err)
	}
	return &Page{Status: res.StatusCode, Header: res.Header, Body: string(data), Doc: doc}
}
