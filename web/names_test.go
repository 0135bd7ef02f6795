package web_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/webtest"
)

// Short names of the site below, and what people call these things.
const (
	slugConnection = "zzslug"
	nameConnection = "Head office"
	slugApp        = "yyslug"
	slugSource     = "xxslug"
	nameApp        = "Ticket desk"
)

// shortNames are the places that show a short name because it is typed, or told
// apart, by it.
var shortNames = []struct{ page, selector, why string }{ //nolint:gochecknoglobals // a table
	{"", "code, pre, .screen-value", "a value to type, an address or a command"},
	{"/connections/" + slugConnection, ".short-name", "what commands and the configuration document call it"},
	{"/sources/" + slugSource, ".short-name", "what commands and the configuration document call it"},
	{"/audit", "details", "fields before and after are the stored ones"},
	{"/help", "main", "the guide speaks of no site"},
}

// asides are the parts of a sentence that templates put together: no blank goes
// before a comma or a full stop, and one follows it.
var asides = regexp.MustCompile(`[A-Za-z)”] [.,:;]( |$)|[A-Za-z)][.][A-Z][a-z]|[a-z)],[^ ”’)A-Z]`)

// namedSite has a connection and apps whose names and short names differ, with
// what happened to them.
func namedSite(t *testing.T) *webtest.Site {
	t.Helper()
	ctx := context.Background()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	c := storetest.LiveConnection(t, s.Store, slugConnection, func(c *model.Config) {
		c.Name, c.IdPMetadata, c.Provisioning = nameConnection, webtest.AwsMetadata(), model.ProvisioningJIT
		c.Attributes = model.WizardAttributes()
	})
	s.AddUser("ana", "staff")
	s.AddUser("ben")
	for _, change := range []struct {
		path   string
		form   url.Values
		status int
	}{
		{"/groups/staff/bulk/confirm", url.Values{"do": {"add"}, "people": {"ben"}}, http.StatusSeeOther},
		{"/rules", url.Values{"name": {"engineers"}, "connection": {slugConnection}, "kind": {"always"}, "groups": {"staff"}}, http.StatusSeeOther},
		{"/apps", url.Values{"product": {"jira"}, "road": {"both"}, "base_url": {"https://jira.example.com"}, "slug": {slugApp}}, http.StatusOK},
		{"/logins/follow", url.Values{"connection": {slugConnection}, "person": {"ana"}}, http.StatusSeeOther},
		{"/users/import/confirm", url.Values{"csv": {"username,email\ncy,cy@example.com\n"}}, http.StatusSeeOther},
		{"/users/ben/allow-link", url.Values{"connection": {slugConnection}}, http.StatusSeeOther},
	} {
		s.Post(change.path, change.form).Want(t, change.status)
	}
	for _, app := range []string{slugApp, slugApp + "-directory"} {
		a, err := s.Store.App(ctx, app)
		if err != nil {
			t.Fatal(err)
		}
		if a.Kind == model.AppOIDC {
			a.Name, a.Connection = nameApp, slugConnection
		} else {
			a.Name = nameApp + " people"
		}
		if err := s.Store.SaveApp(ctx, webtest.Tester, a); err != nil {
			t.Fatal(err)
		}
	}
	happened(t, s, c)
	s.SourceOf(slugSource, 3)
	s.Post("/connections/"+slugConnection+"/edit", url.Values{}).Want(t, http.StatusSeeOther)
	_, err := s.Store.SaveDraft(ctx, webtest.Tester, slugConnection, s.Connection(slugConnection).Draft.Version, func(r *model.Revision) error {
		for _, p := range s.Setup.Flow.Progress(wizard.Facts{}) {
			r.Ticks[string(p.Step.ID)] = true
		}
		r.Config.JIT.Create = false
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Post("/connections/"+slugConnection+"/setup-links", url.Values{"days": {"7"}}).Want(t, http.StatusOK)
	return s
}

// happened has somebody sign in, whom a rule gives a group, and others be refused.
func happened(t *testing.T, s *webtest.Site, c model.Connection) {
	t.Helper()
	ctx := context.Background()
	p := model.Person{NameID: "ana", Username: "ana", Email: "ana@example.com", ExternalID: "A-1"}
	l := model.Login{ID: store.NewLoginID(), Connection: c.Slug, StartedAt: s.Now, FinishedAt: s.Now, Username: "ana", NameID: "ana", Person: &p}
	_, _, err := s.Store.CompleteLogin(ctx, store.Completion{
		Login: l, ConnectionID: c.ID, AssertionID: "_1", AssertionExpires: s.Now.Add(time.Hour), Person: p, Now: s.Now,
		Decide: func(k model.Known) model.Decision {
			return model.Decision{Action: model.UserKept, User: *k.ByUsername, LinkIdentity: true,
				Identity:  model.Identity{ConnectionID: c.ID, NameID: "ana", ExternalID: "A-1", IdPEntityID: "https://portal.sso.us-east-1.amazonaws.com/saml/assertion/x"},
				AddGroups: []model.GroupGrant{{Group: "staff", Origin: "engineers"}}}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range model.Codes {
		s.AddLogin(func(l *model.Login) {
			webtest.RefusedAs(code)(l)
			l.Connection, l.Username, l.Person = c.Slug, "stranger", &model.Person{NameID: "stranger", Username: "stranger"}
		})
	}
	s.AddLogin(func(l *model.Login) {
		l.Connection, l.Outcome, l.StartedAt = c.Slug, model.OutcomePending, s.Now.Add(-time.Hour/2)
	})
}

// A connection, an app and a source are shown by their names, on every page that a link
// leads to; and what is put together to sentences has its blanks.
func TestThingsAreShownByTheirNames(t *testing.T) {
	t.Parallel()
	s := namedSite(t)
	seen, patterns, queue := map[string]bool{}, map[string]bool{}, []string{"/", "/connections/" + slugConnection + "/replay?run=1", "/audit?kind=connection."}
	for len(queue) > 0 && len(seen) < 500 {
		page := queue[0]
		if queue = queue[1:]; seen[page] || strings.Contains(page, "/test") || strings.Contains(page, "/export") || strings.Contains(page, "/help") {
			continue
		}
		seen[page] = true
		res := s.Get(page)
		if res.Status != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
			continue
		}
		readAloud(t, page, res.Doc)
		for _, rt := range s.ConsoleRoutes() {
			if rt.Method == http.MethodGet && routeFits(rt, page) {
				patterns[rt.Pattern] = true
			}
		}
		res.Doc.Find("a[href^='/']").Each(func(_ int, a *goquery.Selection) {
			href, _, _ := strings.Cut(a.AttrOr("href", ""), "#")
			queue = append(queue, href)
		})
	}
	for _, want := range []string{"/", "/connections", "/connections/{slug}", "/connections/{slug}/certificates",
		"/users/{username}", "/groups/{name}", "/rules/{name}",
		"/rules", "/logins", "/logins/{id}", "/logins/follow", "/apps", "/apps/{slug}", "/sources", "/sources/{slug}",
		"/audit", "/jobs/{id}", "/setup/{connection}/{step}"} {
		if !patterns[want] {
			t.Errorf("no page of %s was read", want)
		}
	}
}

// routeFits tells whether a page is at the route's address.
func routeFits(rt kit.Route, page string) bool {
	path, _, _ := strings.Cut(page, "?")
	pattern := regexp.MustCompile(`\\\{[a-z]+\\\}`).ReplaceAllString(regexp.QuoteMeta(rt.Pattern), `[^/]+`)
	return regexp.MustCompile("^" + pattern + "$").MatchString(path)
}

// readAloud looks for short names in what people see and hear of a page.
func readAloud(t *testing.T, page string, doc *goquery.Document) {
	t.Helper()
	doc.Find("script, style, textarea, noscript").Remove()
	doc.Find("code").SetText("code")
	doc.Find("p, li, dd, div, h1, h2, h3, summary, figcaption, caption").Each(func(_ int, e *goquery.Selection) {
		if e.Find("p, li, div, dl, table").Length() > 0 {
			return
		}
		if text := strings.Join(strings.Fields(e.Text()), " "); asides.MatchString(text) {
			t.Errorf("%s: blanks of %q", page, text)
		}
	})
	path, _, _ := strings.Cut(page, "?")
	for _, place := range shortNames {
		if place.page == "" || strings.HasPrefix(path, place.page) {
			doc.Find(place.selector).Remove()
		}
	}
	said := doc.Find("title, body").Text()
	doc.Find("[title], [aria-label], [placeholder]").Each(func(_ int, e *goquery.Selection) {
		said += "\n" + e.AttrOr("title", "") + "\n" + e.AttrOr("aria-label", "") + "\n" + e.AttrOr("placeholder", "")
	})
	for line := range strings.Lines(said) {
		for _, slug := range []string{slugConnection, slugApp, slugSource} {
			if at := strings.Index(line, slug); at >= 0 && !regexp.MustCompile(`\S*/`+slug).MatchString(line) {
				t.Errorf("%s shows the short name: …%q…", page, line[max(0, at-40):min(len(line), at+40)])
			}
		}
	}
}
