package web

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/csvimport"
)

func TestRow17ExportIsNoFormula(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	s.addUser("ana", "staff", "-ops")
	s.addUser("bob")
	names := map[string]string{"ana": `=HYPERLINK("http://evil.example";"a,b")`, "bob": "'quoted'"}
	for user, name := range names {
		_, err := s.store.UpdateUser(context.Background(), tester, user, func(u *model.User) error {
			u.DisplayName, u.FirstName, u.LastName = name, "+1", "@x"
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	res := s.get("/export/users").want(t, http.StatusOK)
	if strings.Contains(res.body, ",=") || strings.Contains(res.body, `"=`) || strings.Contains(res.body, ",+") {
		t.Errorf("a cell begins a formula:\n%s", res.body)
	}
	s.get("/logins/export").want(t, http.StatusOK)
	if users, logins := s.audited("user.export"), s.audited("login.export"); users != 1 || logins != 1 {
		t.Errorf("the audit has %d exports of users, %d of logins", users, logins)
	}
	file := csvimport.Parse([]byte(res.body))
	if len(file.Problems) > 0 || len(file.Rows) != 2 {
		t.Fatalf("the import reads %d users, with %v", len(file.Rows), file.Problems)
	}
	for _, row := range file.Rows {
		u := s.user(row.Username)
		if row.DisplayName != u.DisplayName || row.FirstName != "+1" || row.LastName != "@x" || row.Email != u.Email {
			t.Errorf("came back as %+v, want %+v", row, u)
		}
	}
	if got := strings.Join(file.Rows[0].Groups, " "); got != "-ops staff" {
		t.Errorf("ana's groups came back as %q", got)
	}
	if got := s.get("/export/users?q=bob").body; strings.Contains(got, "ana") || !strings.Contains(got, "bob") {
		t.Errorf("the search exports %q", got)
	}
	if got := s.get("/export/groups/staff").body; strings.Contains(got, "bob") || !strings.Contains(got, "ana") {
		t.Errorf("the group's export is %q", got)
	}
}

func TestUsersListShowsItsFilters(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	s.addUser("ana", "staff")
	res := s.get("/users?q=an&group=staff").want(t, http.StatusOK)
	if to, _ := res.doc.Find(".filter-tags a").First().Attr("href"); to != "/users?group=staff" {
		t.Errorf("without the search leads to %q", to)
	}
	res.has(t, "#shown[role=status]", "1 user shown.")
	if to, _ := res.doc.Find(`a[href^="/export/users"]`).Attr("href"); to != "/export/users?group=staff&q=an" {
		t.Errorf("the export leads to %q", to)
	}
}
