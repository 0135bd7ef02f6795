package access_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

// A passkey whose counter went back may be a copy: it is refused, and the owners
// can see that it was.
func TestPasskeyThatMayBeACopyIsNoted(t *testing.T) {
	t.Parallel()
	s := webtest.NewSite(t)
	a, err := s.Store.Administrator(t.Context(), s.SignInAs(model.RoleOwner).ID)
	if err != nil {
		t.Fatal(err)
	}
	k := s.GivePasskey(a)
	k.Counter = 7
	s.UsePasskey(k, paths.SignInStepUp, nil).Want(t, http.StatusSeeOther)
	if n := s.Audited("administrator.passkey_refused"); n != 0 {
		t.Errorf("%d entries about a good passkey", n)
	}
	k.Counter = 3
	for _, where := range []string{paths.SignInStepUp} {
		res := s.UsePasskey(k, where, nil)
		if res.Status < http.StatusBadRequest || !strings.Contains(res.Text(), "its counter went backwards") || !strings.Contains(res.Text(), "register a new one") {
			t.Errorf("%s: %d %s", where, res.Status, res.Text())
		}
	}
	entries, _, err := s.Store.Audit(t.Context(), store.AuditQuery{Action: "administrator.passkey_refused"})
	if err != nil || len(entries) != 1 || entries[0].Object != a.Email || entries[0].RemoteAddr != "127.0.0.1" {
		t.Errorf("the audit says %+v, %v", entries, err)
	}
}
