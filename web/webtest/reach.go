package webtest

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/directory/runner"
	"github.com/postern-sso/postern/internal/model"
)

// Furnish fills a site with one of everything that pages show.
func (s *Site) Furnish() {
	s.T.Helper()
	s.SignInAs(model.RoleOwner)
	s.AddConnection("aws")
	s.GoLiveWith("aws", func(c *model.Config) { c.Provisioning, c.IdPMetadata = model.ProvisioningManual, AwsMetadata() })
	s.AddUser("ana", "staff")
	s.AddUser("ben")
	s.AddLogin(func(l *model.Login) {
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
		{"/users/import/confirm", url.Values{"csv": {"username,email\ncy,cy@example.com\ndee,nowhere\n"}, "good": {"yes"}}, http.StatusSeeOther},
		{"/apps", url.Values{"product": {"jira"}, "road": {"both"}, "base_url": {"https://jira.example.com"}}, http.StatusOK},
		{"/rules", url.Values{"name": {"engineers"}, "connection": {"aws"}, "kind": {"always"}, "groups": {"staff"}}, http.StatusSeeOther},
	} {
		s.Post(change.path, change.form).Want(s.T, change.status)
		if change.path == "/connections/aws/edit" {
			s.EditDraft(func(r *model.Revision) {
				for _, step := range s.Setup.Flow.Steps() {
					r.Ticks[string(step.ID)] = true
				}
			})
		}
	}
	s.furnishSources()
}

// furnishSources adds a source of each kind: a live one of which a run waits and one
// failed, a draft whose dry run waits, and one that pushes and has told nothing.
func (s *Site) furnishSources() {
	s.T.Helper()
	s.SourceOf("corp", 9)
	s.Post("/users/p0001/pins", url.Values{"pin": {"email"}, "reason": {"works for two companies"}}).Want(s.T, http.StatusSeeOther)
	s.Post("/users/p0006/pins", url.Values{"pin": {"active"}, "reason": {"still works here"}}).Want(s.T, http.StatusSeeOther)
	left := ReadingOf(9)
	left.People[6].Enabled = false // and no source deactivates whom a person pinned
	s.Directories.Have("corp", left)
	s.RunSource("corp", runner.Ask{Trigger: model.RunBySchedule})
	s.Directories.Fail("corp", &directory.ReadError{Reason: "size_limit", Detail: "The answer was cut off.", Remedy: "Raise the limit of the reader.",
		Incomplete: true})
	s.RunSource("corp", runner.Ask{Trigger: model.RunBySchedule})
	s.Directories.Have("corp", ReadingOf(1))
	if run := s.RunSource("corp", runner.Ask{Trigger: model.RunBySchedule}); run.Outcome != model.RunHeld {
		s.T.Fatalf("eight of nine left, and the run ended %s: %s", run.Outcome, run.Detail)
	}
	for kind, slug := range map[model.SourceKind]string{model.SourceAWS: "aws-people", model.SourceSCIM: "entra"} {
		src := model.NewSource(kind)
		src.Slug, src.Name = slug, "People of "+slug
		if kind == model.SourceAWS {
			src.AWS = model.AWSSettings{Region: "eu-central-1", IdentityStoreID: "d-1234567890", FromSurroundings: true}
			src.Groups.Mode = model.GroupsSame
		}
		if _, err := s.Store.CreateSource(s.T.Context(), Tester, src); err != nil {
			s.T.Fatal(err)
		}
	}
	s.Post("/sources/entra/tokens", url.Values{"days": {"90"}}).Want(s.T, http.StatusOK)
	further := ReadingOf(3)
	further.People[0].Username, further.People[0].StableID = "Ana", "id-ana"
	further.Groups[0].Name, further.Groups[0].Members = "everybody", []string{"id-ana", "id-p0001", "id-p0002"}
	s.Directories.Have("aws-people", further)
	s.RunSource("aws-people", runner.Ask{Trigger: model.RunByHand, Actor: Tester, Dry: true})
}

// offer is one way that a page offers to go on.
type offer struct{ method, address string }

// offers are the links and forms of a page, those for the script included.
func offers(p *Page) []offer {
	var found []offer
	for selector, method := range map[string]string{
		"a[href]": http.MethodGet, "[hx-get]": http.MethodGet, "[hx-post]": http.MethodPost,
		"form": http.MethodGet, "[formaction]": http.MethodPost,
	} {
		p.Doc.Find(selector).Each(func(_ int, e *goquery.Selection) {
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
func (s *Site) patternOf(method, path string) string {
	mux, ok := s.Handler().(chi.Routes)
	if !ok {
		s.T.Fatal("the handler cannot say its routes")
	}
	match := chi.NewRouteContext()
	if !mux.Match(match, method, path) {
		return ""
	}
	return match.RoutePattern()
}

// Walk follows every link from the overview and returns the patterns visited.
func (s *Site) Walk(t *testing.T, role model.Role) map[string]bool {
	t.Helper()
	roles := map[string]model.Role{}
	for _, rt := range s.ConsoleRoutes() {
		roles[rt.Method+" "+rt.Pattern] = rt.Role
	}
	seen, asked, queue := map[string]bool{}, map[string]bool{}, []string{"/"}
	for len(queue) > 0 {
		from := queue[0]
		queue = queue[1:]
		if asked[from] {
			continue
		}
		asked[from] = true
		res := s.Get(from)
		if res.Status != http.StatusOK {
			t.Errorf("GET %s answered %d", from, res.Status)
			continue
		}
		if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
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
			if o.method == http.MethodGet && Walks(pattern) {
				seen[pattern] = true
				to.Fragment = ""
				queue = append(queue, to.String())
			}
		}
	}
	return seen
}

// Walks tells whether the walk goes to such addresses. Those of the setup all
// need the same role, and some answer only the script of a page, or lead on.
func Walks(pattern string) bool {
	switch pattern {
	case "/logins/news", "/logins/follow/{id}", "/logins/follow/{id}/status", "/apps/{slug}/test", "/apps/{slug}/tested", "/audit/export.csv",
		"/audit/export.jsonl", "/help/images/{name}":
		return false
	}
	return !strings.HasPrefix(pattern, "/setup")
}
