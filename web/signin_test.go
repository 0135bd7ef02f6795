package web

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
)

// session is the value of the console's session cookie in the site's browser.
func (s *testSite) session() string {
	s.t.Helper()
	u, err := url.Parse(s.url)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, c := range s.client.Jar.Cookies(u) {
		if c.Name == "postern" {
			return c.Value
		}
	}
	return ""
}

func TestSignInMakesANewSession(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.post("/signout", nil) // leaves a message, and with it a session of nobody
	before := s.session()
	s.signInAs(model.RoleOwner)
	after := s.session()
	if before == "" || after == "" || before == after {
		t.Fatalf("the session was %q and is %q", before, after)
	}
	if res := s.get("/"); res.status != http.StatusOK {
		t.Errorf("signed in: %d", res.status)
	}
	s.post("/signout", nil)
	if s.session() == after || s.get("/").status != http.StatusSeeOther {
		t.Error("still signed in after the sign-out")
	}
}

func TestWrongPassword(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.signInAs(model.RoleOwner)
	s.client = s.browser()
	for _, email := range []string{"owner@example.com", "nobody@example.com", ""} {
		res := s.post("/signin", url.Values{"email": {email}, "password": {"not the password"}, "next": {"/users"}})
		if res.status != http.StatusUnprocessableEntity || !strings.Contains(res.text(), "The email or the password is not right.") {
			t.Errorf("%q: %d %s", email, res.status, res.text())
		}
		if value, _ := res.doc.Find("input[name=email]").Attr("value"); value != email {
			t.Errorf("the form lost the email: %q", value)
		}
		if s.get("/").status != http.StatusSeeOther {
			t.Errorf("%q is signed in", email)
		}
	}
}

func TestSignInLeadsBackOnlyToThisSite(t *testing.T) {
	t.Parallel()
	for next, want := range map[string]string{
		"/users?q=ana": "/users?q=ana", "": "/", "https://evil.example": "/", "//evil.example": "/", `/\evil.example`: "/", "/\r\nX: y": "/",
	} {
		if got := localPath(next); got != want && (got != "" || want != "/") {
			t.Errorf("%q leads to %q, want %q", next, got, want)
		}
	}
}

// A new password, or a new role, ends every session that is open.
func TestSessionsEndWithAChangedRole(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.signInAs(model.RoleAdmin)
	err := s.store.UpdateAdministrator(context.Background(), storetest.Actor, a.ID, func(a *model.Administrator) error {
		a.Role = model.RoleViewer
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if res := s.get("/"); res.status != http.StatusSeeOther {
		t.Errorf("still signed in: %d", res.status)
	}
}

func TestClaim(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if err := s.store.SaveClaimToken(context.Background(), "TOKEN", s.now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if res := s.get("/claim?token=TOKEN"); res.status != http.StatusOK {
		t.Fatalf("the link answers %d", res.status)
	}
	form := url.Values{"token": {"TOKEN"}, "email": {"olga@example.com"}, "password": {"short"}, "repeat": {"short"}}
	if res := s.post("/claim", form); res.status != http.StatusUnprocessableEntity || res.doc.Find("input[name=email][value='olga@example.com']").Length() != 1 {
		t.Errorf("a short password: %d %s", res.status, res.text())
	}
	form.Set("password", "nine lives of a grey cat")
	form.Set("repeat", "nine lives of a gray cat")
	if res := s.post("/claim", form); res.status != http.StatusUnprocessableEntity {
		t.Errorf("two different passwords: %d", res.status)
	}
	form.Set("repeat", "nine lives of a grey cat")
	if res := s.post("/claim", form); res.status != http.StatusSeeOther || s.get("/").status != http.StatusOK {
		t.Fatalf("the claim: %d %s", res.status, res.text())
	}
	for _, action := range []string{"administrator.create", "administrator.sign_in"} {
		entries, _, err := s.store.Audit(t.Context(), store.AuditQuery{Action: action})
		if err != nil || len(entries) != 1 || entries[0].RemoteAddr != "127.0.0.1" {
			t.Errorf("the audit says of %s %+v, %v", action, entries, err)
		}
	}
	if res := s.get("/claim?token=TOKEN"); res.status != http.StatusForbidden {
		t.Errorf("the link works again: %d", res.status)
	}
	if res := s.post("/claim", form); res.status != http.StatusForbidden {
		t.Errorf("the form works again: %d", res.status)
	}
}

// A decoy that is cheaper or dearer to compare would tell who has an account,
// however many processors the machine has.
func TestDecoyCostsAsMuchAsAPassword(t *testing.T) {
	t.Parallel()
	hash, err := HashPassword(t.Context(), "mild otter reads maps")
	if err != nil {
		t.Fatal(err)
	}
	decoy, _, _, err := argon2id.DecodeHash(decoyHash)
	if err != nil {
		t.Fatal(err)
	}
	if real, _, _, err := argon2id.DecodeHash(hash); err != nil || *real != *decoy || *real != hashParams {
		t.Errorf("a password costs %+v, the decoy %+v (%v)", real, decoy, err)
	}
}

// A hash of an earlier Postern goes on working, and is made anew; the session in
// another browser does not end for that.
func TestOldHashIsRenewed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.signInAs(model.RoleOwner)
	old, err := argon2id.CreateHash(testPassword, &argon2id.Params{Memory: hashParams.Memory, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.store.ReplacePasswordHash(t.Context(), a, old); err != nil {
		t.Fatal(err)
	}
	here := s.client
	s.client = s.browser()
	s.tryPassword(a.Email, "wrong").want(t, http.StatusUnprocessableEntity)
	s.tryPassword(a.Email, testPassword).want(t, http.StatusSeeOther)
	now, err := s.store.Administrator(t.Context(), a.ID)
	if err != nil || now.PasswordHash == old || isOutdated(now.PasswordHash) {
		t.Errorf("the hash is %s, %v", now.PasswordHash, err)
	}
	s.tryPassword(a.Email, testPassword).want(t, http.StatusSeeOther)
	s.client = here
	s.get(paths.Overview).want(t, http.StatusOK)
}
