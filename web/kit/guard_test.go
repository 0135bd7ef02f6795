package kit_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/webtest"
)

// Who is not signed in is asked to, in a way that suits what asked: a page comes
// back afterwards, a form is kept, and a part of a page is not replaced by a
// sign-in.
func TestGuardAsksWhoIsNotSignedIn(t *testing.T) {
	t.Parallel()
	s := webtest.NewSite(t)
	if to := s.Get("/users?q=ana").Want(t, http.StatusSeeOther).Header.Get("Location"); to != "/signin?next=%2Fusers%3Fq%3Dana" {
		t.Errorf("a page leads to %q", to)
	}
	form := url.Values{"username": {"ana"}}
	kept := s.Post("/users", form).Want(t, http.StatusUnauthorized)
	if !strings.Contains(kept.Text(), "not lost") {
		t.Errorf("a form is answered with %s", kept.Text())
	}
	part := http.Header{"Hx-Request": {"true"}, "Content-Type": {"application/x-www-form-urlencoded"}}
	if res := s.Do(http.MethodPost, "/users", strings.NewReader(form.Encode()), part); res.Status != http.StatusUnauthorized || res.Body != "" {
		t.Errorf("a script that sends is answered %d with %q", res.Status, res.Body)
	}
	res := s.Do(http.MethodGet, "/users", nil, http.Header{"Hx-Request": {"true"}})
	if res.Status != http.StatusNoContent || res.Header.Get("HX-Refresh") != "true" || res.Header.Get("Location") != "" {
		t.Errorf("a script that reads is answered %d with %v", res.Status, res.Header)
	}
	if _, err := s.Store.User(t.Context(), "ana"); err == nil {
		t.Error("something was done")
	}
}

// What the role does not include is not done.
func TestGuardWantsTheRole(t *testing.T) {
	t.Parallel()
	for role, want := range map[model.Role]int{
		model.RoleViewer: http.StatusForbidden, model.RoleAdmin: http.StatusSeeOther, model.RoleOwner: http.StatusSeeOther,
	} {
		s := webtest.NewSiteAs(t, role)
		s.Post("/users", url.Values{"username": {"ana"}}).Want(t, want)
		if _, err := s.Store.User(t.Context(), "ana"); (err == nil) != (want == http.StatusSeeOther) {
			t.Errorf("%s: %v", role, err)
		}
	}
}

// Where a passkey is demanded, who has none gets to the pages for registering one
// and to the help, and nothing is done elsewhere. Where browsers cannot use
// passkeys nobody is kept out for the lack of one.
func TestGuardDemandsThePasskey(t *testing.T) {
	t.Parallel()
	s := webtest.NewSite(t)
	a := s.SignInAs(model.RoleOwner)
	a, err := s.Store.Administrator(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	s.Get(paths.Users).Want(t, http.StatusOK) // nobody demands it yet
	err = s.Store.SaveSettings(t.Context(), storetest.Actor, func(set *store.Settings) error { set.RequirePasskey = true; return nil })
	if err != nil {
		t.Fatal(err)
	}
	kept := func(res *webtest.Page) {
		t.Helper()
		if to := res.Want(t, http.StatusSeeOther).Header.Get("Location"); to != paths.Account {
			t.Errorf("leads to %q", to)
		}
	}
	kept(s.Get(paths.Users))
	kept(s.Post("/users", url.Values{"username": {"ana"}}))
	if _, err := s.Store.User(t.Context(), "ana"); err == nil {
		t.Error("something was done")
	}
	for _, open := range []string{paths.Account, paths.AccountPasskeyNew, paths.Help} {
		s.Get(open).Want(t, http.StatusOK)
	}
	public := s.Opts.PublicURL
	for _, useless := range []string{"http://console.example.com", "https://192.0.2.7", "http://127.0.0.1:8080"} {
		s.Opts.PublicURL = useless
		s.Get(paths.Users).Want(t, http.StatusOK)
	}
	s.Opts.PublicURL = public
	kept(s.Get(paths.Users))
	s.GivePasskey(a)
	s.Get(paths.Users).Want(t, http.StatusOK)
}

// A form of which a part is dangerous asks again for that part alone: who may
// change where the console is answers for it.
func TestGuardAsksAgainWhenTheProofIsStale(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	s.Opts.PublicURLFixed = false
	form := url.Values{"public_url": {s.Opts.PublicURL}, "retention_days": {"7"}, "login_days": {"90"}}
	s.Now = s.Now.Add(kit.StepUpFor)
	form.Set("help_contact", "help@example.com")
	s.Post(paths.Settings, form).Want(t, http.StatusSeeOther)
	form.Set("public_url", "https://console.example.com")
	asked := s.Post(paths.Settings, form).Want(t, http.StatusUnauthorized)
	asked.Has(t, "main", "Confirm that it is you")
	set, err := s.Store.Settings(t.Context())
	if err != nil || set.HelpContact != "help@example.com" || set.PublicURL == "https://console.example.com" {
		t.Errorf("saved %+v, %v", set, err)
	}
	s.Confirm()
	s.Post(paths.Settings, form).Want(t, http.StatusSeeOther)
	s.Post(paths.PublicURL, url.Values{"from": {s.Opts.PublicURL}, "to": {"https://console.example.com"}, "anyway": {"on"}}).Want(t, http.StatusSeeOther)
	if set, err = s.Store.Settings(t.Context()); err != nil || set.PublicURL != "https://console.example.com" {
		t.Errorf("after the proof %+v, %v", set, err)
	}
}

// The page of something that is not there says what it was, and who may know.
func TestGuardSaysWhatIsGone(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleViewer)
	for path, name := range map[string]string{"/users/nobody": "nobody", "/groups/no%20group": "no group", "/connections/none": "none",
		"/apps/none": "none", "/rules/none": "none"} {
		res := s.Get(path).Want(t, http.StatusNotFound)
		res.Has(t, "h1", "“"+name+"” is not here")
		if to, _ := url.Parse(res.Doc.Find("a.btn-primary").AttrOr("href", "")); to.Path != paths.Audit || to.Query().Get("object") != name {
			t.Errorf("%s leads to %q", path, to)
		}
	}
	if res := s.Get("/logins/none").Want(t, http.StatusNotFound); strings.Contains(res.Text(), "is not here") {
		t.Errorf("a login has no name: %s", res.Text())
	}
}
