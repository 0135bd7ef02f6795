package web_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

// anew are the acts that happen each time they are asked for: what is made is
// another one each time.
var anew = []string{ //nolint:gochecknoglobals // a table
	"/logins/follow", "/settings/warnings/calendar", "/settings/signing-keys/withdraw", "/administrators/password",
}

// goesOn are the acts that go on after the answer, which says nothing of success. The
// transaction of this test is one connection, which cannot have both.
var goesOn = []string{ //nolint:gochecknoglobals // a table
	"/sources/{slug}/run", "/sources/{slug}/runs/{id}/approve", "/sources/{slug}/runs/{id}/undo",
}

// sent is a form as it would be sent, with something in the fields that a person
// has yet to fill.
type sent struct {
	page, action, pattern string
	values                url.Values
}

// sentBy is what a form sends, by each of its buttons.
func sentBy(w *formWalk, page string, f *goquery.Selection) []sent {
	u, err := url.Parse(page)
	if err != nil {
		return nil
	}
	values := url.Values{}
	f.Find("input, select, textarea").Each(func(_ int, e *goquery.Selection) {
		name, kind := e.AttrOr("name", ""), e.AttrOr("type", goquery.NodeName(e))
		_, disabled := e.Attr("disabled")
		_, checked := e.Attr("checked")
		if name == "" || disabled || kind == "file" {
			return
		}
		value := e.AttrOr("value", "")
		switch kind {
		case "checkbox", "radio":
			if !checked && values.Has(name) || !checked && kind == "checkbox" {
				return
			}
			if value == "" {
				value = "on"
			}
			if checked && kind == "radio" {
				values.Del(name)
			}
		case "select":
			option := e.Find("option[selected]").First()
			if option.Length() == 0 {
				option = e.Find("option").First()
			}
			value = option.AttrOr("value", option.Text())
		case "textarea":
			value = strings.TrimPrefix(e.Text(), "\n")
		}
		if value == "" {
			value = typedInto(name, u.Path)
		}
		values.Add(name, value)
	})
	variants := map[string]url.Values{}
	own := f.AttrOr("action", page)
	f.Find("button:not([type=button]):not([type=reset])").Each(func(_ int, b *goquery.Selection) {
		with := url.Values{}
		for name, v := range values {
			with[name] = v
		}
		if name := b.AttrOr("name", ""); name != "" {
			with.Set(name, b.AttrOr("value", ""))
		}
		variants[b.AttrOr("formaction", own)+" "+b.AttrOr("name", "")] = with
	})
	var all []sent
	for action, with := range variants {
		action, _, _ = strings.Cut(action, " ")
		to, err := u.Parse(action)
		if err != nil || to.Host != "" {
			continue
		}
		all = append(all, sent{page: page, action: to.RequestURI(), pattern: w.patternOf(http.MethodPost, to.EscapedPath()), values: with})
	}
	return all
}

// typedInto is what somebody types into a field that is empty.
func typedInto(name, path string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch name {
	case "confirm":
		if name, err := url.PathUnescape(parts[min(1, len(parts)-1)]); err == nil {
			return map[string]string{"jira": "Jira", "jira-directory": "Jira"}[name] + map[bool]string{true: name}[!strings.HasPrefix(name, "jira")]
		}
	case "username", "name", "slug", "person", "description", "display_name", "product_name":
		return "fresh"
	case "email":
		return "fresh@example.com"
	case "people":
		return "ben"
	case "group_typed", "groups_typed":
		return "staff"
	case "accept_losses", "replace":
		return "yes"
	case "password", "new_password", "repeat_password", "present_password":
		return webtest.TestPassword
	}
	return ""
}

// claimsChange tells whether the page after an answer has a message of success.
func claimsChange(s *webtest.Site, res *webtest.Page) string {
	if res.Status != http.StatusSeeOther {
		return ""
	}
	return s.Get(res.Header.Get("Location")).Find("div.alert-success[role=status]")
}

// Every form of every page is sent twice, unchanged. The second answer may not say
// that something changed: it was so already. Where each time another one is made,
// the act is named above.
func TestNoFormClaimsTwiceThatItChangedSomething(t *testing.T) {
	t.Parallel()
	st, tx := storetest.OpenTx(t)
	s := webtest.NewSiteOn(t, st)
	s.Furnish()
	s.FurnishMore()
	var all []sent
	seen := map[string]bool{}
	w := newFormWalk(t, s, nil)
	collect := func(res *webtest.Page, page string) {
		res.Doc.Find("form[method=post]").Each(func(_ int, f *goquery.Selection) {
			for _, form := range sentBy(w, page, f) {
				var fields []string
				for name := range form.values {
					fields = append(fields, name)
				}
				slices.Sort(fields)
				key := form.action + " " + strings.Join(fields, " ")
				if strings.Count(form.pattern, "{") == 1 && !strings.HasPrefix(form.pattern, "/setup") {
					key = form.pattern + " " + strings.Join(fields, " ")
				}
				if !seen[key] && form.pattern != "" && !slices.Contains(goesOn, form.pattern) {
					seen[key] = true
					all = append(all, form)
				}
			}
		})
	}
	w.look = func(res *webtest.Page, page, _ string) { collect(res, page) }
	w.from(w.starts()...)

	claimed, sentForms := map[string]bool{}, 0
	exec := func(sql string) {
		if _, err := tx.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	for len(all) > 0 {
		form := all[0]
		all = all[1:]
		sentForms++
		if s.Get("/account").Status != http.StatusOK { // a form has ended the session
			s.Client, s.Now = s.Browser(), s.Now.Add(30*time.Minute)
			s.Post("/signin", url.Values{"email": {string(model.RoleOwner) + "@example.com"}, "password": {webtest.TestPassword}}).Want(t, http.StatusSeeOther)
		}
		exec("savepoint form")
		res := s.Post(form.action, form.values)
		if first := claimsChange(s, res); first != "" {
			claimed[form.pattern] = true
		} else if res.Status == http.StatusOK && res.Doc != nil {
			collect(res, form.page)
		}
		if again := claimsChange(s, s.Post(form.action, form.values)); again != "" && !slices.Contains(anew, form.pattern) {
			t.Errorf("%s, sent twice from %s, says again: %s", form.pattern, form.page, again)
		}
		exec("rollback to savepoint form")
	}
	t.Logf("%d forms, of which %d kinds changed something", sentForms, len(claimed))
	if len(claimed) < 25 {
		t.Errorf("only %d kinds of forms changed something at all: %v", len(claimed), claimed)
	}
}
