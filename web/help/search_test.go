package help_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/web/webtest"
)

func TestTheGuideIsSearchedBySection(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleViewer)
	for query, want := range map[string]string{
		"suggests one":        "/help/setting-up#which-provisioning-model-is-mine",
		"SECRET.KEY  thief":   "/help/running-it#what-to-keep",
		"user_deactivated":    "/help/when-somebody-cannot-sign-in#user_deactivated",
		"csv file first line": "/help/setup-by-hand#the-csv-file",
	} {
		res := s.Get("/help?q="+url.QueryEscape(query)).Want(t, http.StatusOK)
		first := res.Doc.Find("main li .text-secondary").First().Parent().Find("a")
		if got := first.AttrOr("href", ""); got != want {
			t.Errorf("%q leads to %q first, want %q", query, got, want)
			continue
		}
		page, anchor, _ := strings.Cut(want, "#")
		if s.Get(page).Doc.Find(`[id="`+anchor+`"]`).Length() != 1 {
			t.Errorf("%s has no %s", page, anchor)
		}
	}
	s.Get("/help?q=zzzz").Want(t, http.StatusOK).Has(t, "main", "Nothing found")
	s.Get("/help?q=++").Want(t, http.StatusOK)
}

// Every reason is there with its cause and its remedy, in the product's words.
func TestTheGuideExplainsEveryRefusal(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleViewer)
	page := s.Get("/help/when-somebody-cannot-sign-in").Want(t, http.StatusOK)
	for _, code := range model.Codes {
		reason := sso.Explain(code)
		section := strings.Join(strings.Fields(page.Doc.Find("#"+string(code)).Parent().Text()), " ")
		for _, words := range []string{reason.Title, reason.Happened, reason.Fix, reason.Who} {
			if words == "" || !strings.Contains(section, strings.Join(strings.Fields(words), " ")) {
				t.Errorf("%s does not say %q", code, words)
			}
		}
	}
}
