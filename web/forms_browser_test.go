package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/browsertest"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/web/webtest"
)

// unsent is a script that returns what keeps the browser from sending the forms
// of a page: as they are shown, and with each choice of each list. A field that a
// person has yet to fill is none, as long as they can see it; a list that begins
// with what looks like a choice and counts as none is one.
const unsent = `(() => {
	const faults = new Set();
	const asks = e => e.validity.valueMissing && (e.matches("textarea, input") || /^(Choose|Select)/.test(e.selectedOptions[0]?.label || ""));
	const shown = e => { for (let d = e.closest("details"); d; d = d.parentElement.closest("details")) d.open = true; return e.checkVisibility(); };
	const look = (form, when) => {
		for (const e of form.elements) {
			if (!e.willValidate || e.validity.valid) continue;
			if (!asks(e)) faults.add(form.getAttribute("action") + " [" + e.name + "] " + when + ": " + e.validationMessage);
			else if (!shown(e)) faults.add(form.getAttribute("action") + " [" + e.name + "] " + when + ": asked for and hidden");
		}
	};
	for (const form of document.forms) {
		const buttons = [...form.elements].filter(e => e.matches("button:not([type=button]):not([type=reset])"));
		if (form.noValidate || buttons.length > 0 && buttons.every(b => b.formNoValidate)) continue;
		look(form, "as shown");
		for (const list of [...form.elements].filter(e => e.matches("select"))) {
			const before = list.selectedIndex;
			for (const o of list.options) {
				if (o.disabled || o.value === "" && list.required && /^(Choose|Select)/.test(o.label)) continue;
				o.selected = true;
				list.dispatchEvent(new Event("change", {bubbles: true}));
				look(form, "with " + list.name + " “" + o.label + "”");
			}
			list.selectedIndex = before;
		}
	}
	return [...faults];
})()`

// formsOf names the forms of a page by what they ask for; pages with the same
// forms need not be looked at twice.
func formsOf(p *webtest.Page, pattern string) []string {
	var forms []string
	p.Doc.Find("form").Each(func(_ int, f *goquery.Selection) {
		var fields []string
		f.Find("[name]").Each(func(_ int, e *goquery.Selection) {
			fields = append(fields, e.AttrOr("name", "")+":"+e.AttrOr("type", goquery.NodeName(e)))
		})
		slices.Sort(fields)
		forms = append(forms, pattern+" "+strings.Join(slices.Compact(fields), " "))
	})
	return forms
}

// formWalk follows the links of a site and asks the browser about each form once.
type formWalk struct {
	s       *webtest.Site
	b       *browsertest.Browser
	table   chi.Routes
	forms   map[string]bool
	visited map[string]int // how often, by pattern
}

// enough is how many pages of one kind are opened.
const enough = 40

func (w *formWalk) from(t *testing.T, pages ...string) {
	t.Helper()
	asked := map[string]bool{}
	for len(pages) > 0 {
		page := pages[0]
		pages = pages[1:]
		u, err := url.Parse(page)
		if err != nil || asked[page] || u.Host != "" || !strings.HasPrefix(page, "/") {
			continue
		}
		asked[page] = true
		match := chi.NewRouteContext()
		if !w.table.Match(match, http.MethodGet, u.Path) || strings.Contains(page, "/test/start") || w.visited[match.RoutePattern()] >= enough {
			continue
		}
		res := w.s.Get(page)
		w.visited[match.RoutePattern()]++
		if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") || res.Status != http.StatusOK {
			continue
		}
		w.look(t, res, page, match.RoutePattern())
		res.Doc.Find("a[href], form:not([method=post])[action]").Each(func(_ int, a *goquery.Selection) {
			if to, err := u.Parse(a.AttrOr("href", a.AttrOr("action", ""))); err == nil {
				to.Fragment = ""
				pages = append(pages, to.String())
			}
		})
	}
}

func (w *formWalk) look(t *testing.T, res *webtest.Page, page, pattern string) {
	t.Helper()
	isNew := false
	for _, form := range formsOf(res, pattern) {
		isNew = isNew || !w.forms[form]
		w.forms[form] = true
	}
	if !isNew {
		return
	}
	w.b.Goto(w.s.URL + page)
	if at := strings.TrimPrefix(w.b.URL(), w.s.URL); at != page {
		t.Errorf("%s led the browser to %s", page, at)
	}
	for _, fault := range browsertest.Eval[[]string](w.b, unsent) {
		t.Errorf("%s: the browser does not send %s", page, fault)
	}
}

// Every form of every page is one that a browser sends: as it is shown, and with
// every choice of every list.
func TestABrowserSendsEveryForm(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteOn(t, storetest.OpenPool(t))
	table, ok := s.Handler().(chi.Routes)
	if !ok {
		t.Fatal("the routes cannot be looked at")
	}
	w := &formWalk{s: s, b: browsertest.Open(t), table: table, forms: map[string]bool{}, visited: map[string]int{}}
	if err := s.Store.SaveClaimToken(t.Context(), "first", s.Now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	w.from(t, "/claim?token=first")
	s.Furnish()
	link := s.SetupLink("7")
	owner := s.Client
	s.Client = s.Browser()
	w.from(t, "/signin", "/me", "/", link)

	s.Client = owner
	w.b.Goto(s.URL + "/signin")
	w.b.Fill("email", string(model.RoleOwner)+"@example.com")
	w.b.Fill("password", webtest.TestPassword)
	w.b.Press("Sign in")
	var pages []string
	for _, p := range s.Setup.Flow.Progress(wizard.Facts{}) {
		pages = append(pages, fmt.Sprintf("/setup/aws/%s", p.Step.ID))
	}
	for _, rt := range s.ConsoleRoutes() {
		if rt.Method == http.MethodGet && !strings.Contains(rt.Pattern, "{") {
			pages = append(pages, rt.Pattern)
		}
	}
	w.from(t, append(pages, "/signin/again")...)
	for _, rt := range s.ConsoleRoutes() {
		if rt.Method == http.MethodGet && rt.Role == model.RoleViewer && webtest.Walks(rt.Pattern) && w.visited[rt.Pattern] == 0 {
			t.Errorf("no page of %s was seen", rt.Pattern)
		}
	}
	t.Logf("%d forms on %d kinds of pages", len(w.forms), len(w.visited))
	if len(w.forms) < 100 {
		t.Errorf("only %d forms were seen", len(w.forms))
	}
}
