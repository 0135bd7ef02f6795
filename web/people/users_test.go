package people_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/webtest"
)

func TestUsersListSearchesAndFilters(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleViewer)
	s.Get(paths.Users).Has(t, ".empty-state", "No users yet")

	s.AddUser("ana")
	s.AddUser("bob")
	if _, err := s.Store.UpdateUser(context.Background(), webtest.Tester, "bob", func(u *model.User) error { u.Active = false; return nil }); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ query, want string }{
		{"", "ana bob"}, {"?sort=-username", "bob ana"}, {"?q=an", "ana"}, {"?active=no", "bob"}, {"?active=yes", "ana"},
		{"?source=manual", "ana bob"}, {"?source=jit", ""}, {"?q=nobody", ""}, {"?sort=nonsense", "ana bob"},
	}
	for _, tt := range tests {
		res := s.Get(paths.Users+tt.query).Want(t, http.StatusOK)
		var names []string
		for _, a := range res.Doc.Find("tbody td:first-child a").EachIter() {
			names = append(names, a.Text())
		}
		if got := strings.Join(names, " "); got != tt.want {
			t.Errorf("%s lists %q, want %q", tt.query, got, tt.want)
		}
	}
	if n := s.Get(paths.Users).Doc.Find(`a[href="/users/new"]`).Length(); n != 0 {
		t.Error("a viewer is offered to add users")
	}
}

func TestUserIsAddedWithGroups(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.AddGroup("staff")

	prefilled := s.Get("/users/new?username=ana&email=ana%40example.com")
	if v, _ := prefilled.Doc.Find("#f-username").Attr("value"); v != "ana" {
		t.Errorf("the username is %q, want the one of the address", v)
	}

	bad := s.Post(paths.Users, url.Values{"username": {"a na"}, "email": {"nowhere"}, "groups": {"staff"}}).Want(t, http.StatusUnprocessableEntity)
	bad.Has(t, ".problems", "must not contain blanks")
	bad.Has(t, ".problems", "is not an email address")
	if v, _ := bad.Doc.Find("#f-username").Attr("value"); v != "a na" {
		t.Errorf("the typed text is gone: %q", v)
	}
	if bad.Doc.Find("input[name=groups][checked]").Length() != 1 {
		t.Error("the chosen group is gone")
	}

	res := s.Post(paths.Users, url.Values{"username": {" ana "}, "email": {"ana@example.com"}, "groups": {"staff"}}).Want(t, http.StatusSeeOther)
	if to := res.Header.Get("Location"); to != "/users/ana" {
		t.Errorf("leads to %q", to)
	}
	shown := s.Get("/users/ana").Want(t, http.StatusOK)
	shown.Has(t, ".alert-success", "User ana added")
	shown.Has(t, "#groups + ul", "staff")
	shown.Has(t, ".reasons", "Added by hand by admin@example.com")

	s.Post(paths.Users, url.Values{"username": {"ANA"}}).Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", "already")
	s.Post(paths.Users, url.Values{"username": {"bo"}, "groups": {"gone"}}).Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", "no group “gone”")
}

func TestUserIsChanged(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.AddUser("ana")
	s.AddUser("bob")

	bad := s.Post("/users/ana", url.Values{"username": {"bob"}, "email": {"new@example.com"}}).Want(t, http.StatusUnprocessableEntity)
	bad.Has(t, ".problems", "There is a user “bob” already")
	if v, _ := bad.Doc.Find("#f-email").Attr("value"); v != "new@example.com" {
		t.Errorf("the typed text is gone: %q", v)
	}
	if got := s.User("ana").Email; got != "ana@example.com" {
		t.Errorf("a refused change was saved: %q", got)
	}

	res := s.Post("/users/ana", url.Values{"username": {"ana.lima"}, "email": {""}, "display_name": {"Ana Lima"}}).Want(t, http.StatusSeeOther)
	if to := res.Header.Get("Location"); to != "/users/ana.lima" {
		t.Errorf("leads to %q", to)
	}
	if u := s.User("ana.lima"); u.Email != "" || u.DisplayName != "Ana Lima" {
		t.Errorf("saved: %+v", u)
	}
}

func TestDeactivatingEndsSessions(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	before := s.AddUser("ana")
	s.Get("/users/ana").Has(t, ".confirm", "Every session of this person in Postern ends at once")
	s.Post("/users/ana/deactivate", nil).Want(t, http.StatusSeeOther)
	after := s.User("ana")
	if after.Active || after.SessionEpoch <= before.SessionEpoch {
		t.Errorf("active %v, epoch %d after %d", after.Active, after.SessionEpoch, before.SessionEpoch)
	}
	s.Post("/users/ana/activate", nil).Want(t, http.StatusSeeOther)
	if !s.User("ana").Active {
		t.Error("not active again")
	}
}

func TestUserJoinsAndLeavesGroups(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.AddUser("ana")
	s.AddGroup("jira users")
	s.Post("/users/ana/groups", url.Values{"group": {"gone"}}).Want(t, http.StatusUnprocessableEntity).Has(t, ".field-problem", "no group “gone”")
	s.Post("/users/ana/groups", url.Values{"group": {"jira users"}}).Want(t, http.StatusSeeOther)
	s.Get("/users/ana").Has(t, ".rows strong", "jira users")
	s.Post("/users/ana/groups/remove", url.Values{"group": {"jira users"}}).Want(t, http.StatusSeeOther)
	s.Get("/users/ana").Has(t, "section[aria-labelledby=groups]", "In no group")
}

func TestUserIsDeletedOnlyWhenNamed(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.AddUser("ana")
	s.Post("/users/ana/delete", url.Values{"confirm": {"bob"}}).Want(t, http.StatusUnprocessableEntity).Has(t, ".field-problem", "Nothing was deleted")
	s.User("ana")
	s.Post("/users/ana/delete", url.Values{"confirm": {"ana"}}).Want(t, http.StatusSeeOther)
	gone := s.Get("/users/ana").Want(t, http.StatusNotFound)
	gone.Has(t, "h1", "“ana” is not here")
	audit, _ := gone.Doc.Find("a.btn-primary").Attr("href")
	s.Get(audit).Want(t, http.StatusOK).Has(t, "tbody tr:first-child", "User deleted")
}

func TestUsersNamedLikePages(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	for _, name := range []string{"new", "import", "a/b", "50%", "ana@example.com"} {
		s.AddUser(name)
		s.Get(paths.User(name)).Want(t, http.StatusOK).Has(t, "h1", name)
		s.Post(paths.UserAction(name, "deactivate"), nil).Want(t, http.StatusSeeOther)
		if s.User(name).Active {
			t.Errorf("%s is still active", name)
		}
	}
}

func TestImportPreviewsThenImports(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.AddUser("ana", "staff")
	s.AddUser("bob")
	const csv = "username,email,display_name,groups\n" +
		"ana,ana.lima@example.com,=1+1,staff\n" +
		"BOB,,,\n" +
		"cy,cy@example.com,Cy,staff\n"

	preview := s.Upload(paths.UsersImport, csv).Want(t, http.StatusOK)
	preview.Has(t, "#new", "New users")
	preview.Has(t, "section[aria-labelledby=new] tbody", "cy")
	preview.Has(t, "section[aria-labelledby=changed] tbody", "email ana@example.com becomes ana.lima@example.com")
	preview.Has(t, "section[aria-labelledby=unchanged] tbody", "bob")
	if got := s.User("ana").Email; got != "ana@example.com" {
		t.Fatalf("the preview changed ana: %q", got)
	}

	kept := preview.Doc.Find("textarea[name=csv]").Text()
	s.Post(paths.UsersImport+"/confirm", url.Values{"csv": {kept}}).Want(t, http.StatusSeeOther)
	s.Get(paths.Users).Has(t, ".alert-success", "1 added, 1 changed")
	if u := s.User("ana"); u.Email != "ana.lima@example.com" || u.DisplayName != "=1+1" {
		t.Errorf("ana: %+v", u)
	}
	s.Get("/users/cy").Has(t, ".rows strong", "staff")
	s.Upload(paths.UsersImport, csv).Has(t, "section[aria-labelledby=unchanged] tbody", "cy")
}

func TestImportReportsEveryLine(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	const csv = "username;email;groups\nana;nowhere;\nbo;bo@example.com;none\ncy;;\n"
	res := s.Upload(paths.UsersImport, csv).Want(t, http.StatusUnprocessableEntity)
	res.Has(t, ".problems", "2 things are wrong")
	res.Has(t, ".problems", "Line 2: The email “nowhere”")
	res.Has(t, ".problems", "Line 3: There is no group “none”")
	if n, err := s.Store.CountUsers(context.Background()); err != nil || n != 0 {
		t.Errorf("%d users, %v; want none", n, err)
	}
	s.Post(paths.UsersImport, url.Values{"csv": {""}}).Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", "nothing to import")
	s.Post(paths.UsersImport+"/confirm", url.Values{"csv": {csv}}).Want(t, http.StatusUnprocessableEntity)
}

func TestUsersArePaged(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleViewer)
	var rows []store.ImportRow
	for i := range kit.RowsPerPage + 5 {
		name := "user" + string(rune('a'+i/26)) + string(rune('a'+i%26))
		rows = append(rows, store.ImportRow{User: model.User{Username: name, Active: true, Source: model.UserManual}})
	}
	if _, err := s.Store.ImportUsers(context.Background(), webtest.Tester, rows); err != nil {
		t.Fatal(err)
	}
	first := s.Get(paths.Users)
	next, ok := first.Doc.Find("a[rel=next]").Attr("href")
	if !ok || first.Doc.Find("tbody tr").Length() != kit.RowsPerPage {
		t.Fatalf("the first page has %d rows and leads to %q", first.Doc.Find("tbody tr").Length(), next)
	}
	second := s.Get(next)
	if n := second.Doc.Find("tbody tr").Length(); n != 5 {
		t.Errorf("the second page has %d rows, want 5", n)
	}
	if second.Doc.Find("a[rel=next]").Length() != 0 || second.Doc.Find(`nav.pager a[href="/users"]`).Length() != 1 {
		t.Error("the second page is the last one and leads back to the first")
	}
}

func TestDamagedUpload(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	res := s.Do(http.MethodPost, "/users/import", strings.NewReader("--x\r\nbroken"), http.Header{"Content-Type": {"multipart/form-data; boundary=x"}})
	if res.Status != http.StatusBadRequest || !strings.Contains(res.Text(), "Nothing was changed") {
		t.Errorf("answered %d: %s", res.Status, res.Text())
	}
}
