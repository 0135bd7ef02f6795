package web

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

var pathVariable = regexp.MustCompile(`\{[a-z]+\}`)

// concrete fills a route's variables with names that nothing has.
func concrete(pattern string) string {
	return pathVariable.ReplaceAllString(pattern, "no-such-thing")
}

func (s *testSite) ask(rt route, header http.Header) *page {
	if rt.method == http.MethodPost {
		if header == nil {
			header = http.Header{}
		}
		header.Set("Content-Type", "application/x-www-form-urlencoded")
		return s.do(http.MethodPost, concrete(rt.pattern), strings.NewReader(url.Values{}.Encode()), header)
	}
	return s.do(http.MethodGet, concrete(rt.pattern), nil, header)
}

// drill runs one check over every address of the console.
func drill(t *testing.T, s *testSite, check func(t *testing.T, rt route)) {
	t.Helper()
	for _, rt := range s.consoleRoutes() {
		t.Run(rt.method+" "+rt.pattern, func(t *testing.T) {
			check(t, rt)
		})
	}
}

func TestDrillSignedOut(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	drill(t, s, func(t *testing.T, rt route) {
		res := s.ask(rt, nil)
		if res.status != http.StatusSeeOther || !strings.HasPrefix(res.header.Get("Location"), "/signin") {
			t.Errorf("answered %d to %q, want 303 to /signin", res.status, res.header.Get("Location"))
		}
	})
}

func TestDrillUnknownID(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleOwner)
	drill(t, s, func(t *testing.T, rt route) {
		if !strings.Contains(rt.pattern, "{") {
			t.Skip("no variable in the address")
		}
		if res := s.ask(rt, nil); res.status != http.StatusNotFound {
			t.Errorf("answered %d, want 404: %s", res.status, res.text())
		}
	})
}

func TestDrillCrossSitePost(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleOwner)
	drill(t, s, func(t *testing.T, rt route) {
		if rt.method != http.MethodPost {
			t.Skip("not a POST")
		}
		res := s.ask(rt, http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}})
		if res.status != http.StatusForbidden {
			t.Errorf("answered %d, want 403", res.status)
		}
	})
}

func TestDrillRoleTooSmall(t *testing.T) {
	t.Parallel()
	for _, role := range []model.Role{model.RoleViewer, model.RoleAdmin} {
		t.Run(string(role), func(t *testing.T) {
			t.Parallel()
			s := newSiteAs(t, role)
			drill(t, s, func(t *testing.T, rt route) {
				if role.Includes(rt.role) {
					t.Skip("the role may")
				}
				if res := s.ask(rt, nil); res.status != http.StatusForbidden {
					t.Errorf("answered %d, want 403", res.status)
				}
			})
		})
	}
}

func TestDrillDatabaseDown(t *testing.T) {
	t.Parallel()
	st, err := store.Open(context.Background(), storetest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	s := newSiteOn(t, st)
	s.signInAs(model.RoleOwner)
	st.Close()
	drill(t, s, func(t *testing.T, rt route) {
		res := s.ask(rt, nil)
		if res.status != http.StatusInternalServerError {
			t.Errorf("answered %d, want 500", res.status)
		}
		for _, detail := range []string{"pgxpool", "closed pool", "SQLSTATE", "goroutine"} {
			if strings.Contains(res.body, detail) {
				t.Errorf("the page shows %q", detail)
			}
		}
	})
}
