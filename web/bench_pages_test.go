package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// BenchmarkPages is the time that the server takes for the pages of a large
// company: p50 and p99, bytes before compression, and questions to PostgreSQL.
func BenchmarkPages(b *testing.B) {
	st := storetest.OpenPool(b)
	began := time.Now()
	storetest.FillCompany(b, st)
	b.Logf("%d users, %d groups, %d memberships, %d logins filled in in %s", storetest.CompanyUsers, storetest.CompanyGroups,
		storetest.CompanyMemberships, storetest.CompanyLogins, time.Since(began).Round(time.Second))
	storetest.LiveConnection(b, st, "aws", nil)
	s := newSiteOn(b, st)
	s.signInAs(model.RoleOwner)
	everybody := "/groups/" + storetest.EverybodysGroup
	for _, page := range []struct{ name, path string }{
		{"overview", "/"},
		{"users", "/users"},
		{"users deep", s.deep(b, "/users", 40)},
		{"users by last login", "/users?sort=-last_login"},
		{"users inactive", "/users?active=no"},
		{"users search many hits", "/users?q=example"},
		{"users search one hit", "/users?q=user054321"},
		{"users search two letters", "/users?q=zz"},
		{"users search no hit", "/users?q=nobodyhasthis"},
		{"a user", "/users/user054321"},
		{"groups", "/groups"},
		{"groups deep", s.deep(b, "/groups", 40)},
		{"groups search one hit", "/groups?q=group-04711"},
		{"groups search no hit", "/groups?q=nobodyhasthis"},
		{"everybody's group", everybody},
		{"everybody's group deep", s.deep(b, everybody, 40)},
		{"everybody's group search one hit", everybody + "?q=user054321"},
		{"everybody's group search no hit", everybody + "?q=nobodyhasthis"},
		{"a small group", "/groups/group-04711"},
		{"logins", "/logins"},
		{"logins deep", s.deep(b, "/logins", 40)},
		{"logins refused", "/logins?outcome=refused"},
		{"logins by reason", "/logins?code=audience_mismatch"},
		{"logins of one person", "/logins?q=user054321"},
		{"logins of nobody", "/logins?q=nobodyhasthis"},
		{"a login", "/logins/login00000054321"},
		{"audit", "/audit"},
		{"audit deep", s.deep(b, "/audit", 40)},
		{"audit search many hits", "/audit?q=user"},
		{"audit search no hit", "/audit?q=nobodyhasthis"},
		{"rules", "/rules"},
		{"connection", "/connections/aws"},
	} {
		b.Run(page.name, func(b *testing.B) { s.benchmarkPage(b, page.path) })
	}
}

// deep follows “next” so many pages into a list.
func (s *testSite) deep(b *testing.B, path string, pages int) string {
	b.Helper()
	for range pages {
		next := s.get(path).doc.Find("a[rel=next]").First()
		href, ok := next.Attr("href")
		if !ok {
			b.Fatalf("%s has no next page", path)
		}
		path = href
	}
	return path
}

func (s *testSite) benchmarkPage(b *testing.B, path string) {
	b.Helper()
	address, err := url.Parse(s.url)
	if err != nil {
		b.Fatal(err)
	}
	cookies := s.client.Jar.Cookies(address)
	ask := func() *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, nil)
		for _, c := range cookies {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		return w
	}
	first := ask()
	if first.Code != http.StatusOK {
		b.Fatalf("%s answered %d", path, first.Code)
	}
	questions := s.store.Pool().Stat().AcquireCount()
	took := make([]time.Duration, 0, b.N)
	for b.Loop() {
		begin := time.Now()
		ask()
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-p50")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
	b.ReportMetric(float64(first.Body.Len()), "bytes")
	b.ReportMetric(float64(s.store.Pool().Stat().AcquireCount()-questions)/float64(len(took)), "queries")
}
