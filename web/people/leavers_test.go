package people_test

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/postern-sso/postern/internal/directory/runner"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

// left is a site whose source said that p0000 to p0004 left: the first is the source's
// own, the others are out of its reach.
func left(t *testing.T) *webtest.Site {
	t.Helper()
	s := webtest.NewSiteOn(t, storetest.OpenPool(t))
	s.SignInAs(model.RoleOwner)
	s.SourceOf("corp", 9)
	exec(t, s, "update users set home_source = null where username in ('p0001', 'p0004')")
	if err := s.Store.SetPins(t.Context(), webtest.Tester, "p0002", func(p model.Pins) error {
		p[model.PinActive] = model.Pin{By: "test", At: time.Now(), Reason: "on leave"}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	s.AddGroup("console")
	s.ChooseConsoleGroup("console")
	if err := s.Store.AddMember(t.Context(), webtest.Tester, "console", "p0003"); err != nil {
		t.Fatal(err)
	}
	r := webtest.ReadingOf(9)
	r.People = r.People[4:]
	r.People[0].Enabled, r.People[0].Why = false, "userAccountControl 514"
	s.Directories.Have("corp", r)
	if run := s.RunSource("corp", runner.Ask{Trigger: model.RunBySchedule}); run.Outcome != model.RunApplied {
		t.Fatalf("the run ended %s: %s %v", run.Outcome, run.Detail, run.Holds)
	}
	return s
}

func exec(t *testing.T, s *webtest.Site, sql string, args ...any) {
	t.Helper()
	if _, err := s.Store.Pool().Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// shownLeavers are the usernames that the page lists.
func shownLeavers(p *webtest.Page) string {
	var names []string
	p.Doc.Find("#results tbody .row-name a").Each(func(_ int, a *goquery.Selection) { names = append(names, a.Text()) })
	return strings.Join(names, " ")
}

func TestLeaversAreThoseWhomNoSourceDeactivates(t *testing.T) {
	t.Parallel()
	s := left(t)
	if s.User("p0000").Active {
		t.Error("the source's own leaver is active")
	}
	page := s.Get(paths.Leavers).Want(t, http.StatusOK)
	if got := shownLeavers(page); got != "p0001 p0002 p0003 p0004" {
		t.Fatalf("listed are %q", got)
	}
	for i, want := range []string{"Belongs to no source", "Pinned", "May use this console", "userAccountControl 514"} {
		if row := page.Doc.Find("#results tbody tr").Eq(i).Text(); !strings.Contains(row, want) {
			t.Errorf("line %d does not say %q: %s", i+1, want, row)
		}
	}
	page.Has(t, "nav .tally", "4")
	s.Get("/leavers?q=P0002").Has(t, "#results", "p0002")
	if got := shownLeavers(s.Get("/leavers?source=other")); got != "" {
		t.Errorf("another source says so of %q", got)
	}
	s.Post("/users/p0004/deactivate", nil)
	exec(t, s, "update sources set status = 'paused'")
	s.Get(paths.Leavers).Has(t, ".empty-state", "No source is live")
}

func TestLeaversPageByPage(t *testing.T) {
	t.Parallel()
	s := left(t)
	var names []string
	q := store.LeaverQuery{Page: store.Page{Limit: 3}}
	for range 3 {
		leavers, next, err := s.Store.Leavers(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range leavers {
			names = append(names, l.Username)
		}
		if q.After = next; next == "" {
			break
		}
	}
	if got := strings.Join(names, " "); got != "p0001 p0002 p0003 p0004" {
		t.Errorf("got %q", got)
	}
}

// A leaver who is deactivated is told to the apps without a login, and undone.
func TestLeaversAreDeactivatedAndTheAppsHearOfIt(t *testing.T) {
	t.Parallel()
	s := left(t)
	app := model.App{Slug: "jira", Kind: model.AppCrowd, Name: "Jira", AllGroups: true}
	if err := s.Store.CreateApp(t.Context(), webtest.Tester, app); err != nil {
		t.Fatal(err)
	}
	token, err := s.Store.EventToken(t.Context(), app.Slug, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	preview := s.Post("/leavers/deactivate", url.Values{"source": {"corp"}}).Want(t, http.StatusOK)
	preview.Has(t, "main", "2 users of 2 would change")
	s.Post(preview.Action("main form"), preview.Form("main form")).Want(t, http.StatusSeeOther)
	if s.User("p0001").Active || s.User("p0004").Active || !s.User("p0002").Active || !s.User("p0003").Active {
		t.Error("not exactly those without a home were deactivated")
	}
	events, _, err := s.Store.DirectoryEvents(t.Context(), app, token, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, e := range events {
		if e.User != nil && !e.User.Active {
			told = append(told, e.User.Username)
		}
	}
	if slices.Sort(told); strings.Join(told, " ") != "p0001 p0004" {
		t.Errorf("the app hears of %q", told)
	}
	after := s.Get(paths.Leavers)
	after.Has(t, ".alert-success", "2 users deactivated.")
	if got := shownLeavers(after); got != "p0002 p0003" {
		t.Errorf("left over are %q", got)
	}
	s.Post(after.Action("form[action^='/bulk/']"), nil).Want(t, http.StatusSeeOther)
	if !s.User("p0001").Active {
		t.Error("undone, p0001 stays deactivated")
	}
}

func TestALeaverIsAdoptedByTheSource(t *testing.T) {
	t.Parallel()
	s := left(t)
	offered := []string{}
	s.Get(paths.Leavers).Doc.Find("[formaction]").Each(func(_ int, b *goquery.Selection) { offered = append(offered, b.AttrOr("formaction", "")) })
	if want := []string{"/leavers/p0001/adopt?source=corp", "/leavers/p0004/adopt?source=corp"}; !slices.Equal(offered, want) {
		t.Fatalf("offered are %q, want %q", offered, want)
	}
	s.Post(offered[0], nil).Want(t, http.StatusSeeOther)
	s.Get(paths.Leavers).Has(t, ".alert-success", "p0001 belongs to “Corporate directory” now")
	if u := s.User("p0001"); u.Home != "corp" || s.Audited("user.adopt") != 1 {
		t.Errorf("home is %q, audited %d times", u.Home, s.Audited("user.adopt"))
	}
	for _, name := range []string{"p0001", "p0003"} { // owned already; may use the console
		exec(t, s, "update users set home_source = null where username = 'p0003'")
		s.Post("/leavers/"+name+"/adopt?source=corp", nil).Want(t, http.StatusSeeOther)
		s.Get(paths.Leavers).Has(t, ".alert-warning", "Nothing was changed.")
	}
	s.AddUser("nobody-there")
	s.Post("/leavers/nobody-there/adopt?source=corp", nil)
	s.Get(paths.Leavers).Has(t, ".alert-warning", "does not know nobody-there")
	s.RunSource("corp", runner.Ask{Trigger: model.RunBySchedule})
	if s.User("p0001").Active || !s.User("p0003").Active {
		t.Error("the next run did not decide about p0001 alone")
	}
}

func TestLeaversAsCSV(t *testing.T) {
	t.Parallel()
	s := left(t)
	rows, err := csv.NewReader(strings.NewReader(s.Get(paths.ExportLeavers).Want(t, http.StatusOK).Body)).ReadAll()
	if err != nil || len(rows) != 5 {
		t.Fatalf("%d lines, %v", len(rows), err)
	}
	want := []string{"p0004", "p0004@example.com", "Person 4", "corp", "disabled", "userAccountControl 514", "", "no_home", "", "staff"}
	if got := rows[4]; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if s.Audited("user.export") != 1 {
		t.Error("not audited")
	}
}

// Where AWS's directory is read, the ids by which people came count: an id that is not
// there any more is somebody who left.
func TestLeaversOfAWSAreKnownByTheirIds(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteOn(t, storetest.OpenPool(t))
	s.SignInAs(model.RoleViewer)
	s.OpenConnection("aws")
	for name, id := range map[string]string{"amy": "a1", "ben": "b1", "cleo": "c1", "dora": "d1", "eve": "", "fay": "f1"} {
		s.AddUser(name)
		exec(t, s, `insert into identities (user_id, connection_id, idp_entity_id, name_id, external_id, created_at)
			select u.id, c.id, 'https://idp', u.username, $2, now() - interval '1 year' from users u, connections c where u.username = $1`, name, id)
	}
	exec(t, s, "update identities set last_login_at = now() + interval '1 minute' where external_id = 'd1'") // while the run reads
	src := model.NewSource(model.SourceAWS)
	src.Slug, src.Name, src.Status, src.Connection, src.Create, src.AdoptExisting = "people", "AWS people", model.SourceLive, "aws", false, false
	src.AWS.Region, src.AWS.IdentityStoreID = "eu-central-1", "d-1234567890"
	if _, err := s.Store.CreateSource(t.Context(), webtest.Tester, src); err != nil {
		t.Fatal(err)
	}
	person := func(id, name string, assigned, enabled bool) model.SourcePerson {
		return model.SourcePerson{StableID: id, Username: name, Enabled: enabled, Assigned: assigned, Says: model.SaysAll}
	}
	read := func(people ...model.SourcePerson) {
		s.Directories.Have("people", model.Reading{People: people, Assignments: true})
		if run := s.RunSource("people", runner.Ask{Trigger: model.RunByHand, Actor: webtest.Tester, Dry: true}); run.Outcome != model.RunDry {
			t.Fatalf("the run ended %s: %s", run.Outcome, run.Detail)
		}
	}
	read(person("x1", "xenia", true, true))
	if got := shownLeavers(s.Get(paths.Leavers)); got != "" {
		t.Errorf("no id of the connection is in the directory, and %q count as gone", got)
	}
	read(person("a1", "amy", true, true), person("c1", "cleo", false, true), person("f1", "fay", true, false))
	page := s.Get(paths.Leavers)
	if got := shownLeavers(page); got != "ben cleo fay" {
		t.Errorf("listed are %q", got)
	}
	for i, want := range []string{"Not in AWS people any more", "not assigned to the application", "Disabled in AWS people"} {
		if row := strings.Join(strings.Fields(page.Doc.Find("#results tbody tr").Eq(i).Text()), " "); !strings.Contains(row, want) {
			t.Errorf("line %d does not say %q: %s", i+1, want, row)
		}
	}
	if n := page.Doc.Find("#results form, #results [formaction], #results [name=ticked]").Length(); n != 0 {
		t.Errorf("a viewer is offered %d ways to change something", n)
	}
	read(person("a1", "amy", false, true), person("c1", "cleo", false, true), person("b1", "ben", false, true), person("f1", "fay", false, true))
	if got := shownLeavers(s.Get(paths.Leavers)); got != "" {
		t.Errorf("nobody is assigned, as where assignments cannot be read, and %q count as gone", got)
	}
}
