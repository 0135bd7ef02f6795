package access_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/webtest"
)

// registeredAt gives somebody a passkey that a browser registered under an address.
func registeredAt(t *testing.T, s *webtest.Site, a model.Administrator, origin string) {
	t.Helper()
	c := webauthn.Credential{ID: []byte(origin)}
	c.Attestation.ClientDataJSON = []byte(`{"type":"webauthn.create","challenge":"x","origin":"` + origin + `"}`)
	kept, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Store.AddPasskey(t.Context(), storetest.Actor, a, model.Passkey{ID: c.ID, Name: origin, Credential: kept}); err != nil {
		t.Fatal(err)
	}
}

// Passkeys that were registered on another host are said to be of it, with the way
// that is left; one of this host is asked for as ever.
func TestPasskeysOfAnotherHostAreSaidToBe(t *testing.T) {
	t.Parallel()
	s := webtest.NewSite(t)
	a, err := s.Store.Administrator(t.Context(), s.SignInAs(model.RoleOwner).ID)
	if err != nil {
		t.Fatal(err)
	}
	code := s.RecoveryCode(a)
	registeredAt(t, s, a, "https://old.example.com")
	says := func(where string, p *webtest.Page, elsewhere bool) {
		t.Helper()
		if got := strings.Contains(p.Text(), "were registered under old.example.com"); got != elsewhere || (p.Doc.Find("[data-passkey]").Length() == 0) != elsewhere {
			t.Errorf("%s: told %v, want %v: %s", where, got, elsewhere, p.Text())
		}
		if _, open := p.Doc.Find("details:has([name=code])").Attr("open"); open != elsewhere {
			t.Errorf("%s: the code's form is open: %v", where, open)
		}
	}
	s.Now = s.Now.Add(kit.StepUpFor)
	says("step-up", s.Post(paths.SigningKeys, nil), true)
	s.Client = s.Browser()
	says("second step", s.TryPassword(a.Email, webtest.TestPassword), true)
	says("a wrong code", s.Post(paths.SignInSecond, url.Values{"code": {"no"}}), true)
	s.Post(paths.SignInSecond, url.Values{"code": {code}}).Want(t, http.StatusSeeOther)

	registeredAt(t, s, a, s.URL)
	s.Client = s.Browser()
	says("with one of this host", s.TryPassword(a.Email, webtest.TestPassword), false)
}
