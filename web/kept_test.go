package web

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/postern-sso/postern/internal/model"
)

func formBody(form url.Values) io.Reader { return strings.NewReader(form.Encode()) }

// hidden are the hidden fields of a page's form.
func (p *page) hidden(form string) url.Values {
	fields := url.Values{}
	p.doc.Find(form + " input[type=hidden]").Each(func(_ int, in *goquery.Selection) {
		fields.Add(in.AttrOr("name", ""), in.AttrOr("value", ""))
	})
	return fields
}

func TestAFormOutlivesItsSession(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleOwner)
	typed := url.Values{"username": {"ana"}, "email": {"ana@example.com"}, "display_name": {"Ana “the” <Admin>"}}
	s.client = s.browser() // the session is gone

	signIn := s.post("/users", typed)
	if signIn.status != http.StatusUnauthorized || !strings.Contains(signIn.text(), "not lost") {
		t.Fatalf("answered %d: %s", signIn.status, signIn.text())
	}
	form := signIn.hidden("form")
	form.Set("email", "owner@example.com")
	form.Set("password", "wrong")
	again := s.post("/signin", form)
	if again.status != http.StatusUnprocessableEntity {
		t.Fatalf("a wrong password answered %d", again.status)
	}
	form = again.hidden("form")
	form.Set("email", "owner@example.com")
	form.Set("password", testPassword)
	offer := s.post("/signin", form)
	if offer.status != http.StatusOK || !strings.Contains(offer.text(), "Ana “the” <Admin>") {
		t.Fatalf("after signing in: %d: %s", offer.status, offer.text())
	}
	if res := s.get("/users/ana"); res.status != http.StatusNotFound {
		t.Fatalf("saved without being asked: %d", res.status)
	}
	action := offer.doc.Find("main form").AttrOr("action", "")
	if res := s.post(action, offer.hidden("main form")); res.status != http.StatusSeeOther {
		t.Fatalf("saving answered %d: %s", res.status, res.text())
	}
	if res := s.get("/users/ana"); !strings.Contains(res.text(), "Ana “the” <Admin>") {
		t.Errorf("the user's page: %s", res.text())
	}
}

func TestWhatIsNotResumed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	res := s.post("/administrators/password", url.Values{"present_password": {"secret one"}, "new_password": {"secret two"}, "repeat_password": {"secret two"}})
	if res.status != http.StatusSeeOther || strings.Contains(res.body, "secret") {
		t.Errorf("a form with a password answered %d: %s", res.status, res.body)
	}
	res = s.do(http.MethodPost, "/setup/aws/welcome/typed", formBody(url.Values{"name": {"x"}}),
		http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Hx-Request": {"true"}})
	if res.status != http.StatusUnauthorized || res.header.Get("HX-Refresh") != "" {
		t.Errorf("typing without a session answered %d, refresh %q", res.status, res.header.Get("HX-Refresh"))
	}
}

// Only a form of the console is offered after signing in, never an address of
// somebody else's choice.
func TestResumedFormsStayInTheConsole(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleOwner)
	for _, action := range []string{"//evil.example/users", "https://evil.example/", "/saml/aws/acs", "/signout", "/nothing", "javascript:alert(1)"} {
		res := s.post("/signin", url.Values{"email": {"owner@example.com"}, "password": {testPassword},
			"kept_action": {action}, "kept": {"a=b"}})
		if res.status != http.StatusSeeOther || res.header.Get("Location") != "/" {
			t.Errorf("%s: answered %d, to %q", action, res.status, res.header.Get("Location"))
		}
	}
}
