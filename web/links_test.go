package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

// Every link and every form of every page leads to an address that exists.
func TestNoLinkAndNoFormLeadsNowhere(t *testing.T) {
	t.Parallel()
	s := webtest.EditedLive(t, func(*model.Config) {})
	ctx := t.Context()
	storetest.Group(t, s.Store, "staff")
	if err := s.Store.AddMember(ctx, storetest.Actor, "staff", "ana"); err != nil {
		t.Fatal(err)
	}
	_, err := s.Store.CreateRule(ctx, storetest.Actor, model.Rule{Name: "everyone", Connection: "aws", Kind: model.RuleAlways, Groups: []string{"staff"}})
	if err != nil {
		t.Fatal(err)
	}
	refused := s.AddLogin(webtest.RefusedAs(model.CodeUserUnknown))
	table, ok := s.Handler().(chi.Routes)
	if !ok {
		t.Fatal("the routes cannot be looked at")
	}
	leads := func(method, address string) bool {
		u, err := url.Parse(address)
		if err != nil || u.Host != "" || u.Path == "" {
			return err == nil // elsewhere, or a place on the page
		}
		return table.Match(chi.NewRouteContext(), method, u.EscapedPath())
	}
	seen := map[string]bool{}
	pages := []string{"/", "/users/ana", "/groups/staff", "/rules/everyone", "/logins/" + refused.ID}
	for len(pages) > 0 && len(seen) < 300 {
		page := pages[0]
		if pages = pages[1:]; seen[page] {
			continue
		}
		seen[page] = true
		res := s.Get(page)
		if strings.Contains(page, "/test/start") || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
			continue
		}
		res.Doc.Find("a[href]").Each(func(_ int, a *goquery.Selection) {
			href := a.AttrOr("href", "")
			if !leads(http.MethodGet, href) {
				t.Errorf("%s: the link %q leads nowhere", page, href)
			}
			if strings.HasPrefix(href, "/") && !strings.HasPrefix(href, "/static") {
				pages = append(pages, href)
			}
		})
		res.Doc.Find("form").Each(func(_ int, f *goquery.Selection) {
			method := strings.ToUpper(f.AttrOr("method", "get"))
			if action := f.AttrOr("action", page); !leads(method, action) {
				t.Errorf("%s: the form %s %q leads nowhere", page, method, action)
			}
		})
		res.Doc.Find("button[formaction]").Each(func(_ int, b *goquery.Selection) {
			if action := b.AttrOr("formaction", ""); !leads(http.MethodPost, action) {
				t.Errorf("%s: the button %q leads nowhere", page, action)
			}
		})
	}
	if len(seen) < 40 {
		t.Errorf("only %d pages were seen", len(seen))
	}
}
