package people_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

// The page says what each app is told of the user: by which integration, under what
// name, whether active, and with the groups that this app sees.
func TestUserPageTellsWhatAppsAreTold(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	apps := func() string {
		return s.Get(paths.User("ana")).Want(t, http.StatusOK).Find("section[aria-labelledby=apps]")
	}
	s.AddUser("ana", "staff", "leads")
	if text := apps(); !strings.Contains(text, "No app is connected.") {
		t.Errorf("without an app: %s", text)
	}
	for _, a := range []model.App{
		{Slug: "jira", Kind: model.AppOIDC, Name: "Jira", Public: true, AllGroups: true, RedirectURIs: []string{"https://jira.example.com/callback"}},
		{Slug: "wiki", Kind: model.AppCrowd, Name: "Wiki", Groups: []string{"staff"}},
	} {
		if err := s.Store.CreateApp(t.Context(), webtest.Tester, a); err != nil {
			t.Fatal(err)
		}
	}
	text := strings.Join(strings.Fields(apps()), " ")
	for _, want := range []string{
		"JiraSign-in (OpenID Connect)Told as ana, at each sign-in, 2 groups: leads, staff.",
		"WikiUser directory (Crowd)Told as ana, as active, 1 group: staff.It has not read everybody yet.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q: %s", want, text)
		}
	}
	if _, err := s.Store.UpdateUser(t.Context(), webtest.Tester, "ana", func(u *model.User) error { u.Active = false; return nil }); err != nil {
		t.Fatal(err)
	}
	text = strings.Join(strings.Fields(apps()), " ")
	if !strings.Contains(text, "nothing while the user is deactivated") || !strings.Contains(text, "as inactive") {
		t.Errorf("of a deactivated user: %s", text)
	}
}

// The buttons of the head open what they name; a viewer has none.
func TestUserPageHeadOpensWhatItNames(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.AddUser("ana", "staff")
	page := s.Get(paths.User("ana")).Doc
	for label, open := range map[string]string{"Edit": "details#edit[open]", "Deactivate…": "section[aria-labelledby=end] details.confirm[open]"} {
		if page.Find(open).Length() != 0 {
			t.Errorf("%s is open from the start", label)
		}
		for _, a := range page.Find(".page-actions a.btn").EachIter() {
			if strings.TrimSpace(a.Text()) == label {
				if n := s.Get(a.AttrOr("href", "")).Want(t, http.StatusOK).Doc.Find(open).Length(); n == 0 {
					t.Errorf("%s does not open it", label)
				}
				open = ""
			}
		}
		if open != "" {
			t.Errorf("there is no %s", label)
		}
	}
	s.SignInAs(model.RoleViewer)
	if n := s.Get(paths.User("ana")).Doc.Find(".page-actions a.btn").Length(); n != 0 {
		t.Errorf("a viewer is offered %d buttons", n)
	}
}

// A link by a trace's button is undone from the user's story, the audit and the
// overview, as long as it stands; an import and a bulk change, too.
func TestUndoStandsWhereTheActIsTold(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.OpenConnection("aws")
	s.Now = time.Now().UTC().Truncate(time.Second)
	u := s.AddUser("otto", "staff")
	l := s.AddLogin(func(l *model.Login) {
		webtest.RefusedAs(model.CodeUsernameTaken)(l)
		l.Refusal.Cause, l.Username, l.NameID, l.StartedAt = model.CauseNotAllowed, "otto", "otto", s.Now.Add(-time.Hour)
		l.Person = &model.Person{Username: "otto", NameID: "otto", ExternalID: "A-2", IdPEntityID: "https://aws.example/saml"}
	})
	for range 7 { // the login is not among the newest
		s.AddLogin(func(l *model.Login) { l.Username = "otto"; webtest.RefusedAs(model.CodeInternal)(l) })
	}
	link, err := s.Store.LinkFromLogin(t.Context(), webtest.Tester, l.ID, "otto", false)
	if err != nil {
		t.Fatal(err)
	}
	s.AddGroup("leads")
	if _, err := s.Store.Bulk(t.Context(), webtest.Tester, model.BulkAdd, "leads", []string{u.ID}); err != nil {
		t.Fatal(err)
	}
	j, err := s.Store.StartImport(t.Context(), webtest.Tester, []store.ImportRow{{User: model.User{Username: "mia", Active: true}}}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Opts.Jobs.WorkFor(t.Context(), j.ID, time.Minute); err != nil {
		t.Fatal(err)
	}
	places := map[string]string{paths.User("otto"): ".story", paths.Audit: "tbody", paths.Overview: ".feed"}
	unlink, undo := `a[href="`+paths.LoginAction(l.ID, "unlink")+`"]`, `form[action$="/undo"]`
	for where, in := range places {
		page := s.Get(where).Want(t, http.StatusOK).Doc
		if n := page.Find(in + " " + unlink).Length(); n != 1 {
			t.Errorf("%s: the link can be undone in %d places", where, n)
		}
		if n := page.Find(in + " " + undo).Length(); in != ".story" && n != 2 {
			t.Errorf("%s: %d other acts can be undone", where, n)
		}
	}
	if _, err := s.Store.UndoLink(t.Context(), webtest.Tester, link.AuditID, s.Now); err != nil {
		t.Fatal(err)
	}
	s.Post(paths.JobAction(j.ID, "undo"), nil).Want(t, http.StatusSeeOther)
	for where, in := range places {
		page := s.Get(where).Doc
		if page.Find(in+" "+unlink).Length() != 0 || page.Find(in+` form[action="`+paths.JobAction(j.ID, "undo")+`"]`).Length() != 0 {
			t.Errorf("%s offers to undo what is undone", where)
		}
	}
	s.SignInAs(model.RoleViewer)
	for where, in := range places {
		if n := s.Get(where).Doc.Find(in + " " + undo).Length(); n != 0 {
			t.Errorf("%s: a viewer is offered to undo", where)
		}
	}
}

// The story goes from the newest to the oldest, and what a sign-in did stands under
// the sign-in.
func TestUserStoryIsInTheOrderOfTime(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, func(c *model.Config) { c.Provisioning = model.ProvisioningJIT })
	x.SignInAs(model.RoleAdmin)
	e := x.Begin(false)
	x.Now = x.Now.Add(time.Minute) // the sign-in ends after the database has written, however slow the machine is
	x.Answer(e, webtest.HonestMessage(&e))
	users, _, err := x.Store.Users(t.Context(), store.UserQuery{})
	if err != nil || len(users) != 1 {
		t.Fatalf("%v, %v", users, err)
	}
	story := x.Get(paths.User(users[0].Username)).Want(t, http.StatusOK).Doc.Find(".story li")
	var told, times []string
	for _, li := range story.EachIter() {
		told, times = append(told, strings.Fields(li.Text())[0]), append(times, li.Find("time").AttrOr("datetime", ""))
	}
	if got := strings.Join(told, " "); got != "Signed Linked Became" {
		t.Errorf("the story is %q", got)
	}
	for i := range times[1:] {
		if times[i] < times[i+1] {
			t.Errorf("a later one stands under an earlier one: %q", times)
		}
	}
}

// With bad rows in the file, the page has one primary button: to import the good ones.
func TestImportPageHasOnePrimaryButton(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	for csv, want := range map[string]string{
		"username\nana\n": "Import 1 user",
		"username,email\nana,a@example.com\nbob,no\n": "Import the 1 good row",
		"username,email\nbob,no\n":                    "Preview the import",
	} {
		primary := s.Post(paths.UsersImport, url.Values{"csv": {csv}}).Doc.Find("main .btn-primary")
		if primary.Length() != 1 || primary.Text() != want {
			t.Errorf("%q: %d primary buttons: %s", csv, primary.Length(), primary.Text())
		}
	}
}
