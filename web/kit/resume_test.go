package kit_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/webtest"
)

func TestAFormOutlivesItsSession(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	typed := url.Values{"username": {"ana"}, "email": {"ana@example.com"}, "display_name": {"Ana “the” <Admin>"}}
	s.Client = s.Browser() // the session is gone

	signIn := s.Post("/users", typed)
	if signIn.Status != http.StatusUnauthorized || !strings.Contains(signIn.Text(), "not lost") {
		t.Fatalf("answered %d: %s", signIn.Status, signIn.Text())
	}
	form := signIn.Hidden("form")
	form.Set("email", "owner@example.com")
	form.Set("password", "wrong")
	again := s.Post("/signin", form)
	if again.Status != http.StatusUnprocessableEntity {
		t.Fatalf("a wrong password answered %d", again.Status)
	}
	form = again.Hidden("form")
	form.Set("email", "owner@example.com")
	form.Set("password", webtest.TestPassword)
	offer := s.Post("/signin", form)
	if offer.Status != http.StatusOK || !strings.Contains(offer.Text(), "Ana “the” <Admin>") {
		t.Fatalf("after signing in: %d: %s", offer.Status, offer.Text())
	}
	if res := s.Get("/users/ana"); res.Status != http.StatusNotFound {
		t.Fatalf("saved without being asked: %d", res.Status)
	}
	action := offer.Doc.Find("main form").AttrOr("action", "")
	if res := s.Post(action, offer.Hidden("main form")); res.Status != http.StatusSeeOther {
		t.Fatalf("saving answered %d: %s", res.Status, res.Text())
	}
	if res := s.Get("/users/ana"); !strings.Contains(res.Text(), "Ana “the” <Admin>") {
		t.Errorf("the user's page: %s", res.Text())
	}
}

func TestWhatIsNotResumed(t *testing.T) {
	t.Parallel()
	s := webtest.NewSite(t)
	res := s.Post("/administrators/password", url.Values{"present_password": {"secret one"}, "new_password": {"secret two"}, "repeat_password": {"secret two"}})
	if res.Status != http.StatusSeeOther || strings.Contains(res.Body, "secret") {
		t.Errorf("a form with a password answered %d: %s", res.Status, res.Body)
	}
	res = s.Do(http.MethodPost, "/setup/aws/welcome/typed", webtest.FormBody(url.Values{"name": {"x"}}),
		http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Hx-Request": {"true"}})
	if res.Status != http.StatusUnauthorized || res.Header.Get("HX-Refresh") != "" {
		t.Errorf("typing without a session answered %d, refresh %q", res.Status, res.Header.Get("HX-Refresh"))
	}
}

// Only a form of the console is offered after signing in, never an address of
// somebody else's choice.
func TestResumedFormsStayInTheConsole(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	for _, action := range []string{"//evil.example/users", "https://evil.example/", "/saml/aws/acs", "/signout", "/nothing", "javascript:alert(1)"} {
		res := s.Post("/signin", url.Values{"email": {"owner@example.com"}, "password": {webtest.TestPassword},
			"kept_action": {action}, "kept": {"a=b"}})
		if res.Status != http.StatusSeeOther || res.Header.Get("Location") != "/" {
			t.Errorf("%s: answered %d, to %q", action, res.Status, res.Header.Get("Location"))
		}
	}
}
