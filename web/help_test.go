package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/wizard"
)

// Every page of the console, and every step of the wizard, says what it is, and
// leads to a page of the guide that exists.
func TestEveryPageSaysWhatItIs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	pages, err := guidePages()
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
	for _, rt := range s.consoleRoutes() {
		switch {
		case rt.method != http.MethodGet, strings.Contains(rt.pattern, "export"), strings.HasPrefix(rt.pattern, "/setup/{connection}/"),
			strings.HasSuffix(rt.pattern, "/people"), strings.HasSuffix(rt.pattern, ".xml"):
		default:
			keys = append(keys, rt.pattern)
		}
	}
	for _, p := range flow.Progress(wizard.Facts{}) {
		keys = append(keys, "/setup/"+string(p.Step.ID))
	}
	parts := map[string]bool{"/logins/news": true, "/suggest/groups": true, "/help/images/{name}": true, "/apps/{slug}/test": true,
		"/logins/follow/{id}/status": true, "/logins/{id}/xml": true, "/logins/{id}/download": true}
	for _, key := range keys {
		topic, ok := helpTopics[key]
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
	s := newSiteAs(t, model.RoleViewer)
	first := s.get("/help")
	links := first.doc.Find(".guide-contents a").Map(func(_ int, a *goquery.Selection) string { return a.AttrOr("href", "") })
	if len(links) < 10 {
		t.Fatalf("%d pages", len(links))
	}
	for _, link := range links {
		page := s.get(link)
		if page.status != http.StatusOK || page.find("h1") == "" || page.find("article") == "" {
			t.Errorf("%s answered %d", link, page.status)
		}
		page.doc.Find("article a[href], article img[src]").Each(func(_ int, e *goquery.Selection) {
			to := e.AttrOr("href", e.AttrOr("src", ""))
			if res := s.get(to); res.status != http.StatusOK {
				t.Errorf("%s: %s answered %d", link, to, res.status)
			}
		})
	}
	if text := s.get("/help/when-somebody-cannot-sign-in").find("article"); !strings.Contains(text, "audience_mismatch") {
		t.Error("the reasons are not listed")
	}
	if text := s.get("/help?q=undo").text(); !strings.Contains(text, "Users and groups") {
		t.Errorf("the search finds %s", text)
	}
	if res := s.get("/help/nothing"); res.status != http.StatusNotFound {
		t.Errorf("an unknown page answered %d", res.status)
	}
}
