package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/wizard"
)

// furnish fills a site with one of everything that pages show.
func (s *testSite) furnish() {
	s.t.Helper()
	s.signInAs(model.RoleOwner)
	s.addConnection("aws")
	s.goLiveWith("aws", func(c *model.Config) { c.Provisioning, c.IdPMetadata = model.ProvisioningManual, awsMetadata() })
	s.addUser("ana", "staff")
	s.addUser("ben")
	s.addLogin(func(l *model.Login) {
		l.Connection, l.Outcome, l.Username = "aws", model.OutcomeRefused, "stranger"
		l.Refusal = &model.Refusal{Code: model.CodeUserUnknown}
	})
	for _, change := range []struct {
		path   string
		form   url.Values
		status int
	}{
		{"/groups/staff/bulk/confirm", url.Values{"do": {"add"}, "people": {"ben"}}, http.StatusSeeOther},
		{"/connections/aws/edit", url.Values{}, http.StatusSeeOther},
		{"/connections/aws/setup-links", url.Values{"days": {"7"}}, http.StatusOK},
		{"/logins/follow", url.Values{"connection": {"aws"}, "person": {"ana"}}, http.StatusSeeOther},
		{"/apps", url.Values{"product": {"jira"}, "road": {"both"}, "base_url": {"https://jira.example.com"}}, http.StatusOK},
		{"/rules", url.Values{"name": {"engineers"}, "connection": {"aws"}, "kind": {"always"}, "groups": {"staff"}}, http.StatusSeeOther},
	} {
		s.post(change.path, change.form).want(s.t, change.status)
		if change.path == "/connections/aws/edit" {
			s.editDraft(func(r *model.Revision) {
				for _, p := range s.setup.flow.Progress(wizard.Facts{}) {
					r.Ticks[string(p.Step.ID)] = true
				}
			})
		}
	}
}

// offer is one way that a page offers to go on.
type offer struct{ method, address string }

// offers are the links and forms of a page, those for the script included.
func offers(p *page) []offer {
	var found []offer
	for selector, method := range map[string]string{
		"a[href]": http.MethodGet, "[hx-get]": http.MethodGet, "[hx-post]": http.MethodPost,
		"form": http.MethodGet, "[formaction]": http.MethodPost,
	} {
		p.doc.Find(selector).Each(func(_ int, e *goquery.Selection) {
			o := offer{method: method}
			for _, name := range []string{"href", "action", "formaction", "hx-get", "hx-post"} {
				if strings.Contains(selector, name) || selector == "form" && name == "action" {
					o.address = e.AttrOr(name, "")
				}
			}
			if selector == "form" {
				o.method = strings.ToUpper(e.AttrOr("method", http.MethodGet))
			}
			found = append(found, o)
		})
	}
	return found
}

// patternOf is the route that answers; empty when it is no page of the console.
func (s *testSite) patternOf(method, path string) string {
	mux, ok := s.Handler().(chi.Routes)
	if !ok {
		s.t.Fatal("the handler cannot say its routes")
	}
	match := chi.NewRouteContext()
	if !mux.Match(match, method, path) {
		return ""
	}
	return match.RoutePattern()
}

// TestPagesOfferWhatTheRoleMay walks the console as a viewer and as an admin: a
// page must not hold a link or a form that the role may not use.
func TestPagesOfferWhatTheRoleMay(t *testing.T) {
	t.Parallel()
	for _, role := range []model.Role{model.RoleViewer, model.RoleAdmin} {
		t.Run(string(role), func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.furnish()
			s.client = s.browser()
			s.signInAs(role)
			seen := s.walk(t, role)
			for _, rt := range s.consoleRoutes() {
				if rt.role == model.RoleViewer && rt.method == http.MethodGet && !seen[rt.pattern] && walks(rt.pattern) {
					t.Errorf("no page led to %s; is it furnished?", rt.pattern)
				}
			}
		})
	}
}

// walk follows every link from the overview and returns the patterns visited.
func (s *testSite) walk(t *testing.T, role model.Role) map[string]bool {
	t.Helper()
	roles := map[string]model.Role{}
	for _, rt := range s.consoleRoutes() {
		roles[rt.method+" "+rt.pattern] = rt.role
	}
	seen, asked, queue := map[string]bool{}, map[string]bool{}, []string{"/"}
	for len(queue) > 0 {
		from := queue[0]
		queue = queue[1:]
		if asked[from] {
			continue
		}
		asked[from] = true
		res := s.get(from)
		if res.status != http.StatusOK {
			t.Errorf("GET %s answered %d", from, res.status)
			continue
		}
		if !strings.HasPrefix(res.header.Get("Content-Type"), "text/html") {
			continue
		}
		for _, o := range offers(res) {
			to, err := url.Parse(from)
			if err == nil {
				to, err = to.Parse(o.address)
			}
			if err != nil || to.Host != "" {
				continue
			}
			pattern := s.patternOf(o.method, to.EscapedPath())
			least, ok := roles[o.method+" "+pattern]
			if !ok {
				continue // outside the console: sign out, SAML metadata
			}
			if !role.Includes(least) {
				t.Errorf("%s offers %s %s, which needs the role %s", from, o.method, o.address, least)
				continue
			}
			if o.method == http.MethodGet && walks(pattern) {
				seen[pattern] = true
				to.Fragment = ""
				queue = append(queue, to.String())
			}
		}
	}
	return seen
}

// walks tells whether the walk goes to such addresses. Those of the setup all
// need the same role, and some answer only the script of a page, or lead on.
func walks(pattern string) bool {
	switch pattern {
	case "/logins/news", "/logins/follow/{id}", "/logins/follow/{id}/status", "/apps/{slug}/test", "/apps/{slug}/tested", "/audit/export.csv",
		"/audit/export.jsonl", "/help/images/{name}":
		return false
	}
	return !strings.HasPrefix(pattern, "/setup")
}

func TestAViewerReadsWhyNothingCanBeChanged(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleViewer)
	if got := s.get("/users").find(".read-only"); !strings.Contains(got, "your role is viewer") {
		t.Errorf("the page says %q", got)
	}
	s.client = s.browser()
	s.signInAs(model.RoleAdmin)
	if got := s.get("/users").find(".read-only"); got != "" {
		t.Errorf("an admin reads %q", got)
	}
}
