package people_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
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
	if again := s.Post(undo, nil).Want(t, http.StatusSeeOther); again.Header.Get("Location") != paths.Group("staff") {
		t.Errorf("undone twice, it leads to %s", again.Header.Get("Location"))
	}
	s.Get(paths.Group("staff")).Has(t, ".alert", "already undone by")
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

// Whatever separates people on a line, each counts; what is nobody is said, and a
// row of a spreadsheet stays one person.
func TestEveryCellThatIsAPersonCounts(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.AddUser("alice", "staff")
	s.AddUser("bob")
	s.AddUser("doe,john")
	s.AddUser("login")
	for name, c := range map[string]struct{ typed, users, leftOut string }{
		"semicolons":                 {"alice; bob", "alice bob", ""},
		"commas":                     {"alice, bob", "alice bob", ""},
		"a tab":                      {"alice\tbob", "alice bob", ""},
		"emails":                     {"bob@example.com;alice@example.com;", "bob alice", ""},
		"as mail programs write it":  {"Alice Example <alice@example.com>; \"Bob, B\" <bob@example.com>", "alice bob", ""},
		"with somebody unknown":      {"alice; nobody; bob", "alice bob", "nobody"},
		"nobody on the line":         {"nope, nobody\nbob", "- bob", "nobody"},
		"a row of a spreadsheet":     {"bob\tBob Example\tbob@example.com\tyes", "bob", "Bob Example|yes"},
		"the same with its columns":  {"username;manager\nbob;alice\n", "bob", ""},
		"columns in another order":   {"Manager\tE-Mail\tUser name\nalice\t\tbob\n", "bob", ""},
		"a column with its name":     {"email\nbob@example.com\nalice; bob", "bob alice", ""},
		"somebody called as columns": {"login\nbob", "login bob", ""},
		"a name with a separator":    {"doe,john", "doe,john", ""},
		"blanks that do not break":   {"\u00a0alice\u00a0;\u00a0bob", "alice bob", ""},
		"twice":                      {"alice;ALICE\nalice@example.com", "alice", ""},
		"lines of old Macs":          {"alice\rbob", "alice bob", ""},
	} {
		page := s.Post("/groups/staff/bulk", url.Values{"do": {"remove"}, "people": {c.typed}}).Want(t, http.StatusOK)
		var users, left []string
		page.Doc.Find("tbody tr").Each(func(_ int, row *goquery.Selection) {
			user := strings.TrimSpace(row.Find("td").Eq(1).Text())
			users = append(users, strings.ReplaceAll(user, "–", "-"))
		})
		page.Doc.Find("section[aria-labelledby=left-out] li").Each(func(_ int, item *goquery.Selection) { left = append(left, item.Text()) })
		if got := strings.Join(users, " "); got != c.users || strings.Join(left, "|") != c.leftOut {
			t.Errorf("%s: users %q and left out %q, want %q and %q", name, got, left, c.users, c.leftOut)
		}
	}
	s.Post("/groups/staff/bulk/confirm", url.Values{"do": {"add"}, "people": {"alice; bob"}}).Want(t, http.StatusSeeOther)
	if got := s.MembersOf("staff"); got != "alice bob" {
		t.Errorf("in the group are %q", got)
	}
}
