package sources_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/directory/runner"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

// colliding is a site whose source has two people, of whom one bears the username of a
// user whom it does not take over, and one only the email of another.
func colliding(t *testing.T) (s *webtest.Site, run func() model.SourceRun) {
	t.Helper()
	s = site(t)
	s.SourceOf("corp", 6)
	s.AddUser("ana")
	s.AddUser("bea")
	ctx := t.Context()
	if _, err := s.Store.UpdateUser(ctx, webtest.Tester, "bea", func(u *model.User) error { u.Email = "b.ito@example.com"; return nil }); err != nil {
		t.Fatal(err)
	}
	_, err := s.Store.UpdateSource(ctx, webtest.Tester, "corp", 0, func(x *model.Source) error { x.AdoptExisting, x.Create = false, false; return nil })
	if err != nil {
		t.Fatal(err)
	}
	r := webtest.ReadingOf(6)
	for _, p := range []model.SourcePerson{
		{StableID: "id-ana", Username: "Ana", Email: "ana@corp.example", DisplayName: "Ana of the directory", Place: "OU=Sales"},
		{StableID: "id-bea", Username: "b.ito", Email: "B.Ito@example.com", DisplayName: "Bea of the directory"},
	} {
		p.Enabled, p.Says = true, model.SaysAll
		r.People = append(r.People, p)
		r.Groups[0].Members = append(r.Groups[0].Members, p.StableID)
	}
	s.Directories.Have("corp", r)
	return s, func() model.SourceRun {
		t.Helper()
		return s.RunSource("corp", runner.Ask{Trigger: model.RunBySchedule})
	}
}

func TestConflictsAreDecidedAndTakenBack(t *testing.T) {
	t.Parallel()
	s, run := colliding(t)
	conflicts := paths.SourceAction("corp", "conflicts")
	s.Get(conflicts).Want(t, http.StatusOK).Has(t, ".empty-state", "Nobody to decide about")
	s.Get(paths.Source("corp")).Has(t, "#decides ~ *, .facts", "None")
	ran := run()
	if ran.Counts.Conflicts != 1 {
		t.Fatalf("the run has %d conflicts", ran.Counts.Conflicts)
	}
	page := s.Get(conflicts).Want(t, http.StatusOK)
	page.Has(t, "table", "OU=Sales")
	page.Has(t, "table", "this source takes over nobody")
	page.Has(t, "table", "Only the email is the same")
	s.Get(paths.Source("corp")).Has(t, ".facts", "1 person to decide about")
	s.Get(paths.SourceRun("corp", ran.ID)).Has(t, "main", "Decide about conflicts")

	link := func(id, user string) *webtest.Page {
		return s.Post(paths.SourceAction("corp", "conflicts", "link"), url.Values{"id": {id}, "user": {user}})
	}
	// Who is somebody of the source already is not somebody else of it.
	link("id-ana", "p0001").Want(t, http.StatusSeeOther)
	if u := s.User("p0001"); u.Username != "p0001" {
		t.Error(u)
	}
	if page := s.Get(conflicts); !strings.Contains(page.Text(), "Is “p0001” of the source already") {
		t.Errorf("not said why: %s", page.Text())
	}
	link("id-ana", "ana").Want(t, http.StatusSeeOther)
	link("id-bea", "bea").Want(t, http.StatusSeeOther)
	if u := s.User("ana"); u.Home != "corp" {
		t.Errorf("the home of ana is %q", u.Home)
	}
	page = s.Get(conflicts)
	page.Has(t, ".empty-state", "Nobody to decide about")
	page.Has(t, "section", "Decided by hand")
	if done := run(); done.Counts.Conflicts != 0 || done.Counts.MembershipsAdded != 2 {
		t.Errorf("the run after the decision: %+v %v", done.Counts, done.Holds)
	}
	if u := s.User("ana"); u.DisplayName != "Ana of the directory" {
		t.Errorf("the source does not say the name: %q", u.DisplayName)
	}

	s.Post(paths.SourceAction("corp", "conflicts", "unlink"), url.Values{"id": {"id-ana"}}).Want(t, http.StatusSeeOther)
	if u := s.User("ana"); u.Home != "" || !u.Active {
		t.Errorf("taken back, ana is %+v", u)
	}
	if done := run(); done.Counts.Conflicts != 1 || done.Counts.MembershipsRemoved != 1 {
		t.Errorf("the run after it was taken back: %+v %v", done.Counts, done.Holds)
	}
	s.Get(conflicts).Has(t, "table", "this source takes over nobody")
}

// People who may use the console are never suggested, nor linked.
func TestNoConflictIsDecidedAgainstTheConsole(t *testing.T) {
	t.Parallel()
	s, run := colliding(t)
	s.AddGroup("console")
	s.ChooseConsoleGroup("console")
	if err := s.Store.AddMember(t.Context(), webtest.Tester, "console", "bea"); err != nil {
		t.Fatal(err)
	}
	run()
	if page := s.Get(paths.SourceAction("corp", "conflicts")); strings.Contains(page.Text(), "Only the email is the same") {
		t.Error("somebody who may use the console is suggested")
	}
	s.Post(paths.SourceAction("corp", "conflicts", "link"), url.Values{"id": {"id-bea"}, "user": {"bea"}}).Want(t, http.StatusSeeOther)
	if u := s.User("bea"); u.Home != "" {
		t.Errorf("linked: %+v", u)
	}
}

// Where somebody else got a used name, the page says what helps, and it does.
func TestAUsedNameHasAWayOut(t *testing.T) {
	t.Parallel()
	s := site(t)
	s.SourceOf("corp", 20)
	reading := webtest.ReadingOf(20)
	reading.People[19].StableID = "somebody else"
	reading.Groups = reading.Groups[:1]
	reading.Groups[0].Members = reading.Groups[0].Members[:19]
	s.Directories.Have("corp", reading)
	s.RunSource("corp", runner.Ask{Trigger: model.RunBySchedule})
	page := s.Get(paths.SourceAction("corp", "conflicts")).Want(t, http.StatusOK)
	page.Has(t, "table", "Is another “p0019” of the source, who is not in it any more.")
	page.Has(t, "table", "give p0019 here another username, which is pinned on the user's page before: the next run then makes the other one a user.")
	first := s.User("p0019")
	s.Post(paths.UserAction("p0019", "pins"), url.Values{"pin": {"username"}, "reason": {"The name is another's now"}}).Want(t, http.StatusSeeOther)
	form := s.Get(paths.User("p0019")).Form("form[action='" + paths.User("p0019") + "']")
	form.Set("username", "p0019.first")
	s.Post(paths.User("p0019"), form).Want(t, http.StatusSeeOther)
	s.RunSource("corp", runner.Ask{Trigger: model.RunBySchedule})
	if second := s.User("p0019"); second.ID == first.ID || !second.Active {
		t.Errorf("the other one is %+v", second)
	}
	s.Get(paths.SourceAction("corp", "conflicts")).Has(t, "main", "Nobody to decide about")
}
