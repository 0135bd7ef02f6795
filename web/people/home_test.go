package people_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/directory/runner"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

// What the home says is not changed by hand without a pin; what is pinned stays as it
// was made by hand, until the pin is taken away.
func TestAHomeSaysTheFieldsUntilTheyArePinned(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteOn(t, storetest.OpenPool(t))
	s.SignInAs(model.RoleOwner)
	s.SourceOf("corp", 6)
	user := paths.User("p0003")
	page := s.Get(user).Want(t, http.StatusOK)
	page.Has(t, "section[aria-labelledby=home]", "Corporate directory says this user's username, email, name")
	page.Has(t, "section[aria-labelledby=groups]", "Given by the source Corporate directory, by its group “staff”")
	edit := "form[action='" + user + "']"
	if page.Doc.Find(edit+" [name=email], "+edit+" [name=username]").Length() != 0 {
		t.Error("the form offers what the home says")
	}
	s.Post(user, url.Values{"username": {"p0003"}, "email": {"mine@example.com"}}).Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", "Pin it first")
	if got := s.User("p0003").Email; got != "p0003@example.com" {
		t.Fatalf("without a pin the email is %s", got)
	}

	pins := paths.UserAction("p0003", "pins")
	s.Post(pins, url.Values{"pin": {"email"}, "until": {"2020-01-01"}}).Want(t, http.StatusUnprocessableEntity).Has(t, "main", "Say why")
	s.Post(pins, url.Values{"pin": {"shoe"}, "reason": {"x"}}).Want(t, http.StatusUnprocessableEntity)
	s.Post(pins, url.Values{"pin": {"email"}, "reason": {"Works for two companies"}}).Want(t, http.StatusSeeOther)
	page = s.Get(user)
	page.Has(t, "section[aria-labelledby=home]", "Email is pinned: Works for two companies")
	form := page.Form(edit)
	form.Set("email", "mine@example.com")
	s.Post(user, form).Want(t, http.StatusSeeOther)
	s.RunSource("corp", runner.Ask{Trigger: model.RunBySchedule})
	if got := s.User("p0003").Email; got != "mine@example.com" {
		t.Errorf("pinned, the email is %s", got)
	}
	s.Post(paths.UserAction("p0003", "pins", "remove"), url.Values{"pin": {"email"}}).Want(t, http.StatusSeeOther)
	s.Post(paths.UserAction("p0003", "pins", "remove"), url.Values{"pin": {"email"}}).Want(t, http.StatusNotFound)
	s.RunSource("corp", runner.Ask{Trigger: model.RunBySchedule})
	if got := s.User("p0003").Email; got != "p0003@example.com" || s.Audited("user.pins") != 2 {
		t.Errorf("the pin was taken away, and the email is %s; %d entries", got, s.Audited("user.pins"))
	}
}

// The page says who deactivated a user: a source, or a person.
func TestThePageSaysWhoDeactivated(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteOn(t, storetest.OpenPool(t))
	s.SignInAs(model.RoleOwner)
	s.SourceOf("corp", 6)
	s.Directories.Have("corp", webtest.ReadingOf(5))
	s.RunSource("corp", runner.Ask{Trigger: model.RunBySchedule})
	s.Get(paths.User("p0005")).Has(t, "section[aria-labelledby=end]", "Deactivated by the source Corporate directory:")
	s.Post(paths.UserAction("p0002", "deactivate"), nil).Want(t, http.StatusSeeOther)
	s.Get(paths.User("p0002")).Has(t, "section[aria-labelledby=end]", "Who was deactivated by hand stays so")
}

// A group says which sources give it, and can be closed to them.
func TestAGroupSaysWhichSourcesGiveIt(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteOn(t, storetest.OpenPool(t))
	s.SignInAs(model.RoleOwner)
	s.SourceOf("corp", 6)
	group := paths.Group("staff")
	page := s.Get(group).Want(t, http.StatusOK)
	page.Has(t, "section[aria-labelledby=giving]", "Corporate directory, by its group “staff”")
	page.Has(t, "section[aria-labelledby=members]", "Given by the source Corporate directory")
	if strings.Contains(page.Find("section[aria-labelledby=rules]"), "by hand only") {
		t.Error("the page says that members are added by hand only")
	}
	s.Post(group, url.Values{"by_hand_asked": {"on"}, "by_hand_only": {"on"}}).Want(t, http.StatusSeeOther)
	s.Get(paths.Groups).Has(t, "table", "by hand only")
	s.Post(group, url.Values{"description": {"all"}}).Want(t, http.StatusSeeOther)
	if g, err := s.Store.Group(t.Context(), "staff"); err != nil || !g.ByHandOnly || g.Description != "all" {
		t.Errorf("a form without the box gave %+v, %v", g, err)
	}
	held := s.RunSource("corp", runner.Ask{Trigger: model.RunBySchedule}) // it would empty the group
	if run := s.RunSource("corp", runner.Ask{Trigger: model.RunByApproval, Actor: webtest.Tester, Approves: held.ID}); run.Outcome != model.RunApplied {
		t.Fatalf("the run ended %s: %+v", run.Outcome, run.Holds)
	}
	if page = s.Get(group); !strings.Contains(page.Text(), "Nobody is in this group") {
		t.Errorf("closed to sources, the group has %s", page.Find("section[aria-labelledby=members]"))
	}
}

// Pins outlive the source that was a user's home: they are shown, and can be taken away.
func TestPinsWithoutAHomeAreShown(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteOn(t, storetest.OpenPool(t))
	s.SignInAs(model.RoleOwner)
	s.SourceOf("corp", 2)
	s.Get(paths.User("p0001")).Has(t, "main", "Remove the person from Corporate directory and from AWS first")
	s.Post(paths.UserAction("p0001", "pins"), url.Values{"pin": {"email"}, "reason": {"Works for two companies"}}).Want(t, http.StatusSeeOther)
	exec(t, s, "update users set home_source = null")
	page := s.Get(paths.User("p0001"))
	page.Has(t, "section[aria-labelledby=home]", "No source is this user's home any more")
	page.Has(t, "section[aria-labelledby=home]", "Email is pinned: Works for two companies")
	s.Post(paths.UserAction("p0001", "pins", "remove"), url.Values{"pin": {"email"}}).Want(t, http.StatusSeeOther)
	if s.Get(paths.User("p0001")).Doc.Find("section[aria-labelledby=home]").Length() != 0 {
		t.Error("a user without a home and pins has a card about them")
	}
}

// A user's story tells which source deactivated them and why, which made them active
// again, and what was taken back, each with its run.
func TestTheStoryTellsWhatSourcesDid(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteOn(t, storetest.OpenPool(t))
	s.SignInAs(model.RoleOwner)
	s.SourceOf("corp", 20)
	story := func() string {
		return strings.Join(strings.Fields(s.Get(paths.User("p0019")).Want(t, http.StatusOK).Find("section[aria-labelledby=logins]")), " ")
	}
	if text := story(); strings.Contains(text, "ctiv") {
		t.Errorf("nothing happened yet: %s", text)
	}
	s.Directories.Have("corp", webtest.ReadingOf(19))
	gone := s.RunSource("corp", runner.Ask{Trigger: model.RunBySchedule})
	if text := story(); !strings.Contains(text, "Deactivated by the source Corporate directoryBecause the person is not in the source any more") {
		t.Errorf("left: %s", text)
	}
	s.Directories.Have("corp", webtest.ReadingOf(20))
	back := s.RunSource("corp", runner.Ask{Trigger: model.RunBySchedule})
	page := s.Get(paths.User("p0019"))
	for _, run := range []model.SourceRun{gone, back} {
		if page.Doc.Find("section[aria-labelledby=logins] a[href='"+paths.SourceRun("corp", run.ID)+"']").Length() == 0 {
			t.Errorf("no way to the run %d: %s", run.ID, story())
		}
	}
	if text := story(); !strings.Contains(text, "Active again by the source Corporate directory") {
		t.Errorf("back: %s", text)
	}
	s.Post(paths.SourceRunAction("corp", back.ID, "undo"), nil).Want(t, http.StatusSeeOther)
	s.Directories.Runner.Wait()
	if text := story(); !strings.Contains(text, "DeactivatedA run of Corporate directory was taken back") {
		t.Errorf("taken back: %s", text)
	}
}
