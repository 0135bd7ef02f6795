package settings_test

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

// movable is a site whose public URL can be changed, signed in to by an owner.
func movable(t *testing.T) (*webtest.Site, model.Administrator) {
	t.Helper()
	s := webtest.NewSite(t)
	a, err := s.Store.Administrator(t.Context(), s.SignInAs(model.RoleOwner).ID)
	if err != nil {
		t.Fatal(err)
	}
	s.Opts.PublicURLFixed = false
	return s, a
}

// over is the handler behind https, believed by the site.
func over(t *testing.T, s *webtest.Site, h http.Handler) string {
	t.Helper()
	srv := httptest.NewTLSServer(h)
	t.Cleanup(srv.Close)
	s.Opts.WebRoots = x509.NewCertPool()
	s.Opts.WebRoots.AddCert(srv.Certificate())
	return srv.URL
}

func move(s *webtest.Site, to string, pairs ...string) *webtest.Page {
	form := url.Values{"from": {s.Opts.PublicURL}, "to": {to}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return s.Post(paths.PublicURL, form)
}

func stored(t *testing.T, s *webtest.Site) store.Settings {
	t.Helper()
	set, err := s.Store.Settings(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// Another public URL is shown with what stops, before anything is changed.
func TestAnotherPublicURLSaysFirstWhatStops(t *testing.T) {
	t.Parallel()
	s, a := movable(t)
	s.OpenConnection("aws")
	s.GivePasskey(a)
	s.RecoveryCode(a)
	s.AddGroup("staff")
	for _, app := range []model.App{
		{Slug: "jira", Kind: model.AppOIDC, Name: "Jira", Groups: []string{"staff"}, Public: true, RedirectURIs: []string{"https://jira.example.com/callback"}},
		{Slug: "wiki", Kind: model.AppCrowd, Name: "Wiki", Groups: []string{"staff"}},
	} {
		if err := s.Store.CreateApp(t.Context(), webtest.Tester, app); err != nil {
			t.Fatal(err)
		}
	}
	res := s.Post(paths.Settings, settingsForm("public_url", "https://New.example.com/", "product_name", "Kept")).Want(t, http.StatusSeeOther)
	if set := stored(t, s); set.PublicURL != "" || set.ProductName != "Kept" {
		t.Errorf("saved %+v", set)
	}
	page := s.Get(res.Header.Get("Location")).Want(t, http.StatusOK)
	for _, want := range []string{"Nothing is changed yet", "1 passkey of 1 administrator", "everybody signs in again",
		s.URL + "/saml/aws/acs", "https://new.example.com/saml/aws/acs", "https://new.example.com/saml/aws/metadata",
		"Issuer URL", "https://new.example.com/crowd", "one of your recovery codes"} {
		if !strings.Contains(page.Text(), want) {
			t.Errorf("the page does not say %q: %s", want, page.Text())
		}
	}
	for _, useless := range []string{"http://new.example.com", "new.example.com", s.URL} {
		s.Get(paths.WithQuery(paths.PublicURL, "to", useless)).Want(t, http.StatusUnprocessableEntity)
		move(s, useless).Want(t, http.StatusUnprocessableEntity)
	}
	if port := s.Get(paths.WithQuery(paths.PublicURL, "to", "http://localhost:1")).Text(); strings.Contains(port, "passkey of") ||
		strings.Contains(port, "everybody signs in again") {
		t.Errorf("another port takes passkeys or sessions away: %s", port)
	}
}

// Who could not sign in afterwards does not change the address.
func TestPublicURLIsNotChangedWithoutAWayBackIn(t *testing.T) {
	t.Parallel()
	s, a := movable(t)
	s.GivePasskey(a)
	move(s, "https://new.example.com", "anyway", "on").Want(t, http.StatusUnprocessableEntity).Has(t, "main", "no recovery code left")
	if got := stored(t, s).PublicURL; got != "" {
		t.Fatalf("changed to %q", got)
	}
	s.RecoveryCode(a)
	move(s, "https://new.example.com", "anyway", "on").Want(t, http.StatusSeeOther)
}

// The new address is asked from here: it is taken when it leads to this Postern,
// and otherwise only by who says that they know.
func TestPublicURLIsAskedBeforeItIsChanged(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]func(s *webtest.Site) http.Handler{
		"nothing there":    func(*webtest.Site) http.Handler { return nil },
		"another page":     func(*webtest.Site) http.Handler { return webtest.Sends("ok\n") },
		"another Postern":  func(*webtest.Site) http.Handler { return webtest.NewSite(t).Handler() },
		"leads elsewhere":  func(s *webtest.Site) http.Handler { return http.RedirectHandler(s.URL+paths.Here, http.StatusFound) },
		"says it too long": func(*webtest.Site) http.Handler { return webtest.Sends(strings.Repeat("A", 1<<20)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := movable(t)
			to := "https://127.0.0.1:1"
			if handler := h(s); handler != nil {
				to = over(t, s, handler)
			}
			res := move(s, to).Want(t, http.StatusUnprocessableEntity)
			res.Has(t, "main", "Nothing was changed.")
			if res.Doc.Find("main form [name=anyway]").Length() != 1 || stored(t, s).PublicURL != "" {
				t.Errorf("no choice, or changed: %s", res.Text())
			}
			move(s, to, "anyway", "on").Want(t, http.StatusSeeOther)
			if set := stored(t, s); set.PublicURL != to || set.PublicURLUnanswered == "" {
				t.Errorf("saved %+v", set)
			}
			entries, _, err := s.Store.Audit(t.Context(), store.AuditQuery{Action: "settings.update"})
			if err != nil || len(entries) != 1 || !strings.Contains(string(entries[0].After), "public_url_unanswered") {
				t.Errorf("the audit says %+v, %v", entries, err)
			}
		})
	}
	s, _ := movable(t)
	to := over(t, s, s.Handler())
	move(s, to).Want(t, http.StatusSeeOther)
	if set := stored(t, s); set.PublicURL != to || set.PublicURLUnanswered != "" || !set.PublicURLChangedAt.Equal(s.Now) {
		t.Errorf("saved %+v", set)
	}
}

// The page was read before somebody else changed the address.
func TestPublicURLThatWasChangedMeanwhile(t *testing.T) {
	t.Parallel()
	s, _ := movable(t)
	move(s, "https://new.example.com", "from", "https://older.example.com", "anyway", "on").Want(t, http.StatusUnprocessableEntity).
		Has(t, ".problems", "by somebody else meanwhile")
}

// Where the session goes on the message is shown at once; where its cookie ends
// no message waits, and the sign-in page tells.
func TestMessageOfAnotherPublicURLIsShownWhereItApplies(t *testing.T) {
	t.Parallel()
	s, _ := movable(t)
	move(s, "http://localhost:1").Want(t, http.StatusSeeOther)
	s.Get(paths.Settings).Has(t, "[role=status]", "Postern answers as http://localhost:1 now")

	s, _ = movable(t)
	move(s, "https://new.example.com", "anyway", "on").Want(t, http.StatusSeeOther)
	if got := s.Get(paths.Settings).Find(".alert"); strings.Contains(got, "answers as") {
		t.Errorf("a message waits: %s", got)
	}
	s.Client = s.Browser()
	s.Opts.PublicURL = "https://new.example.com"
	in := s.Get(paths.SignIn).Want(t, http.StatusOK)
	if in.Doc.Find(`main a[href="https://new.example.com/signin"]`).Length() != 1 || !strings.Contains(in.Text(), "A passkey works only on the host") {
		t.Errorf("the sign-in page says %s", in.Text())
	}
}
