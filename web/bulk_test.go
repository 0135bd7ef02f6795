package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

func (s *testSite) membersOf(group string) string {
	s.t.Helper()
	members, _, err := s.store.Members(context.Background(), group, store.MemberQuery{})
	if err != nil {
		s.t.Fatal(err)
	}
	var names []string
	for _, m := range members {
		names = append(names, m.User.Username)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func TestBulkAddIsPreviewedConfirmedAndUndone(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	s.addUser("ana", "staff")
	s.addUser("bob")
	s.addUser("cleo")
	s.addUser("dora")
	for _, name := range []string{"cleo", "dora"} { // one mailbox for two
		if _, err := s.store.UpdateUser(context.Background(), tester, name, func(u *model.User) error { u.Email = "team@example.com"; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.store.UpdateUser(context.Background(), tester, "dora", func(u *model.User) error { u.Active = false; return nil }); err != nil {
		t.Fatal(err)
	}
	form := url.Values{"do": {"add"}, "people": {"username,city\r\nANA,Porto\r\n\"bob@example.com\";x\r\nteam@example.com\r\ndora\r\n" +
		"nobody\r\nBob@Example.com\r\n"}}
	preview := s.post("/groups/staff/bulk", form).want(t, http.StatusOK)
	for i, want := range []string{"Already in", "Will be added", "Ambiguous: 2", "Deactivated", "Unknown"} {
		if got := preview.doc.Find("tbody tr").Eq(i).Text(); !strings.Contains(got, want) {
			t.Errorf("line %d says %q, want %q", i+1, got, want)
		}
	}
	if n := preview.doc.Find("tbody tr").Length(); n != 5 {
		t.Errorf("%d lines, want 5", n)
	}
	if got := s.membersOf("staff"); got != "ana" {
		t.Fatalf("the preview left %q in the group", got)
	}
	s.post("/groups/staff/bulk/confirm", form).want(t, http.StatusSeeOther)
	if got := s.membersOf("staff"); got != "ana bob" {
		t.Fatalf("in the group are %q", got)
	}
	shown := s.get("/groups/staff")
	shown.has(t, ".alert-success", "1 user added to staff")
	undo, _ := shown.doc.Find("#bulk ~ .rows form").Attr("action")
	if again, _ := s.get("/audit").doc.Find("tbody form").Attr("action"); undo == "" || again != undo {
		t.Errorf("undo is offered at %q and in the audit at %q", undo, again)
	}
	s.post(undo, nil).want(t, http.StatusSeeOther)
	if got := s.membersOf("staff"); got != "ana" {
		t.Errorf("after undoing, in the group are %q", got)
	}
	s.post(undo, nil).want(t, http.StatusConflict)
}

func TestBulkDeactivatesThoseTicked(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	s.addUser("ana")
	s.addUser("bob")
	s.post("/bulk", url.Values{"do": {""}, "ticked": {"ana"}}).want(t, http.StatusUnprocessableEntity).has(t, ".problems", "Choose what to do")
	s.post("/bulk", url.Values{"do": {"add"}, "ticked": {"ana"}, "group": {"none"}}).want(t, http.StatusUnprocessableEntity).has(t, ".problems", "no group “none”")
	s.post("/bulk", url.Values{"do": {"deactivate"}, "ticked": {"ana", "bob"}}).want(t, http.StatusOK).has(t, "main", "2 users of 2 would change")
	s.post("/bulk/confirm", url.Values{"do": {"deactivate"}, "people": {"ana\nbob"}}).want(t, http.StatusSeeOther)
	if u := s.user("ana"); u.Active || u.SessionEpoch != 1 {
		t.Errorf("ana is active: %t, epoch %d", u.Active, u.SessionEpoch)
	}
	if _, err := s.store.UpdateUser(context.Background(), tester, "bob", func(u *model.User) error { u.Active = true; return nil }); err != nil {
		t.Fatal(err)
	}
	undo, _ := s.get("/users").doc.Find(`form[action^="/bulk/"]`).Attr("action")
	s.post(undo, nil).want(t, http.StatusSeeOther)
	if !s.user("ana").Active {
		t.Error("ana stays deactivated")
	}
	s.get("/users").has(t, ".alert-success", "Undone for 1 user. 1 changed since and stay as they are: bob.")
}

func TestUndoLeavesWhatChangedSince(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.OpenPool(t)
	ana, bob := storetest.User(t, st, "ana"), storetest.User(t, st, "bob")
	storetest.Group(t, st, "staff")
	added, err := st.Bulk(ctx, tester, model.BulkAdd, "staff", []string{ana.ID, bob.ID})
	if err != nil || len(added.Items) != 2 {
		t.Fatalf("changed %v, %v", added.Items, err)
	}
	if err := st.RemoveMember(ctx, tester, "staff", "ana"); err != nil {
		t.Fatal(err)
	}
	if err := st.AddMember(ctx, tester, "staff", "ana"); err != nil {
		t.Fatal(err)
	}
	_, left, err := st.UndoBulk(ctx, tester, added.ID, added.At)
	if err != nil || len(left) != 1 || left[0].Username != "ana" {
		t.Errorf("left %v, %v; want ana, who was added again", left, err)
	}
	removed, err := st.Bulk(ctx, tester, model.BulkRemove, "staff", []string{ana.ID, bob.ID})
	if err != nil || len(removed.Items) != 1 || removed.Items[0].Origin != "test" {
		t.Fatalf("removed %v, %v", removed.Items, err)
	}
	if _, left, err := st.UndoBulk(ctx, tester, removed.ID, removed.At.Add(model.UndoFor)); err == nil {
		t.Errorf("undone after thirty days: %v", left)
	}
	if _, left, err := st.UndoBulk(ctx, tester, removed.ID, removed.At); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}
