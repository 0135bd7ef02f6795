package people_test

import (
	"context"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

func TestAPersonIsHandedOutAndErased(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	x := webtest.NewTarget(t, nil)
	x.SignInAs(model.RoleOwner)
	storetest.Group(t, x.Store, "staff")
	x.SignIn("alice", webtest.AsItIs)
	x.SignIn("bob", webtest.AsItIs)
	for _, name := range []string{"alice", "bob"} {
		x.Post("/groups/staff/members", url.Values{"username": {name}}).Want(t, http.StatusSeeOther)
		x.Post("/users/"+name, url.Values{"username": {name}, "email": {name + "@example.com"}, "display_name": {"The " + name}}).Want(t, http.StatusSeeOther)
	}
	// The audit names her in other ways, too, and under the name that she had before.
	x.Post("/users/alice", url.Values{"username": {"alice.old"}, "email": {"alice@example.com"}, "display_name": {"The alice"}}).Want(t, http.StatusSeeOther)
	x.Post("/users/alice.old", url.Values{"username": {"alice"}, "email": {"alice@example.com"}, "display_name": {"The alice"}}).Want(t, http.StatusSeeOther)
	x.Post("/logins/follow", url.Values{"connection": {"aws"}, "person": {"alice"}}).Want(t, http.StatusSeeOther)
	x.Post("/groups/staff/bulk/confirm", url.Values{"do": {"remove"}, "people": {"alice\nbob"}}).Want(t, http.StatusSeeOther)
	for _, q := range []string{"alice", "alice%40example.com"} {
		x.Get("/export/users?q="+q).Want(t, http.StatusOK)
		x.Get("/logins/export?q="+q).Want(t, http.StatusOK)
		x.Get("/audit/export.csv?q="+q).Want(t, http.StatusOK)
	}
	data := x.Post("/users/alice/data", nil).Want(t, http.StatusOK)
	for _, want := range []string{"alice@example.com", "id-alice", "staff", "user.create", "The alice"} {
		if !strings.Contains(data.Body, want) {
			t.Errorf("the data lack %q", want)
		}
	}
	if strings.Contains(data.Body, "bob") {
		t.Error("the data have somebody else")
	}
	x.Post("/users/alice/erase", url.Values{"confirm": {"alic"}}).Want(t, http.StatusUnprocessableEntity)
	x.Post("/users/alice/erase", url.Values{"confirm": {"alice"}}).Want(t, http.StatusSeeOther)

	var tables []string
	for name := range x.State() {
		tables = append(tables, name)
	}
	for _, name := range append(tables, "logins") {
		if name == "crowd_events" { // apps must hear whom to remove; see docs/privacy.md
			continue
		}
		var n int
		if err := x.Store.Pool().QueryRow(ctx, "select count(*) from "+name+" t where strpos(t::text, 'alice') > 0").Scan(&n); err != nil || n > 0 {
			t.Errorf("%d rows of %s still name her (%v)", n, name, err)
		}
	}
	if u := x.User("bob"); u.Email != "bob@example.com" {
		t.Errorf("bob is %+v", u)
	}
	entries, _, err := x.Store.Audit(ctx, store.AuditQuery{Search: "bob"})
	if err != nil || len(entries) < 3 {
		t.Errorf("%d entries about bob are left, %v", len(entries), err)
	}
	erased, _, err := x.Store.Audit(ctx, store.AuditQuery{Action: "user.erase"})
	if err != nil || len(erased) != 1 || erased[0].Actor != "owner@example.com" || erased[0].RemoteAddr == "" ||
		!strings.Contains(string(erased[0].After), `"by": "erase_from_audit"`) {
		t.Errorf("the audit says of the erasure %+v, %v", erased, err)
	}
	if res := x.Get("/logins"); res.Status != http.StatusOK || !strings.Contains(res.Text(), "erased-") {
		t.Errorf("the list of logins: %d", res.Status)
	}
}

// Who was refused is no user, and has the same rights.
func TestANameWithoutAUserIsHandedOutAndErased(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, func(c *model.Config) { c.Provisioning = model.ProvisioningManual })
	x.SignInAs(model.RoleOwner)
	x.AddUser("bob")
	for _, subject := range []string{"Stranger", "bob"} {
		e := x.Begin(false)
		e.Scene.Subject = subject
		x.Answer(e, webtest.HonestMessage(&e))
	}
	// Somebody who was a user once, under the same name written otherwise.
	x.AddUser("sTranger")
	x.Post("/users/sTranger/delete", url.Values{"confirm": {"stranger"}}).Want(t, http.StatusSeeOther)
	x.Get("/logins/export?q=stranger").Want(t, http.StatusOK)

	list := x.Get("/logins?q=stranger").Want(t, http.StatusOK)
	page := x.Get(list.Doc.Find(`a[href^="/logins/people/"]`).AttrOr("href", "/none")).Want(t, http.StatusOK)
	page.Has(t, "form[action='/logins/people/stranger/erase']", "Erase")
	data := x.Post("/logins/people/stranger/data", nil).Want(t, http.StatusOK)
	for _, want := range []string{`"user": null`, `"Stranger"`, "user_unknown", "user.delete", `"message_kept_sealed": true`, `"email"`} {
		if !strings.Contains(data.Body, want) {
			t.Errorf("the data lack %s", want)
		}
	}
	if strings.Contains(data.Body, "bob") {
		t.Error("the data have somebody else")
	}
	x.Post("/logins/people/stranger/erase", url.Values{"confirm": {"strange"}}).Want(t, http.StatusUnprocessableEntity)
	x.Post("/logins/people/stranger/erase", url.Values{"confirm": {"stranger"}}).Want(t, http.StatusSeeOther)
	for name := range x.State() {
		var n int
		if err := x.Store.Pool().QueryRow(t.Context(), "select count(*) from "+name+" t where t::text ilike '%stranger%'").Scan(&n); err != nil ||
			n > 0 && name != "crowd_events" {
			t.Errorf("%d rows of %s still have the name (%v)", n, name, err)
		}
	}
	logins, _, err := x.Store.Logins(t.Context(), store.LoginQuery{})
	if err != nil || len(logins) != 2 {
		t.Fatalf("logins: %d, %v", len(logins), err)
	}
	for _, l := range logins {
		erased := strings.HasPrefix(l.Username, "erased-")
		if whole, err := x.Store.Login(t.Context(), l.ID); err != nil ||
			erased != (whole.Person == nil && whole.XMLSealed == nil && l.NameID == "" && l.Refusal == nil) || !erased && l.Username != "bob" {
			t.Errorf("left of the login of %q: %+v, %v", l.Username, whole, err)
		}
	}
	if n := x.Audited("user.erase"); n != 1 {
		t.Errorf("%d entries about erasures", n)
	}
	// A name that a user has is the user's.
	x.Post("/logins/people/bob/erase", url.Values{"confirm": {"bob"}}).Want(t, http.StatusSeeOther)
	if x.User("bob").Username != "bob" {
		t.Error("a user was erased as if nobody")
	}
}

// What was searched for is found by the erasure however an address writes it.
func TestErasingFindsNamesThatAddressesWriteOtherwise(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteOn(t, storetest.OpenPool(t))
	s.SignInAs(model.RoleOwner)
	name := "zoë.o'neil+test@example.com"
	s.AddUser(name)
	s.AddUser("bob")
	for _, who := range []string{name, "bob"} {
		for _, path := range []string{"/export/users", "/logins/export", "/audit/export.csv"} {
			s.Get(path+"?"+url.Values{"q": {who}, "when": {"7d"}}.Encode()).Want(t, http.StatusOK)
		}
	}
	notes := func(text string) (n int) {
		t.Helper()
		entries, _, err := s.Store.Audit(t.Context(), store.AuditQuery{Page: store.Page{Limit: 100}})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if strings.Contains(e.Note, text) {
				n++
			}
		}
		return n
	}
	if n := notes("q=" + name + "&when=7d"); n != 3 {
		t.Errorf("%d notes of exports say in plain text what was searched for", n)
	}
	s.Post(paths.UserAction(name, "erase"), url.Values{"confirm": {name}}).Want(t, http.StatusSeeOther)
	if zoe, bob := notes("neil"), notes("q=bob"); zoe != 0 || bob != 3 {
		t.Errorf("%d notes name her still, %d name bob", zoe, bob)
	}
}

// Who is called like a word of the audit's own takes nothing else out of it.
func TestErasingTakesNobodyElseOut(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteOn(t, storetest.OpenPool(t))
	s.SignInAs(model.RoleOwner)
	names := []string{"username", "manual", "active", "email", "a", "source"}
	s.AddUser("ana", "staff")
	s.Post("/users/ana", url.Values{"username": {"ana"}, "email": {"lima@example.com"}}).Want(t, http.StatusSeeOther)
	for _, name := range names {
		s.AddUser(name)
		s.Post("/groups/staff/members", url.Values{"username": {name}}).Want(t, http.StatusSeeOther)
	}
	read := func() (entries []model.AuditEntry) {
		all, _, err := s.Store.Audit(t.Context(), store.AuditQuery{Page: store.Page{Limit: 100}})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range all {
			if e.Object == "ana" || e.Object == "staff: ana" || e.Object == "staff" {
				entries = append(entries, e)
			}
		}
		return entries
	}
	before := read()
	for _, name := range names {
		s.Post("/users/"+name+"/erase", url.Values{"confirm": {name}}).Want(t, http.StatusSeeOther)
	}
	if after := read(); len(before) < 4 || !reflect.DeepEqual(before, after) {
		t.Errorf("the audit about the others was\n%+v\nand is\n%+v", before, after)
	}
	if _, err := s.Store.Pool().Exec(t.Context(), "select erase_from_audit(null, '{ana}', 'erased-00000000', '', '')"); err == nil {
		t.Error("somebody who is there can be taken out of the audit")
	}
}
