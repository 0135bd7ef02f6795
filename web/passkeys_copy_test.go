package web

import (
	"net/http"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
)

// A passkey whose counter went back may be a copy: it is refused, and the owners
// can see that it was.
func TestPasskeyThatMayBeACopyIsNoted(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a, err := s.store.Administrator(t.Context(), s.signInAs(model.RoleOwner).ID)
	if err != nil {
		t.Fatal(err)
	}
	k := s.givePasskey(a)
	k.counter = 7
	s.usePasskey(k, paths.SignInStepUp, nil).want(t, http.StatusSeeOther)
	if n := s.audited("administrator.passkey_refused"); n != 0 {
		t.Errorf("%d entries about a good passkey", n)
	}
	k.counter = 3
	s.usePasskey(k, paths.SignInStepUp, nil).want(t, http.StatusUnauthorized)
	entries, _, err := s.store.Audit(t.Context(), store.AuditQuery{Action: "administrator.passkey_refused"})
	if err != nil || len(entries) != 1 || entries[0].Object != a.Email || entries[0].RemoteAddr != "127.0.0.1" {
		t.Errorf("the audit says %+v, %v", entries, err)
	}
}
