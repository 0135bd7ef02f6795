package people_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

func TestBulkAddIsPreviewedConfirmedAndUndone(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.AddUser("ana", "staff")
	s.AddUser("bob")
	s.AddUser("cleo")
	s.AddUser("dora")
	for _, name := range []string{"cleo", "dora"} { // one mailbox for two
		if _, err := s.Store.UpdateUser(context.Background(), webtest.Tester, name, func(u *model.User) error {
			u.Email = "team@example.com"
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Store.UpdateUser(context.Background(), webtest.Tester, "dora", func(u *model.User) error { u.Active = false; return nil }); err != nil {
		t.Fatal(err)
	}
	form := url.Values{"do": {"add"}, "people": {"username,city\r\nANA,Porto\r\n\"bob@example.com\";x\r\nteam@example.com\r\ndora\r\n" +
		"nobody\r\nBob@Example.com\r\n"}}
	preview := s.Post("/groups/staff/bulk", form).Want(t, http.StatusOK)
	for i, want := range []string{"Already in", "Will be added", "Ambiguous: 2", "Deactivated", "Unknown"} {
		if got := preview.Doc.Find("tbody tr").Eq(i).Text(); !strings.Contains(got, want) {
			t.Errorf("line %d says %q, want %q", i+1, got, want)
		}
	}
	if n := preview.Doc.Find("tbody tr").Length(); n != 5 {
		t.Errorf("%d lines, want 5", n)
	}
	if got := s.MembersOf("staff"); got != "ana" {
		t.Fatalf("the preview left %q in the group", got)
	}
	s.Post("/groups/staff/bulk/confirm", form).Want(t, http.StatusSeeOther)
	if got := s.MembersOf("staff"); got != "ana bob" {
		t.Fatalf("in the group are %q", got)
	}
	shown := s.Get("/groups/staff")
	shown.Has(t, ".alert-success", "1 user added to staff")
	undo, _ := shown.Doc.Find("#bulk ~ .rows form").Attr("action")
	if again, _ := s.Get("/audit").Doc.Find("tbody form").Attr("action"); undo == "" || again != undo {
		t.Errorf("undo is offered at %q and in the audit at %q", undo, again)
	}
	s.Post(undo, nil).Want(t, http.StatusSeeOther)
	if got := s.MembersOf("staff"); got != "ana" {
		t.Errorf("after undoing, in the group are %q", got)
	}
	s.Post(undo, nil).Want(t, http.StatusConflict)
}

func TestBulkDeactivatesThoseTicked(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.AddUser("ana")
	s.AddUser("bob")
	s.Post("/bulk", url.Values{"do": {""}, "ticked": {"ana"}}).Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", "Choose what to do")
	s.Post("/bulk", url.Values{"do": {"add"}, "ticked": {"ana"}, "group": {"none"}}).Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", "no group “none”")
	s.Post("/bulk", url.Values{"do": {"deactivate"}, "ticked": {"ana", "bob"}}).Want(t, http.StatusOK).Has(t, "main", "2 users of 2 would change")
	s.Post("/bulk/confirm", url.Values{"do": {"deactivate"}, "people": {"ana\nbob"}}).Want(t, http.StatusSeeOther)
	if u := s.User("ana"); u.Active || u.SessionEpoch != 1 {
		t.Errorf("ana is active: %t, epoch %d", u.Active, u.SessionEpoch)
	}
	if _, err := s.Store.UpdateUser(context.Background(), webtest.Tester, "bob", func(u *model.User) error { u.Active = true; return nil }); err != nil {
		t.Fatal(err)
	}
	undo, _ := s.Get("/users").Doc.Find(`form[action^="/bulk/"]`).Attr("action")
	s.Post(undo, nil).Want(t, http.StatusSeeOther)
	if !s.User("ana").Active {
		t.Error("ana stays deactivated")
	}
	s.Get("/users").Has(t, ".alert-success", "Undone for 1 user. 1 changed since and stay as they are: bob.")
}

func TestUndoLeavesWhatChangedSince(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.OpenPool(t)
	ana, bob := storetest.User(t, st, "ana"), storetest.User(t, st, "bob")
	storetest.Group(t, st, "staff")
	added, err := st.Bulk(ctx, webtest.Tester, model.BulkAdd, "staff", []string{ana.ID, bob.ID})
	if err != nil || len(added.Items) != 2 {
		t.Fatalf("changed %v, %v", added.Items, err)
	}
	if err := st.RemoveMember(ctx, webtest.Tester, "staff", "ana"); err != nil {
		t.Fatal(err)
	}
	if err := st.AddMember(ctx, webtest.Tester, "staff", "ana"); err != nil {
		t.Fatal(err)
	}
	_, left, err := st.UndoBulk(ctx, webtest.Tester, added.ID, added.At)
	if err != nil || len(left) != 1 || left[0].Username != "ana" {
		t.Errorf("left %v, %v; want ana, who was added again", left, err)
	}
	removed, err := st.Bulk(ctx, webtest.Tester, model.BulkRemove, "staff", []string{ana.ID, bob.ID})
	if err != nil || len(removed.Items) != 1 || removed.Items[0].Origin != "test" {
		t.Fatalf("removed %v, %v", removed.Items, err)
	}
	if _, left, err := st.UndoBulk(ctx, webtest.Tester, removed.ID, removed.At.Add(model.UndoFor)); err == nil {
		t.Errorf("undone after thirty days: %v", left)
	}
	if _, left, err := st.UndoBulk(ctx, webtest.Tester, removed.ID, removed.At); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}
