package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/web/webtest"
)

// formWalk follows the links of a site and shows each page to somebody who looks at
// its forms.
type formWalk struct {
	s       *webtest.Site
	table   chi.Routes
	look    func(res *webtest.Page, page, pattern string)
	visited map[string]int  // how often, by pattern
	actions map[string]bool // of forms that were seen, by pattern
}

// enough is how many pages of one kind are opened.
const enough = 40

func newFormWalk(t *testing.T, s *webtest.Site, look func(*webtest.Page, string, string)) *formWalk {
	t.Helper()
	table, ok := s.Handler().(chi.Routes)
	if !ok {
		t.Fatal("the routes cannot be looked at")
	}
	return &formWalk{s: s, table: table, look: look, visited: map[string]int{}, actions: map[string]bool{}}
}

// starts are the pages of the console that lists do not lead to.
func (w *formWalk) starts() []string {
	var pages []string
	for _, step := range w.s.Setup.Flow.Steps() {
		pages = append(pages, fmt.Sprintf("/setup/aws/%s", step.ID))
	}
	for _, rt := range w.s.ConsoleRoutes() {
		if rt.Method == http.MethodGet && !strings.Contains(rt.Pattern, "{") {
			pages = append(pages, rt.Pattern)
		}
	}
	return append(pages, "/signin/again")
}

// patternOf is the route that answers a request; empty: none does.
func (w *formWalk) patternOf(method, path string) string {
	match := chi.NewRouteContext()
	if !w.table.Match(match, method, path) {
		return ""
	}
	return match.RoutePattern()
}

func (w *formWalk) from(pages ...string) {
	asked := map[string]bool{}
	for len(pages) > 0 {
		page := pages[0]
		pages = pages[1:]
		u, err := url.Parse(page)
		if err != nil || asked[page] || u.Host != "" || !strings.HasPrefix(page, "/") {
			continue
		}
		asked[page] = true
		pattern := w.patternOf(http.MethodGet, u.EscapedPath())
		if pattern == "" || strings.Contains(page, "/test/start") || w.visited[pattern] >= enough {
			continue
		}
		res := w.s.Get(page)
		w.visited[pattern]++
		if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") || res.Status != http.StatusOK {
			continue
		}
		w.look(res, page, pattern)
		res.Doc.Find("form[method=post], [formaction], [hx-post]").Each(func(_ int, f *goquery.Selection) {
			for _, name := range []string{"action", "formaction", "hx-post"} {
				if to, err := u.Parse(f.AttrOr(name, page)); err == nil {
					w.actions[w.patternOf(http.MethodPost, to.EscapedPath())] = true
				}
			}
		})
		res.Doc.Find("a[href], form:not([method=post])[action]").Each(func(_ int, a *goquery.Selection) {
			if to, err := u.Parse(a.AttrOr("href", a.AttrOr("action", ""))); err == nil {
				to.Fragment = ""
				pages = append(pages, to.String())
			}
		})
	}
}

// noFormFor are addresses that no form leads to on the pages that this walk can
// ask for, and why.
var noFormFor = map[string]string{ //nolint:gochecknoglobals // a table
	"/account/passkeys/options":               "a script asks for it",
	"/account/passkeys/remove":                "needs a passkey of one's own, and so a second step at the sign-in",
	"/account/recovery-codes":                 "needs a passkey of one's own, and so a second step at the sign-in",
	"/bulk/confirm":                           "the same form as that of a group, on the answer to a choice of people",
	"/connections/{slug}/certificates/trust":  "needs a certificate that AWS has published since",
	"/connections/{slug}/certificates/remove": "needs two certificates",
	"/connections/{slug}/certificates/refuse": "needs a proposal through a setup link",
	"/jobs/{id}/cancel":                       "needs a job that is under way",
	"/leavers/{username}/adopt":               "needs somebody without a home who has left",
	"/link/confirm":                           "needs people who are still to be linked",
	"/link/{act}/undo":                        "stands in the message after the act",
	"/logins/{id}/xml":                        "needs a response that was kept",
	"/logins/{id}/download":                   "needs a response that was kept",
	"/settings/signing-keys/withdraw":         "needs an earlier key",
	"/sources/new/simulated-aws":              "needs the simulated AWS of a demo",
	"/setup/{connection}/test/username":       "needs a test sign-in through AWS",
}
