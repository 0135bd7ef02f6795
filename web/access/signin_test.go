package access_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/access"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/webtest"
)

func TestSignInMakesANewSession(t *testing.T) {
	t.Parallel()
	s := webtest.NewSite(t)
	s.Post("/signout", nil) // leaves a message, and with it a session of nobody
	before := s.Session()
	s.SignInAs(model.RoleOwner)
	after := s.Session()
	if before == "" || after == "" || before == after {
		t.Fatalf("the session was %q and is %q", before, after)
	}
	if res := s.Get("/"); res.Status != http.StatusOK {
		t.Errorf("signed in: %d", res.Status)
	}
	s.Post("/signout", nil)
	if s.Session() == after || s.Get("/").Status != http.StatusSeeOther {
		t.Error("still signed in after the sign-out")
	}
}

func TestWrongPassword(t *testing.T) {
	t.Parallel()
	s := webtest.NewSite(t)
	s.SignInAs(model.RoleOwner)
	s.Client = s.Browser()
	for _, email := range []string{"owner@example.com", "nobody@example.com", ""} {
		res := s.Post("/signin", url.Values{"email": {email}, "password": {"not the password"}, "next": {"/users"}})
		if res.Status != http.StatusUnprocessableEntity || !strings.Contains(res.Text(), "The email or the password is not right.") {
			t.Errorf("%q: %d %s", email, res.Status, res.Text())
		}
		if value, _ := res.Doc.Find("input[name=email]").Attr("value"); value != email {
			t.Errorf("the form lost the email: %q", value)
		}
		if s.Get("/").Status != http.StatusSeeOther {
			t.Errorf("%q is signed in", email)
		}
	}
}

func TestSignInLeadsBackOnlyToThisSite(t *testing.T) {
	t.Parallel()
	for next, want := range map[string]string{
		"/users?q=ana": "/users?q=ana", "": "/", "https://evil.example": "/", "//evil.example": "/", `/\evil.example`: "/", "/\r\nX: y": "/",
	} {
		if got := kit.LocalPath(next); got != want && (got != "" || want != "/") {
			t.Errorf("%q leads to %q, want %q", next, got, want)
		}
	}
}

// A new password, or a new role, ends every session that is open.
func TestSessionsEndWithAChangedRole(t *testing.T) {
	t.Parallel()
	s := webtest.NewSite(t)
	a := s.SignInAs(model.RoleAdmin)
	err := s.Store.UpdateAdministrator(context.Background(), storetest.Actor, a.ID, func(a *model.Administrator) error {
		a.Role = model.RoleViewer
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if res := s.Get("/"); res.Status != http.StatusSeeOther {
		t.Errorf("still signed in: %d", res.Status)
	}
}

func TestClaim(t *testing.T) {
	t.Parallel()
	s := webtest.NewSite(t)
	if err := s.Store.SaveClaimToken(context.Background(), "TOKEN", s.Now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if res := s.Get("/claim?token=TOKEN"); res.Status != http.StatusOK {
		t.Fatalf("the link answers %d", res.Status)
	}
	form := url.Values{"token": {"TOKEN"}, "email": {"olga@example.com"}, "password": {"short"}, "repeat": {"short"}}
	if res := s.Post("/claim", form); res.Status != http.StatusUnprocessableEntity || res.Doc.Find("input[name=email][value='olga@example.com']").Length() != 1 {
		t.Errorf("a short password: %d %s", res.Status, res.Text())
	}
	form.Set("password", "nine lives of a grey cat")
	form.Set("repeat", "nine lives of a gray cat")
	if res := s.Post("/claim", form); res.Status != http.StatusUnprocessableEntity {
		t.Errorf("two different passwords: %d", res.Status)
	}
	form.Set("repeat", "nine lives of a grey cat")
	if res := s.Post("/claim", form); res.Status != http.StatusSeeOther || s.Get("/").Status != http.StatusOK {
		t.Fatalf("the claim: %d %s", res.Status, res.Text())
	}
	for _, action := range []string{"administrator.create", "administrator.sign_in"} {
		entries, _, err := s.Store.Audit(t.Context(), store.AuditQuery{Action: action})
		if err != nil || len(entries) != 1 || entries[0].RemoteAddr != "127.0.0.1" {
			t.Errorf("the audit says of %s %+v, %v", action, entries, err)
		}
	}
	if res := s.Get("/claim?token=TOKEN"); res.Status != http.StatusForbidden {
		t.Errorf("the link works again: %d", res.Status)
	}
	if res := s.Post("/claim", form); res.Status != http.StatusForbidden {
		t.Errorf("the form works again: %d", res.Status)
	}
}

// A decoy that is cheaper or dearer to compare would tell who has an account,
// however many processors the machine has.
func TestDecoyCostsAsMuchAsAPassword(t *testing.T) {
	t.Parallel()
	hash, err := access.HashPassword(t.Context(), "mild otter reads maps")
	if err != nil {
		t.Fatal(err)
	}
	decoy, _, _, err := argon2id.DecodeHash(access.DecoyHash)
	if err != nil {
		t.Fatal(err)
	}
	if real, _, _, err := argon2id.DecodeHash(hash); err != nil || *real != *decoy || *real != access.HashParams {
		t.Errorf("a password costs %+v, the decoy %+v (%v)", real, decoy, err)
	}
}

// A hash of an earlier Postern goes on working, and is made anew; the session in
// another browser does not end for that.
func TestOldHashIsRenewed(t *testing.T) {
	t.Parallel()
	s := webtest.NewSite(t)
	a := s.SignInAs(model.RoleOwner)
	old, err := argon2id.CreateHash(webtest.TestPassword, &argon2id.Params{
		Memory: access.HashParams.Memory, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Store.ReplacePasswordHash(t.Context(), a, old); err != nil {
		t.Fatal(err)
	}
	here := s.Client
	s.Client = s.Browser()
	s.TryPassword(a.Email, "wrong").Want(t, http.StatusUnprocessableEntity)
	s.TryPassword(a.Email, webtest.TestPassword).Want(t, http.StatusSeeOther)
	now, err := s.Store.Administrator(t.Context(), a.ID)
	if err != nil || now.PasswordHash == old || access.IsOutdated(now.PasswordHash) {
		t.Errorf("the hash is %s, %v", now.PasswordHash, err)
	}
	s.TryPassword(a.Email, webtest.TestPassword).Want(t, http.StatusSeeOther)
	s.Client = here
	s.Get(paths.Overview).Want(t, http.StatusOK)
}
