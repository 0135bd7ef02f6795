package web

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
)

var tester = model.Actor{Name: "test"}

// addUser puts a user into the store, in the groups given, which are made.
func (s *testSite) addUser(username string, groups ...string) model.User {
	s.t.Helper()
	for _, g := range groups {
		s.addGroup(g)
	}
	u, err := s.store.CreateUser(context.Background(), tester, model.User{
		Username: username, Email: username + "@example.com", Active: true, Source: model.UserManual,
	}, groups)
	if err != nil {
		s.t.Fatal(err)
	}
	return u
}

func (s *testSite) addGroup(name string) {
	s.t.Helper()
	if _, err := s.store.CreateGroup(context.Background(), tester, model.Group{Name: name}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *testSite) user(username string) model.User {
	s.t.Helper()
	u, err := s.store.User(context.Background(), username)
	if err != nil {
		s.t.Fatalf("user %s: %v", username, err)
	}
	return u
}

// want stops the test unless the answer has that status.
func (p *page) want(t testing.TB, status int) *page {
	t.Helper()
	if p.status != status {
		t.Fatalf("answered %d, want %d: %s", p.status, status, p.text())
	}
	return p
}

func (p *page) has(t testing.TB, selector, text string) {
	t.Helper()
	if got := p.find(selector); !strings.Contains(got, text) {
		t.Errorf("%s says %q, want %q", selector, got, text)
	}
}

func TestUsersListSearchesAndFilters(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleViewer)
	s.get(paths.Users).has(t, ".empty-state", "No users yet")

	s.addUser("ana")
	s.addUser("bob")
	if _, err := s.store.UpdateUser(context.Background(), tester, "bob", func(u *model.User) error { u.Active = false; return nil }); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ query, want string }{
		{"", "ana bob"}, {"?sort=-username", "bob ana"}, {"?q=an", "ana"}, {"?active=no", "bob"}, {"?active=yes", "ana"},
		{"?source=manual", "ana bob"}, {"?source=jit", ""}, {"?q=nobody", ""}, {"?sort=nonsense", "ana bob"},
	}
	for _, tt := range tests {
		res := s.get(paths.Users+tt.query).want(t, http.StatusOK)
		var names []string
		for _, a := range res.doc.Find("tbody td:first-child a").EachIter() {
			names = append(names, a.Text())
		}
		if got := strings.Join(names, " "); got != tt.want {
			t.Errorf("%s lists %q, want %q", tt.query, got, tt.want)
		}
	}
	if n := s.get(paths.Users).doc.Find(`a[href="/users/new"]`).Length(); n != 0 {
		t.Error("a viewer is offered to add users")
	}
}

func TestUserIsAddedWithGroups(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	s.addGroup("staff")

	prefilled := s.get("/users/new?username=ana&email=ana%40example.com")
	if v, _ := prefilled.doc.Find("#f-username").Attr("value"); v != "ana" {
		t.Errorf("the username is %q, want the one of the address", v)
	}

	bad := s.post(paths.Users, url.Values{"username": {"a na"}, "email": {"nowhere"}, "groups": {"staff"}}).want(t, http.StatusUnprocessableEntity)
	bad.has(t, ".problems", "must not contain blanks")
	bad.has(t, ".problems", "is not an email address")
	if v, _ := bad.doc.Find("#f-username").Attr("value"); v != "a na" {
		t.Errorf("the typed text is gone: %q", v)
	}
	if bad.doc.Find("input[name=groups][checked]").Length() != 1 {
		t.Error("the chosen group is gone")
	}

	res := s.post(paths.Users, url.Values{"username": {" ana "}, "email": {"ana@example.com"}, "groups": {"staff"}}).want(t, http.StatusSeeOther)
	if to := res.header.Get("Location"); to != "/users/ana" {
		t.Errorf("leads to %q", to)
	}
	shown := s.get("/users/ana").want(t, http.StatusOK)
	shown.has(t, ".alert-success", "User ana added")
	shown.has(t, "#groups + ul", "staff")
	shown.has(t, ".reasons", "Added by hand by admin@example.com")

	s.post(paths.Users, url.Values{"username": {"ANA"}}).want(t, http.StatusUnprocessableEntity).has(t, ".problems", "already")
	s.post(paths.Users, url.Values{"username": {"bo"}, "groups": {"gone"}}).want(t, http.StatusUnprocessableEntity).has(t, ".problems", "no group “gone”")
}

func TestUserIsChanged(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	s.addUser("ana")
	s.addUser("bob")

	bad := s.post("/users/ana", url.Values{"username": {"bob"}, "email": {"new@example.com"}}).want(t, http.StatusUnprocessableEntity)
	bad.has(t, ".problems", "There is a user “bob” already")
	if v, _ := bad.doc.Find("#f-email").Attr("value"); v != "new@example.com" {
		t.Errorf("the typed text is gone: %q", v)
	}
	if got := s.user("ana").Email; got != "ana@example.com" {
		t.Errorf("a refused change was saved: %q", got)
	}

	res := s.post("/users/ana", url.Values{"username": {"ana.lima"}, "email": {""}, "display_name": {"Ana Lima"}}).want(t, http.StatusSeeOther)
	if to := res.header.Get("Location"); to != "/users/ana.lima" {
		t.Errorf("leads to %q", to)
	}
	if u := s.user("ana.lima"); u.Email != "" || u.DisplayName != "Ana Lima" {
		t.Errorf("saved: %+v", u)
	}
}

func TestDeactivatingEndsSessions(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	before := s.addUser("ana")
	s.get("/users/ana").has(t, ".confirm", "Every session of this person ends at once")
	s.post("/users/ana/deactivate", nil).want(t, http.StatusSeeOther)
	after := s.user("ana")
	if after.Active || after.SessionEpoch <= before.SessionEpoch {
		t.Errorf("active %v, epoch %d after %d", after.Active, after.SessionEpoch, before.SessionEpoch)
	}
	s.post("/users/ana/activate", nil).want(t, http.StatusSeeOther)
	if !s.user("ana").Active {
		t.Error("not active again")
	}
}

func TestUserJoinsAndLeavesGroups(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	s.addUser("ana")
	s.addGroup("jira users")
	s.post("/users/ana/groups", url.Values{"group": {"gone"}}).want(t, http.StatusUnprocessableEntity).has(t, ".field-problem", "no group “gone”")
	s.post("/users/ana/groups", url.Values{"group": {"jira users"}}).want(t, http.StatusSeeOther)
	s.get("/users/ana").has(t, ".rows strong", "jira users")
	s.post("/users/ana/groups/remove", url.Values{"group": {"jira users"}}).want(t, http.StatusSeeOther)
	s.get("/users/ana").has(t, "section[aria-labelledby=groups]", "In no group")
}

func TestUserIsDeletedOnlyWhenNamed(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	s.addUser("ana")
	s.post("/users/ana/delete", url.Values{"confirm": {"bob"}}).want(t, http.StatusUnprocessableEntity).has(t, ".field-problem", "Nothing was deleted")
	s.user("ana")
	s.post("/users/ana/delete", url.Values{"confirm": {"ana"}}).want(t, http.StatusSeeOther)
	gone := s.get("/users/ana").want(t, http.StatusNotFound)
	gone.has(t, "h1", "“ana” is not here")
	audit, _ := gone.doc.Find("a.btn-primary").Attr("href")
	s.get(audit).want(t, http.StatusOK).has(t, "tbody tr:first-child", "User deleted")
}

func TestUsersNamedLikePages(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	for _, name := range []string{"new", "import", "a/b", "50%", "ana@example.com"} {
		s.addUser(name)
		s.get(paths.User(name)).want(t, http.StatusOK).has(t, "h1", name)
		s.post(paths.UserAction(name, "deactivate"), nil).want(t, http.StatusSeeOther)
		if s.user(name).Active {
			t.Errorf("%s is still active", name)
		}
	}
}

// upload sends a CSV file as a browser does.
func (s *testSite) upload(path, csv string) *page {
	s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	f, err := form.CreateFormFile("file", "users.csv")
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := f.Write([]byte(csv)); err != nil {
		s.t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		s.t.Fatal(err)
	}
	return s.do(http.MethodPost, path, &body, http.Header{"Content-Type": {form.FormDataContentType()}})
}

func TestImportPreviewsThenImports(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	s.addUser("ana", "staff")
	s.addUser("bob")
	const csv = "username,email,display_name,groups\n" +
		"ana,ana.lima@example.com,=1+1,staff\n" +
		"BOB,,,\n" +
		"cy,cy@example.com,Cy,staff\n"

	preview := s.upload(paths.UsersImport, csv).want(t, http.StatusOK)
	preview.has(t, "#new", "New users")
	preview.has(t, "section[aria-labelledby=new] tbody", "cy")
	preview.has(t, "section[aria-labelledby=changed] tbody", "email ana@example.com becomes ana.lima@example.com")
	preview.has(t, "section[aria-labelledby=unchanged] tbody", "bob")
	if got := s.user("ana").Email; got != "ana@example.com" {
		t.Fatalf("the preview changed ana: %q", got)
	}

	kept := preview.doc.Find("textarea[name=csv]").Text()
	s.post(paths.UsersImport+"/confirm", url.Values{"csv": {kept}}).want(t, http.StatusSeeOther)
	s.get(paths.Users).has(t, ".alert-success", "1 added, 1 changed")
	if u := s.user("ana"); u.Email != "ana.lima@example.com" || u.DisplayName != "=1+1" {
		t.Errorf("ana: %+v", u)
	}
	s.get("/users/cy").has(t, ".rows strong", "staff")
	s.upload(paths.UsersImport, csv).has(t, "section[aria-labelledby=unchanged] tbody", "cy")
}

func TestImportReportsEveryLine(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	const csv = "username;email;groups\nana;nowhere;\nbo;bo@example.com;none\ncy;;\n"
	res := s.upload(paths.UsersImport, csv).want(t, http.StatusUnprocessableEntity)
	res.has(t, ".problems", "2 things are wrong")
	res.has(t, ".problems", "Line 2: The email “nowhere”")
	res.has(t, ".problems", "Line 3: There is no group “none”")
	if n, err := s.store.CountUsers(context.Background()); err != nil || n != 0 {
		t.Errorf("%d users, %v; want none", n, err)
	}
	s.post(paths.UsersImport, url.Values{"csv": {""}}).want(t, http.StatusUnprocessableEntity).has(t, ".problems", "nothing to import")
	s.post(paths.UsersImport+"/confirm", url.Values{"csv": {csv}}).want(t, http.StatusUnprocessableEntity)
}

func TestUsersArePaged(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleViewer)
	var rows []store.ImportRow
	for i := range rowsPerPage + 5 {
		name := "user" + string(rune('a'+i/26)) + string(rune('a'+i%26))
		rows = append(rows, store.ImportRow{User: model.User{Username: name, Active: true, Source: model.UserManual}})
	}
	if _, _, err := s.store.ImportUsers(context.Background(), tester, rows); err != nil {
		t.Fatal(err)
	}
	first := s.get(paths.Users)
	next, ok := first.doc.Find("a[rel=next]").Attr("href")
	if !ok || first.doc.Find("tbody tr").Length() != rowsPerPage {
		t.Fatalf("the first page has %d rows and leads to %q", first.doc.Find("tbody tr").Length(), next)
	}
	second := s.get(next)
	if n := second.doc.Find("tbody tr").Length(); n != 5 {
		t.Errorf("the second page has %d rows, want 5", n)
	}
	if second.doc.Find("a[rel=next]").Length() != 0 || second.doc.Find(`nav.pager a[href="/users"]`).Length() != 1 {
		t.Error("the second page is the last one and leads back to the first")
	}
}

func TestDamagedUpload(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleOwner)
	res := s.do(http.MethodPost, "/users/import", strings.NewReader("--x\r\nbroken"), http.Header{"Content-Type": {"multipart/form-data; boundary=x"}})
	if res.status != http.StatusBadRequest || !strings.Contains(res.text(), "Nothing was changed") {
		t.Errorf("answered %d: %s", res.status, res.text())
	}
}
