package web

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// queryCounter counts what is sent to PostgreSQL.
type queryCounter struct{ n atomic.Int64 }

func (c *queryCounter) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	c.n.Add(1)
	return ctx
}

func (c *queryCounter) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// BenchmarkPages is each list and page of the console at the size of a company
// (see companySQL), through the whole handler with its session, in PostgreSQL
// of its own: server time, bytes before compression, and queries.
func BenchmarkPages(b *testing.B) {
	queries := new(queryCounter)
	database := storetest.Database(b)
	fillCompany(b, database)
	st, err := store.Open(context.Background(), database, store.WithTracer(queries))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(st.Close)
	storetest.LiveConnection(b, st, "aws", nil)
	s := newSiteOn(b, st)
	s.signInAs(model.RoleOwner)
	home, err := url.Parse(s.url)
	if err != nil {
		b.Fatal(err)
	}
	session := s.client.Jar.Cookies(home)
	for _, p := range companyPages() {
		b.Run(p.name, func(b *testing.B) { s.benchmarkPage(b, p.path, session, queries) })
	}
}

func (s *testSite) benchmarkPage(b *testing.B, path string, session []*http.Cookie, queries *queryCounter) {
	ask := func() *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, nil)
		for _, c := range session {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatalf("%s answered %d", path, w.Code)
		}
		return w
	}
	sent := ask().Body.Len() // and the database has read what it needs
	queries.n.Store(0)
	took := make([]time.Duration, 0, b.N)
	b.ResetTimer()
	for range b.N {
		begin := time.Now()
		ask()
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-p50")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
	b.ReportMetric(float64(sent), "bytes")
	b.ReportMetric(float64(queries.n.Load())/float64(b.N), "queries")
}

type benchPage struct{ name, path string }

// companyPages are the pages that could grow with the company.
func companyPages() []benchPage {
	at := func(path string, parts ...string) string { return path + "after=" + benchCursor(parts...) }
	long := time.Now().AddDate(0, 0, -80).UTC().Format(time.RFC3339Nano)
	return []benchPage{
		{"overview", "/"},
		{"users first", "/users"},
		{"users deep", at("/users?", "person090000", "person090000")},
		{"users search many", "/users?q=lovelace"},
		{"users search one", "/users?q=person054321"},
		{"users search none", "/users?q=nobody-has-this"},
		{"users search two letters", "/users?q=qz"},
		{"users inactive", "/users?active=no"},
		{"users source", "/users?source=aws"},
		{"users source rare", "/users?source=ldap"},
		{"users of a group", "/users?group=group00500"},
		{"users of the large group", "/users?group=everybody"},
		{"users by last login", "/users?sort=-last_login"},
		{"users by email deep", at("/users?sort=email&", "person090000@example.com", "person090000")},
		{"user", "/users/person054321"},
		{"user new", "/users/new"},
		{"groups first", "/groups"},
		{"groups deep", at("/groups?", "group09000")},
		{"groups search one", "/groups?q=group05432"},
		{"groups search none", "/groups?q=nothing-like-it"},
		{"group small", "/groups/group00500"},
		{"members first", "/groups/everybody"},
		{"members deep", at("/groups/everybody?", "person090000")},
		{"members search many", "/groups/everybody?q=turing"},
		{"members search one", "/groups/everybody?q=person054321"},
		{"members search none", "/groups/everybody?q=nobody-has-this"},
		{"rule new", "/rules/new"},
		{"logins first", "/logins"},
		{"logins deep", at("/logins?", long, "l000000900000000")},
		{"logins by code", "/logins?code=username_taken"},
		{"logins by rare code", "/logins?code=replayed"},
		{"logins by person", "/logins?q=person054321"},
		{"logins by nobody", "/logins?q=nobody-has-this"},
		{"audit first", "/audit"},
		{"audit deep", at("/audit?", "1000")},
		{"audit search many", "/audit?q=person0543"},
		{"audit search none", "/audit?q=nobody-has-this"},
	}
}

// benchCursor writes a cursor as the store does.
func benchCursor(parts ...string) string {
	data, _ := json.Marshal(parts) // strings always marshal
	return base64.RawURLEncoding.EncodeToString(data)
}
