package people_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/forms"
	"github.com/postern-sso/postern/web/webtest"
)

func TestPickerOffersFewAndKeepsWhatIsTicked(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	for i := range 30 {
		s.AddGroup(fmt.Sprintf("team%02d", i))
	}
	s.AddUser("ana")
	for _, path := range []string{"/users/new", "/users/ana", "/rules/new"} {
		if n := s.Get(path).Want(t, http.StatusOK).Doc.Find(".picker input[type=checkbox]").Length(); n != forms.GroupsSuggested {
			t.Errorf("%s offers %d groups, want %d", path, n, forms.GroupsSuggested)
		}
	}
	rows := s.Get("/suggest/groups?field=groups&groups_typed=TEAM2&groups=team05").Want(t, http.StatusOK)
	if v, _ := rows.Doc.Find("input[checked]").Attr("value"); v != "team05" {
		t.Errorf("%q is ticked after the search, want team05", v)
	}
	if n := rows.Doc.Find("input:not([checked])").Length(); n != 10 {
		t.Errorf("%d groups fit, want the ten that begin with team2", n)
	}
}

func TestPickerTakesATypedName(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.AddGroup("staff")
	s.AddGroup("staff-external")
	s.AddUser("ana")
	res := s.Post("/users/ana/groups", url.Values{"group_typed": {"staf"}, "group": {"staff-external"}}).Want(t, http.StatusUnprocessableEntity)
	res.Has(t, ".field-problem", "no group “staf”")
	if v, _ := res.Doc.Find("[name=group_typed]").Attr("value"); v != "staf" {
		t.Errorf("what was typed became %q", v)
	}
	if n := res.Doc.Find("[name=group][checked]").Length(); n != 1 {
		t.Errorf("%d groups are ticked after the mistake, want the one", n)
	}
	s.Post("/users/ana/groups", url.Values{"group_typed": {"Staff"}, "group": {"staff-external"}}).Want(t, http.StatusSeeOther)
	s.Get("/users/ana").Has(t, "#groups ~ .rows", "staff-external")
	res = s.Post("/rules", url.Values{"name": {"r"}, "kind": {"always"}, "groups_typed": {"stuff"}}).Want(t, http.StatusUnprocessableEntity)
	if v, _ := res.Doc.Find("[name=groups_typed]").Attr("value"); v != "stuff" {
		t.Errorf("what was typed became %q", v)
	}
}
