package people_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/csvimport"
	"github.com/postern-sso/postern/web/webtest"
)

func TestRow17ExportIsNoFormula(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.AddUser("ana", "staff", "-ops")
	s.AddUser("bob")
	names := map[string]string{"ana": `=HYPERLINK("http://evil.example";"a,b")`, "bob": "'quoted'"}
	for user, name := range names {
		_, err := s.Store.UpdateUser(context.Background(), webtest.Tester, user, func(u *model.User) error {
			u.DisplayName, u.FirstName, u.LastName = name, "+1", "@x"
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	res := s.Get("/export/users").Want(t, http.StatusOK)
	if strings.Contains(res.Body, ",=") || strings.Contains(res.Body, `"=`) || strings.Contains(res.Body, ",+") {
		t.Errorf("a cell begins a formula:\n%s", res.Body)
	}
	s.Get("/logins/export").Want(t, http.StatusOK)
	if users, logins := s.Audited("user.export"), s.Audited("login.export"); users != 1 || logins != 1 {
		t.Errorf("the audit has %d exports of users, %d of logins", users, logins)
	}
	file := csvimport.Parse([]byte(res.Body))
	if len(file.Problems) > 0 || len(file.Rows) != 2 {
		t.Fatalf("the import reads %d users, with %v", len(file.Rows), file.Problems)
	}
	for _, row := range file.Rows {
		u := s.User(row.Username)
		if row.DisplayName != u.DisplayName || row.FirstName != "+1" || row.LastName != "@x" || row.Email != u.Email {
			t.Errorf("came back as %+v, want %+v", row, u)
		}
	}
	if got := strings.Join(file.Rows[0].Groups, " "); got != "-ops staff" {
		t.Errorf("ana's groups came back as %q", got)
	}
	if got := s.Get("/export/users?q=bob").Body; strings.Contains(got, "ana") || !strings.Contains(got, "bob") {
		t.Errorf("the search exports %q", got)
	}
	if got := s.Get("/export/groups/staff").Body; strings.Contains(got, "bob") || !strings.Contains(got, "ana") {
		t.Errorf("the group's export is %q", got)
	}
}

func TestUsersListShowsItsFilters(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.AddUser("ana", "staff")
	res := s.Get("/users?q=an&group=staff").Want(t, http.StatusOK)
	if to, _ := res.Doc.Find(".filter-tags a").First().Attr("href"); to != "/users?group=staff" {
		t.Errorf("without the search leads to %q", to)
	}
	res.Has(t, "#shown[role=status]", "1 user shown.")
	if to, _ := res.Doc.Find(`a[href^="/export/users"]`).Attr("href"); to != "/export/users?group=staff&q=an" {
		t.Errorf("the export leads to %q", to)
	}
}
