package help_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/web/help"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/webtest"
)

// Every page of the console, and every step of the wizard, says what it is, and
// leads to a page of the guide that exists.
func TestEveryPageSaysWhatItIs(t *testing.T) {
	t.Parallel()
	s := webtest.NewSite(t)
	pages, err := help.GuidePages()
	if err != nil {
		t.Fatal(err)
	}
	guide := map[string]bool{}
	for _, p := range pages {
		guide[p.Slug] = true
	}
	flow, err := wizard.Setup()
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, rt := range s.ConsoleRoutes() {
		switch {
		case rt.Method != http.MethodGet, strings.Contains(rt.Pattern, "export"), strings.HasPrefix(rt.Pattern, "/setup/{connection}/"),
			strings.HasSuffix(rt.Pattern, "/people"), strings.HasSuffix(rt.Pattern, ".xml"):
		default:
			keys = append(keys, rt.Pattern)
		}
	}
	for _, step := range flow.Steps() {
		keys = append(keys, "/setup/"+string(step.ID))
	}
	parts := map[string]bool{"/logins/news": true, "/suggest/groups": true, "/help/images/{name}": true, "/apps/{slug}/test": true,
		"/logins/follow/{id}/status": true, "/logins/{id}/xml": true, "/logins/{id}/download": true,
		"/jobs/{id}/rows.csv": true}
	for _, key := range keys {
		topic, ok := kit.HelpTopics[key]
		if !ok && !parts[key] {
			t.Errorf("%s does not say what it is", key)
		}
		if ok && !guide[topic.Guide] {
			t.Errorf("%s leads to %q, and the guide has no such page", key, topic.Guide)
		}
	}
}

func TestTheGuideIsServed(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleViewer)
	first := s.Get("/help")
	links := first.Doc.Find(".guide-contents a").Map(func(_ int, a *goquery.Selection) string { return a.AttrOr("href", "") })
	if len(links) < 10 {
		t.Fatalf("%d pages", len(links))
	}
	for _, link := range links {
		page := s.Get(link)
		if page.Status != http.StatusOK || page.Find("h1") == "" || page.Find("article") == "" {
			t.Errorf("%s answered %d", link, page.Status)
		}
		page.Doc.Find("article a[href], article img[src]").Each(func(_ int, e *goquery.Selection) {
			to := e.AttrOr("href", e.AttrOr("src", ""))
			if res := s.Get(to); res.Status != http.StatusOK {
				t.Errorf("%s: %s answered %d", link, to, res.Status)
			}
		})
	}
	if text := s.Get("/help/when-somebody-cannot-sign-in").Find("article"); !strings.Contains(text, "audience_mismatch") {
		t.Error("the reasons are not listed")
	}
	if text := s.Get("/help?q=undo").Text(); !strings.Contains(text, "Users and groups") {
		t.Errorf("the search finds %s", text)
	}
	if res := s.Get("/help/nothing"); res.Status != http.StatusNotFound {
		t.Errorf("an unknown page answered %d", res.Status)
	}
}
