package crowd_test

import (
	"context"
	"encoding/xml"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"github.com/postern-sso/postern/internal/crowd"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

const (
	crowdBase = "/crowd/rest/usermanagement/1"
	// testPassword is every app's; its hash is cheap to compare.
	testPassword = "a password for tests only"
)

var tester = storetest.Actor

var testHash = hashOf(testPassword)

func hashOf(password string) string {
	h, err := argon2id.CreateHash(password, &argon2id.Params{Memory: 8, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	if err != nil {
		panic(err)
	}
	return h
}

// site is a directory with an app that uses it.
type site struct {
	t             testing.TB
	store         *store.Store
	handler       http.Handler
	url           string
	now           time.Time
	app, password string
	address       string // that the app asks from
}

func newSite(t testing.TB, st *store.Store, change func(*model.App)) *site {
	t.Helper()
	s := &site{t: t, store: st, url: "http://postern.example", now: time.Now().Truncate(time.Microsecond),
		app: "jira", password: testPassword, address: "127.0.0.1"}
	s.handler = crowd.New(crowd.Options{
		Store: st, Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return s.now }, PublicURL: s.url,
		RemoteAddr: func(r *http.Request) string { host, _, _ := net.SplitHostPort(r.RemoteAddr); return host },
	})
	app := model.App{Slug: s.app, Kind: model.AppCrowd, Name: "Jira", Product: "jira", AllGroups: true}
	if change != nil {
		change(&app)
	}
	s.must(st.CreateApp(context.Background(), tester, app))
	s.must(st.AddAppSecret(context.Background(), tester, s.app, testHash, "a pas"))
	return s
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// people makes Ana, an administrator, and Bob, who has left, with two groups.
func (s *site) people() {
	s.t.Helper()
	ctx := context.Background()
	for _, g := range []model.Group{{Name: "jira-administrators", Description: "May do everything"}, {Name: "Jira Users"}} {
		_, err := s.store.CreateGroup(ctx, tester, g)
		s.must(err)
	}
	_, err := s.store.CreateUser(ctx, tester, model.User{Username: "Ana", Email: "ana@example.com", DisplayName: "Ana Díaz",
		FirstName: "Ana", LastName: "Díaz", Active: true}, []string{"jira-administrators", "Jira Users"})
	s.must(err)
	_, err = s.store.CreateUser(ctx, tester, model.User{Username: "bob", Email: "bob@example.org"}, []string{"Jira Users"})
	s.must(err)
}

// request is one of the app; accept is "xml" or "json".
func (s *site) request(ctx context.Context, method, path, accept, body string) *http.Request {
	r := httptest.NewRequestWithContext(ctx, method, s.url+crowdBase+path, strings.NewReader(body))
	r.RemoteAddr = net.JoinHostPort(s.address, "1234")
	r.SetBasicAuth(s.app, s.password)
	r.Header.Set("Accept", "application/"+accept)
	r.Header.Set("X-Embedded-Crowd-Version", "5.1.2")
	if body != "" {
		r.Header.Set("Content-Type", "application/xml")
		if strings.HasPrefix(body, "{") {
			r.Header.Set("Content-Type", "application/json")
		}
	}
	return r
}

// ask sends a request as the app.
func (s *site) ask(method, path, accept, body string) *page {
	s.t.Helper()
	return s.send(s.request(context.Background(), method, path, accept, body))
}

func (s *site) send(r *http.Request) *page {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	res := w.Result()
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	s.must(err)
	return &page{status: res.StatusCode, header: res.Header, body: string(data)}
}

// page is an answer, read.
type page struct {
	status int
	header http.Header
	body   string
}

func (p *page) xmlBody() string { return strings.TrimPrefix(p.body, xml.Header) }
