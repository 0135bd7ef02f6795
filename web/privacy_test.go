package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

func TestAPersonIsHandedOutAndErased(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	x := newTarget(t, nil)
	x.signInAs(model.RoleOwner)
	storetest.Group(t, x.store, "staff")
	x.signIn("alice", asItIs)
	x.signIn("bob", asItIs)
	for _, name := range []string{"alice", "bob"} {
		x.post("/groups/staff/members", url.Values{"username": {name}}).want(t, http.StatusSeeOther)
		x.post("/users/"+name, url.Values{"username": {name}, "email": {name + "@example.com"}, "display_name": {"The " + name}}).want(t, http.StatusSeeOther)
	}
	data := x.post("/users/alice/data", nil).want(t, http.StatusOK)
	for _, want := range []string{"alice@example.com", "id-alice", "staff", "user.create", "The alice"} {
		if !strings.Contains(data.body, want) {
			t.Errorf("the data lack %q", want)
		}
	}
	if strings.Contains(data.body, "bob") {
		t.Error("the data have somebody else")
	}
	x.post("/users/alice/erase", url.Values{"confirm": {"alic"}}).want(t, http.StatusUnprocessableEntity)
	x.post("/users/alice/erase", url.Values{"confirm": {"alice"}}).want(t, http.StatusSeeOther)

	var tables []string
	for name := range x.state() {
		tables = append(tables, name)
	}
	for _, name := range append(tables, "logins") {
		if name == "crowd_events" { // apps must hear whom to remove; see docs/privacy.md
			continue
		}
		var n int
		if err := x.store.Pool().QueryRow(ctx, "select count(*) from "+name+" t where strpos(t::text, 'alice') > 0").Scan(&n); err != nil || n > 0 {
			t.Errorf("%d rows of %s still name her (%v)", n, name, err)
		}
	}
	if u := x.user("bob"); u.Email != "bob@example.com" {
		t.Errorf("bob is %+v", u)
	}
	entries, _, err := x.store.Audit(ctx, store.AuditQuery{Search: "bob"})
	if err != nil || len(entries) < 3 {
		t.Errorf("%d entries about bob are left, %v", len(entries), err)
	}
	erased, _, err := x.store.Audit(ctx, store.AuditQuery{Action: "user.erase"})
	if err != nil || len(erased) != 1 || erased[0].Actor != "owner@example.com" {
		t.Errorf("the audit says of the erasure %+v, %v", erased, err)
	}
	if res := x.get("/logins"); res.status != http.StatusOK || !strings.Contains(res.text(), "erased-") {
		t.Errorf("the list of logins: %d", res.status)
	}
}
