package web_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/postern-sso/postern/internal/browsertest"
	"github.com/postern-sso/postern/internal/directory/runner"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
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

// look asks the browser about the forms of a page that were not seen before.
func look(t *testing.T, s *webtest.Site, b *browsertest.Browser, seen map[string]bool) func(*webtest.Page, string, string) {
	return func(res *webtest.Page, page, pattern string) {
		isNew := false
		for _, form := range formsOf(res, pattern) {
			isNew = isNew || !seen[form]
			seen[form] = true
		}
		if !isNew {
			return
		}
		b.Goto(s.URL + page)
		if at := strings.TrimPrefix(b.URL(), s.URL); at != page {
			t.Errorf("%s led the browser to %s", page, at)
		}
		for _, fault := range browsertest.Eval[[]string](b, unsent) {
			t.Errorf("%s: the browser does not send %s", page, fault)
		}
	}
}

// answered are the forms whose answer has a form itself: what is to be confirmed.
var answered = []struct{ page, field, typed, button string }{ //nolint:gochecknoglobals // a table
	{"/users/import", "csv", "username,email\nzoe,zoe@example.com\nyan,nowhere\n", "Preview the import"},
	{"/groups/staff/bulk", "people", "ben", "Show what would change"},
}

// conflicting adds a source with two people who have usernames of users whom it does
// not take over; of one somebody has decided who it is.
func conflicting(t *testing.T, s *webtest.Site) {
	t.Helper()
	src := s.SourceOf("conflicting", 2)
	_, err := s.Store.UpdateSource(t.Context(), webtest.Tester, src.Slug, 0, func(x *model.Source) error { x.AdoptExisting, x.Create = false, false; return nil })
	if err != nil {
		t.Fatal(err)
	}
	r := webtest.ReadingOf(2)
	for _, name := range []string{"conflict1", "conflict2"} {
		s.AddUser(name)
		r.People = append(r.People, model.SourcePerson{StableID: "id-" + name, Username: name, Email: name + "@corp.example", Enabled: true, Says: model.SaysAll})
	}
	s.Directories.Have(src.Slug, r)
	if run := s.RunSource(src.Slug, runner.Ask{Trigger: model.RunBySchedule}); run.Counts.Conflicts != 2 {
		t.Fatalf("%d conflicts", run.Counts.Conflicts)
	}
	s.Post(paths.SourceAction(src.Slug, "conflicts", "link"), url.Values{"id": {"id-conflict1"}, "user": {"conflict1"}}).Want(t, http.StatusSeeOther)
}

// Every form of every page is one that a browser sends: as it is shown, and with
// every choice of every list.
func TestABrowserSendsEveryForm(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteOn(t, storetest.OpenPool(t))
	forms, b := map[string]bool{}, browsertest.Open(t)
	w := newFormWalk(t, s, look(t, s, b, forms))
	if err := s.Store.SaveClaimToken(t.Context(), "first", s.Now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	w.from("/claim?token=first")
	s.Furnish()
	s.FurnishMore()
	conflicting(t, s)
	link := s.SetupLink("7")
	owner := s.Client
	s.Client = s.Browser()
	w.from("/signin", "/me", "/", link)

	s.Client = owner
	b.Goto(s.URL + "/signin")
	b.Fill("email", string(model.RoleOwner)+"@example.com")
	b.Fill("password", webtest.TestPassword)
	b.Press("Sign in")
	w.from(w.starts()...)
	for _, a := range answered {
		b.Goto(s.URL + a.page)
		b.Fill(a.field, a.typed)
		b.Press(a.button)
		for _, fault := range browsertest.Eval[[]string](b, unsent) {
			t.Errorf("the answer to %s: the browser does not send %s", a.page, fault)
		}
		const actions = `[...document.querySelectorAll("form, [formaction]")].map(e => e.getAttribute("formaction") || e.getAttribute("action"))`
		for _, action := range browsertest.Eval[[]string](b, actions) {
			w.actions[w.patternOf(http.MethodPost, action)] = true
		}
	}
	for _, rt := range s.ConsoleRoutes() {
		if rt.Method == http.MethodGet && rt.Role == model.RoleViewer && webtest.Walks(rt.Pattern) && w.visited[rt.Pattern] == 0 {
			t.Errorf("no page of %s was seen", rt.Pattern)
		}
	}
	t.Logf("%d forms on %d kinds of pages", len(forms), len(w.visited))
	if len(forms) < 100 {
		t.Errorf("only %d forms were seen", len(forms))
	}
	for _, rt := range s.ConsoleRoutes() {
		if rt.Method == http.MethodPost && !w.actions[rt.Pattern] && noFormFor[rt.Pattern] == "" {
			t.Errorf("no form of any page was seen that leads to %s", rt.Pattern)
		}
		if w.actions[rt.Pattern] && noFormFor[rt.Pattern] != "" {
			t.Errorf("a form leads to %s, which is said to have none: %s", rt.Pattern, noFormFor[rt.Pattern])
		}
	}
}
