package web_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

func TestCrowdEvents(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := webtest.NewCrowdSite(t, storetest.OpenPool(t), nil)
	_, token := s.Since("")
	token = s.WantNews(token)
	s.People()
	token = s.WantNews(token, "group CREATED jira-administrators", "group CREATED Jira Users", "user CREATED Ana", "user CREATED bob inactive",
		"userMembership CREATED Ana in jira-administrators", "userMembership CREATED Ana in Jira Users", "userMembership CREATED bob in Jira Users")
	change := func(name string, change func(*model.User)) {
		t.Helper()
		_, err := s.Store.UpdateUser(ctx, webtest.Tester, name, func(u *model.User) error { change(u); return nil })
		s.Must(err)
	}
	change("ana", func(u *model.User) { u.Active = false })
	token = s.WantNews(token, "user UPDATED Ana inactive")

	// Of several plain changes the last is told.
	change("ana", func(u *model.User) { u.Active, u.Email = true, "a@example.com" })
	change("ana", func(u *model.User) { u.Email = "b@example.com" })
	s.Must(s.Store.RemoveMember(ctx, webtest.Tester, "jira-administrators", "ana"))
	token = s.WantNews(token, "user UPDATED Ana", "userMembership DELETED Ana in jira-administrators")

	_, err := s.Store.UpdateGroup(ctx, webtest.Tester, "jira users", func(g *model.Group) error { g.Description = "All"; return nil })
	s.Must(err)
	token = s.WantNews(token, "group UPDATED Jira Users")
	_, err = s.Store.UpdateGroup(ctx, webtest.Tester, "jira users", func(g *model.Group) error { g.Name = "people"; return nil })
	s.Must(err)
	news, token := s.Since(token)
	slices.Sort(news[2:])
	if want := []string{"group DELETED Jira Users", "group CREATED people", "userMembership CREATED Ana in people",
		"userMembership CREATED bob in people"}; !slices.Equal(news, want) {
		t.Errorf("a group renamed: %q", news)
	}

	s.Must(s.Store.DeleteGroup(ctx, webtest.Tester, "people"))
	s.Must(s.Store.DeleteUser(ctx, webtest.Tester, "bob"))
	token = s.WantNews(token, "group DELETED people", "user DELETED bob")
	s.WantNews(token)
}

// An app follows events by name: of a user with another name it would make a
// second account, and give it to whoever gets the old name. It reads everything.
func TestCrowdRenamedUserExpiresTokens(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := webtest.NewCrowdSite(t, storetest.OpenPool(t), nil)
	s.People()
	_, token := s.Since("")
	_, err := s.Store.UpdateUser(ctx, webtest.Tester, "ana", func(u *model.User) error { u.Username = "anna"; return nil })
	s.Must(err)
	s.WantNews(token, "400 EVENT_TOKEN_EXPIRED")
	_, anew := s.Since("")
	s.WantNews(anew)
	s.Must(s.Store.DeleteUser(ctx, webtest.Tester, "anna"))
	s.WantNews(token, "400 EVENT_TOKEN_EXPIRED")
	s.WantNews(anew, "user DELETED anna")
}

// A person in a group for two reasons stays in it when one is taken away.
func TestCrowdEventsOfTwoReasons(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.OpenPool(t)
	s := webtest.NewCrowdSite(t, st, nil)
	s.People()
	exec := func(sql string) {
		t.Helper()
		_, err := st.Pool().Exec(ctx, sql)
		s.Must(err)
	}
	exec(`insert into memberships (user_id, group_id, source) select u.id, g.id, 'rule' from users u, groups g
		where u.username_key = 'bob' and g.name_key = 'jira users'`)
	_, token := s.Since("")
	exec("delete from memberships where source = 'rule'")
	token = s.WantNews(token, "userMembership CREATED bob in Jira Users")
	exec("delete from memberships where user_id = (select id from users where username_key = 'bob')")
	s.WantNews(token, "userMembership DELETED bob in Jira Users")
}

// A login that changes nothing is no event.
func TestCrowdLoginIsNoEvent(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	s := webtest.NewCrowdSite(t, st, nil)
	s.People()
	_, token := s.Since("")
	_, err := st.Pool().Exec(context.Background(), "update users set last_login_at = now()")
	s.Must(err)
	s.WantNews(token)
}

// A transaction that began earlier and commits later is in the next news,
// whatever was read between.
func TestCrowdEventsOfLateTransaction(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.OpenPool(t)
	s := webtest.NewCrowdSite(t, st, nil)
	s.People()
	_, token := s.Since("")
	late, err := st.Pool().Begin(ctx)
	s.Must(err)
	_, err = late.Exec(ctx, "update users set email = 'late@example.com' where username_key = 'bob'")
	s.Must(err)
	_, err = s.Store.UpdateUser(ctx, webtest.Tester, "ana", func(u *model.User) error { u.Email = "early@example.com"; return nil })
	s.Must(err)
	between := s.WantNews(token, "user UPDATED Ana")
	s.Must(late.Commit(ctx))
	after := s.WantNews(between, "user UPDATED bob inactive")
	s.WantNews(after)
	s.WantNews(token, "user UPDATED bob inactive", "user UPDATED Ana")
}

// What an app may not see makes no event for it; other groups to see make its
// copy void.
func TestCrowdEventsOfChosenGroups(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := webtest.NewCrowdSite(t, storetest.OpenPool(t), nil)
	s.People()
	_, token := s.Since("")
	app := model.App{Slug: "jira", Kind: model.AppCrowd, Name: "Jira", Product: "jira", Groups: []string{"jira users"}}
	s.Must(s.Store.SaveApp(ctx, webtest.Tester, app))
	s.WantNews(token, "400 EVENT_TOKEN_EXPIRED")
	_, token = s.Since("")
	s.Must(s.Store.RemoveMember(ctx, webtest.Tester, "jira-administrators", "ana"))
	s.Must(s.Store.RemoveMember(ctx, webtest.Tester, "jira users", "ana"))
	rename := func(from, to string) {
		t.Helper()
		_, err := s.Store.UpdateGroup(ctx, webtest.Tester, from, func(g *model.Group) error { g.Name = to; return nil })
		s.Must(err)
	}
	rename("jira-administrators", "jira-root")
	s.Must(s.Store.AddMember(ctx, webtest.Tester, "jira-root", "ana"))
	s.Must(s.Store.DeleteGroup(ctx, webtest.Tester, "jira-root"))
	token = s.WantNews(token, "userMembership DELETED Ana in Jira Users")
	rename("jira users", "people")
	s.Must(s.Store.DeleteGroup(ctx, webtest.Tester, "people"))
	token = s.WantNews(token, "group DELETED Jira Users", "group DELETED people")

	// Made anew with another group, the app is told neither of what it saw before
	// nor of what it did not see.
	_, err := s.Store.CreateGroup(ctx, webtest.Tester, model.Group{Name: "readers"})
	s.Must(err)
	_, err = s.Store.CreateGroup(ctx, webtest.Tester, model.Group{Name: "hidden"})
	s.Must(err)
	s.Must(s.Store.DeleteApp(ctx, webtest.Tester, "jira"))
	app.Groups = []string{"readers"}
	s.Must(s.Store.CreateApp(ctx, webtest.Tester, app))
	s.Must(s.Store.AddAppSecret(ctx, webtest.Tester, "jira", webtest.TestHash, "a pas"))
	s.WantNews(token, "400 EVENT_TOKEN_EXPIRED")
	_, token = s.Since("")
	rename("hidden", "still hidden")
	s.Must(s.Store.AddMember(ctx, webtest.Tester, "still hidden", "ana"))
	s.Must(s.Store.AddMember(ctx, webtest.Tester, "readers", "ana"))
	s.WantNews(token, "userMembership CREATED Ana in readers")
}

// Atlassian's client asks for a token before and after a full synchronization and
// keeps the second: what happened in between must not be lost.
func TestCrowdChangesDuringAFullSynchronization(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := webtest.NewCrowdSite(t, storetest.OpenPool(t), nil)
	s.People()
	read := func(path string) { s.Ask("POST", path, "xml", "<null-search-restriction/>") }
	_, before := s.Since("")
	read("/search?entity-type=user&start-index=0&max-results=-1&expand=user,attributes")
	_, err := s.Store.UpdateUser(ctx, webtest.Tester, "ana", func(u *model.User) error { u.Active = false; return nil })
	s.Must(err)
	read("/search?entity-type=group&start-index=0&max-results=-1&expand=group,attributes")
	s.Ask("GET", "/group/membership", "xml", "")
	_, after := s.Since("")
	if after == before {
		t.Error("the token is from before the first page, which is older than need be")
	}
	if _, again := s.Since(""); again != after {
		t.Error("an app that asks twice gets a later token")
	}
	next := s.WantNews(after, "user UPDATED Ana inactive")
	s.WantNews(next)

	// That synchronization is over: the next one begins with a token of its own.
	_, later := s.Since("")
	s.WantNews(later)
	read("/search?entity-type=user&start-index=0&max-results=-1")
	s.Must(s.Store.DeleteUser(ctx, webtest.Tester, "bob"))
	s.Now = s.Now.Add(11 * time.Hour)
	_, slow := s.Since("")
	s.WantNews(slow, "user DELETED bob")
	read("/search?entity-type=user&start-index=0&max-results=-1")
	s.Now = s.Now.Add(13 * time.Hour)
	s.Must(s.Store.DeleteUser(ctx, webtest.Tester, "ana"))
	_, brokenOff := s.Since("")
	s.WantNews(brokenOff)
}

// An app that is made anew under the old name has not been told anything.
func TestCrowdTokensEndWithTheApp(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := webtest.NewCrowdSite(t, storetest.OpenPool(t), nil)
	s.SecondApp()
	_, token := s.Since("")
	s.WantNews(token)
	s.App = "other"
	s.WantNews(token, "400 EVENT_TOKEN_EXPIRED")
	s.App = "jira"
	s.Must(s.Store.DeleteApp(ctx, webtest.Tester, "jira"))
	s.Must(s.Store.CreateApp(ctx, webtest.Tester, model.App{Slug: "jira", Kind: model.AppCrowd, Name: "Jira", AllGroups: true}))
	s.Must(s.Store.AddAppSecret(ctx, webtest.Tester, "jira", webtest.TestHash, "a pas"))
	s.WantNews(token, "400 EVENT_TOKEN_EXPIRED")
}

// What is no longer in the log expires the tokens from before, and no others.
//
//nolint:paralleltest // the transactions of other tests would make a token look older than it is
func TestCrowdEventsArePruned(t *testing.T) {
	ctx := context.Background()
	st := storetest.OpenPool(t)
	s := webtest.NewCrowdSite(t, st, nil)
	_, old := s.Since("")
	s.People()
	_, token := s.Since("")
	_, err := st.Sweep(ctx, s.Now.Add(29*24*time.Hour), store.Retention{XML: time.Hour})
	s.Must(err)
	if news, _ := s.Since(old); len(news) != 7 {
		t.Errorf("after 29 days: %q", news)
	}
	swept, err := st.Sweep(ctx, s.Now.Add(31*24*time.Hour), store.Retention{XML: time.Hour})
	s.Must(err)
	if swept.CrowdEvents == 0 {
		t.Error("nothing was pruned after 31 days")
	}
	s.WantNews(old, "400 EVENT_TOKEN_EXPIRED")
	s.WantNews(token)
}

func TestCrowdActivity(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := webtest.NewCrowdSite(t, storetest.OpenPool(t), nil)
	s.People()
	begin := s.Now
	s.Ask("GET", "/config/cookie", "xml", "")
	_, token := s.Since("")
	for i, path := range []string{"/search?entity-type=user&start-index=0&max-results=1", "/search?entity-type=user&start-index=1&max-results=1000",
		"/search?entity-type=group&start-index=0&max-results=1000"} {
		s.Now = begin.Add(time.Duration(i+1) * time.Second)
		if i == 0 {
			path = strings.Replace(path, "max-results=1", "max-results=2", 1)
		}
		s.Ask("POST", path, "xml", "<null-search-restriction/>")
	}
	s.Now = begin.Add(5 * time.Second)
	s.Ask("GET", "/group/membership", "xml", "")
	s.Now = begin.Add(time.Minute)
	s.Must(s.Store.RemoveMember(ctx, webtest.Tester, "jira users", "bob"))
	s.Since(token)
	s.Ask("DELETE", "/user?username=ana", "xml", "")
	a, err := s.Store.CrowdActivity(ctx, "jira")
	s.Must(err)
	if !a.TestedAt.Equal(begin) || !a.FullBeganAt.Equal(begin.Add(time.Second)) || a.FullEndedAt.Before(begin.Add(5*time.Second)) ||
		!a.IncrementalAt.Equal(s.Now) {
		t.Errorf("times: %+v", a)
	}
	if a.FullUsers != 3 || a.FullGroups != 2 || a.FullMemberships != 3 || a.IncrementalEvents != 1 || a.Requests != 8 || a.Refused != 1 {
		t.Errorf("counts: %+v", a)
	}
	if len(a.Recent) != 8 || a.Recent[0].Method != "DELETE" || a.Recent[0].Reason != "APPLICATION_PERMISSION_DENIED" || a.Recent[0].Status != 403 ||
		a.Recent[1].Path != "1/event/…" || a.Recent[7].Path != "1/config/cookie" || a.Recent[7].RemoteAddr != "127.0.0.1" {
		t.Errorf("requests: %+v", a.Recent)
	}
	for range 60 {
		s.Ask("GET", "/user?username=nobody", "xml", "")
	}
	a, err = s.Store.CrowdActivity(ctx, "jira")
	s.Must(err)
	if len(a.Recent) != 50 || a.Requests != 68 || a.Recent[49].Path != "1/user" {
		t.Errorf("%d requests kept of %d", len(a.Recent), a.Requests)
	}
}
