package web_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/webtest"
)

func TestDrillSignedOut(t *testing.T) {
	t.Parallel()
	s := webtest.NewSite(t)
	webtest.Drill(t, s, func(t *testing.T, rt kit.Route) {
		res := s.Ask(rt, nil)
		if res.Status != http.StatusSeeOther || !strings.HasPrefix(res.Header.Get("Location"), "/signin") {
			t.Errorf("answered %d to %q, want 303 to /signin", res.Status, res.Header.Get("Location"))
		}
	})
}

func TestDrillUnknownID(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	webtest.Drill(t, s, func(t *testing.T, rt kit.Route) {
		if !strings.Contains(rt.Pattern, "{") {
			t.Skip("no variable in the address")
		}
		if res := s.Ask(rt, nil); res.Status != http.StatusNotFound {
			t.Errorf("answered %d, want 404: %s", res.Status, res.Text())
		}
	})
}

func TestDrillCrossSitePost(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	webtest.Drill(t, s, func(t *testing.T, rt kit.Route) {
		if rt.Method != http.MethodPost {
			t.Skip("not a POST")
		}
		res := s.Ask(rt, http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}})
		if res.Status != http.StatusForbidden {
			t.Errorf("answered %d, want 403", res.Status)
		}
	})
}

func TestDrillRoleTooSmall(t *testing.T) {
	t.Parallel()
	for _, role := range []model.Role{model.RoleViewer, model.RoleAdmin} {
		t.Run(string(role), func(t *testing.T) {
			t.Parallel()
			s := webtest.NewSiteAs(t, role)
			webtest.Drill(t, s, func(t *testing.T, rt kit.Route) {
				if role.Includes(rt.Role) {
					t.Skip("the role may")
				}
				if res := s.Ask(rt, nil); res.Status != http.StatusForbidden {
					t.Errorf("answered %d, want 403", res.Status)
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
	s := webtest.NewSiteOn(t, st)
	s.SignInAs(model.RoleOwner)
	st.Close()
	webtest.Drill(t, s, func(t *testing.T, rt kit.Route) {
		res := s.Ask(rt, nil)
		if res.Status != http.StatusInternalServerError {
			t.Errorf("answered %d, want 500", res.Status)
		}
		for _, detail := range []string{"pgxpool", "closed pool", "SQLSTATE", "goroutine"} {
			if strings.Contains(res.Body, detail) {
				t.Errorf("the page shows %q", detail)
			}
		}
	})
}
