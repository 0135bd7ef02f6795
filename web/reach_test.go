package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/webtest"
)

// TestPagesOfferWhatTheRoleMay walks the console as a viewer and as an admin: a
// page must not hold a link or a form that the role may not use.
func TestPagesOfferWhatTheRoleMay(t *testing.T) {
	t.Parallel()
	for _, role := range []model.Role{model.RoleViewer, model.RoleAdmin} {
		t.Run(string(role), func(t *testing.T) {
			t.Parallel()
			s := webtest.NewSite(t)
			s.Furnish()
			s.Client = s.Browser()
			s.SignInAs(role)
			seen := s.Walk(t, role)
			for _, rt := range s.ConsoleRoutes() {
				if rt.Role == model.RoleViewer && rt.Method == http.MethodGet && !seen[rt.Pattern] && webtest.Walks(rt.Pattern) {
					t.Errorf("no page led to %s; is it furnished?", rt.Pattern)
				}
			}
		})
	}
}

func TestAViewerReadsWhyNothingCanBeChanged(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleViewer)
	if got := s.Get("/users").Find(".read-only"); !strings.Contains(got, "your role is viewer") {
		t.Errorf("the page says %q", got)
	}
	s.Client = s.Browser()
	s.SignInAs(model.RoleAdmin)
	if got := s.Get("/users").Find(".read-only"); got != "" {
		t.Errorf("an admin reads %q", got)
	}
}
