package settings_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/browsertest"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

// The page about another public URL, with long values in it, and the page of a
// refused login with a word of 400 letters, fit a narrow window.
func TestLongWordsFitANarrowWindow(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteOn(t, storetest.OpenPool(t))
	s.SignInAs(model.RoleOwner)
	s.Opts.PublicURLFixed = false
	s.OpenConnection("aws")
	s.Post(paths.Settings, settingsForm("public_url", s.URL, "refused_text", strings.Repeat("x", 400))).Want(t, http.StatusSeeOther)
	b := browsertest.Open(t)
	b.Goto(s.URL + "/signin")
	b.Fill("email", "owner@example.com")
	b.Fill("password", webtest.TestPassword)
	b.Press("Sign in")
	b.Goto(s.URL + paths.WithQuery(paths.PublicURL, "to", "https://"+strings.Repeat("x", 60)+"."+strings.Repeat("y", 60)+".example.com"))
	b.WaitText("Nothing is changed yet")
	b.Look("another-public-url")
	b.Goto(s.URL + "/me")
	b.Use(browsertest.Phone)
	browsertest.Eval[bool](b, `(() => { const f = document.createElement("form"); f.method = "post"; f.action = "/saml/aws/acs";
		const i = document.createElement("input"); i.name = "SAMLResponse"; i.value = "!"; f.append(i); document.body.append(f); f.submit(); return true })()`)
	b.WaitText("xxxxxxxx")
	if over := browsertest.Eval[int](b, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); over > 0 {
		t.Errorf("the refused page is %d px too wide", over)
	}
}

// A picture of 20 MB is too large, and the page says how large one may be.
func TestALogoOf20MBSaysTheLimit(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	res := s.SaveSettingsWith(make([]byte, 20<<20), settingsForm()).Want(t, http.StatusRequestEntityTooLarge)
	res.Has(t, "main", "A logo may have at most 256 KiB")
}
