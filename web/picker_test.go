package web

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/postern-sso/postern/internal/model"
)

func TestPickerOffersFewAndKeepsWhatIsTicked(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	for i := range 30 {
		s.addGroup(fmt.Sprintf("team%02d", i))
	}
	s.addUser("ana")
	for _, path := range []string{"/users/new", "/users/ana", "/rules/new"} {
		if n := s.get(path).want(t, http.StatusOK).doc.Find(".picker input[type=checkbox]").Length(); n != groupsSuggested {
			t.Errorf("%s offers %d groups, want %d", path, n, groupsSuggested)
		}
	}
	rows := s.get("/suggest/groups?field=groups&groups_typed=TEAM2&groups=team05").want(t, http.StatusOK)
	if v, _ := rows.doc.Find("input[checked]").Attr("value"); v != "team05" {
		t.Errorf("%q is ticked after the search, want team05", v)
	}
	if n := rows.doc.Find("input:not([checked])").Length(); n != 10 {
		t.Errorf("%d groups fit, want the ten that begin with team2", n)
	}
}

func TestPickerTakesATypedName(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	s.addGroup("staff")
	s.addGroup("staff-external")
	s.addUser("ana")
	res := s.post("/users/ana/groups", url.Values{"group_typed": {"staf"}, "group": {"staff-external"}}).want(t, http.StatusUnprocessableEntity)
	res.has(t, ".field-problem", "no group “staf”")
	if v, _ := res.doc.Find("[name=group_typed]").Attr("value"); v != "staf" {
		t.Errorf("what was typed became %q", v)
	}
	if n := res.doc.Find("[name=group][checked]").Length(); n != 1 {
		t.Errorf("%d groups are ticked after the mistake, want the one", n)
	}
	s.post("/users/ana/groups", url.Values{"group_typed": {"Staff"}, "group": {"staff-external"}}).want(t, http.StatusSeeOther)
	s.get("/users/ana").has(t, "#groups ~ .rows", "staff-external")
	res = s.post("/rules", url.Values{"name": {"r"}, "kind": {"always"}, "groups_typed": {"stuff"}}).want(t, http.StatusUnprocessableEntity)
	if v, _ := res.doc.Find("[name=groups_typed]").Attr("value"); v != "stuff" {
		t.Errorf("what was typed became %q", v)
	}
}
