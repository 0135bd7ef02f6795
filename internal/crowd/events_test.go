package crowd_test

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// since asks what is new and returns it in short form, and the next token.
func (s *site) since(token string) (news []string, next string) {
	s.t.Helper()
	path := "/event"
	if token != "" {
		path += "/" + token
	}
	res := s.ask("GET", path, "xml", "")
	if res.status != http.StatusOK {
		return []string{fmt.Sprint(res.status, " ", between(res.body, "<reason>", "</reason>"))}, token
	}
	var list struct {
		Token     string `xml:"newEventToken,attr"`
		Available bool   `xml:"incrementalSynchronisationAvailable,attr"`
		Events    []struct {
			XMLName   xml.Name
			Operation string `xml:"operation"`
			Entity    []struct {
				Name   string `xml:"name,attr"`
				Active string `xml:"active"`
				Group  []struct {
					Name string `xml:"name,attr"`
				} `xml:"group"`
			} `xml:",any"`
		} `xml:",any"`
	}
	s.must(xml.Unmarshal([]byte(res.body), &list))
	if list.Token == "" || !list.Available {
		s.t.Errorf("events without token: %s", res.body)
	}
	for _, e := range list.Events {
		line := strings.TrimSuffix(e.XMLName.Local, "Event") + " " + e.Operation
		for _, entity := range e.Entity {
			for _, g := range entity.Group {
				line += " in " + g.Name
			}
			if entity.Name != "" {
				line += " " + entity.Name
			}
			if entity.Active == "false" {
				line += " inactive"
			}
		}
		news = append(news, line)
	}
	return news, list.Token
}

func between(s, begin, end string) string {
	_, s, _ = strings.Cut(s, begin)
	s, _, _ = strings.Cut(s, end)
	return s
}

func (s *site) wantNews(token string, want ...string) string {
	s.t.Helper()
	news, next := s.since(token)
	if !slices.Equal(news, want) {
		s.t.Errorf("news:\n  %s\nwant:\n  %s", strings.Join(news, "\n  "), strings.Join(want, "\n  "))
	}
	return next
}

func TestEvents(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newSite(t, storetest.OpenPool(t), nil)
	_, token := s.since("")
	token = s.wantNews(token)
	s.people()
	token = s.wantNews(token, "group CREATED jira-administrators", "group CREATED Jira Users", "user CREATED Ana", "user CREATED bob inactive",
		"userMembership CREATED Ana in jira-administrators", "userMembership CREATED Ana in Jira Users", "userMembership CREATED bob in Jira Users")
	change := func(name string, change func(*model.User)) {
		t.Helper()
		_, err := s.store.UpdateUser(ctx, tester, name, func(u *model.User) error { change(u); return nil })
		s.must(err)
	}
	change("ana", func(u *model.User) { u.Active = false })
	token = s.wantNews(token, "user UPDATED Ana inactive")

	// Of several plain changes the last is told.
	change("ana", func(u *model.User) { u.Active, u.Email = true, "a@example.com" })
	change("ana", func(u *model.User) { u.Email = "b@example.com" })
	s.must(s.store.RemoveMember(ctx, tester, "jira-administrators", "ana"))
	token = s.wantNews(token, "user UPDATED Ana", "userMembership DELETED Ana in jira-administrators")

	_, err := s.store.UpdateGroup(ctx, tester, "jira users", func(g *model.Group) error { g.Description = "All"; return nil })
	s.must(err)
	token = s.wantNews(token, "group UPDATED Jira Users")
	_, err = s.store.UpdateGroup(ctx, tester, "jira users", func(g *model.Group) error { g.Name = "people"; return nil })
	s.must(err)
	news, token := s.since(token)
	slices.Sort(news[2:])
	if want := []string{"group DELETED Jira Users", "group CREATED people", "userMembership CREATED Ana in people",
		"userMembership CREATED bob in people"}; !slices.Equal(news, want) {
		t.Errorf("a group renamed: %q", news)
	}

	s.must(s.store.DeleteGroup(ctx, tester, "people"))
	s.must(s.store.DeleteUser(ctx, tester, "bob"))
	token = s.wantNews(token, "group DELETED people", "user DELETED bob")
	s.wantNews(token)
}

// An app follows events by name: of a user with another name it would make a
// second account, and give it to whoever gets the old name. It reads everything.
func TestRenamedUserExpiresTokens(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newSite(t, storetest.OpenPool(t), nil)
	s.people()
	_, token := s.since("")
	_, err := s.store.UpdateUser(ctx, tester, "ana", func(u *model.User) error { u.Username = "anna"; return nil })
	s.must(err)
	s.wantNews(token, "400 EVENT_TOKEN_EXPIRED")
	_, anew := s.since("")
	s.wantNews(anew)
	s.must(s.store.DeleteUser(ctx, tester, "anna"))
	s.wantNews(token, "400 EVENT_TOKEN_EXPIRED")
	s.wantNews(anew, "user DELETED anna")
}

// A person in a group for two reasons stays in it when one is taken away.
func TestEventsOfTwoReasons(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.OpenPool(t)
	s := newSite(t, st, nil)
	s.people()
	exec := func(sql string) {
		t.Helper()
		_, err := st.Pool().Exec(ctx, sql)
		s.must(err)
	}
	exec(`insert into memberships (user_id, group_id, source) select u.id, g.id, 'rule' from users u, groups g
		where u.username_key = 'bob' and g.name_key = 'jira users'`)
	_, token := s.since("")
	exec("delete from memberships where source = 'rule'")
	token = s.wantNews(token, "userMembership CREATED bob in Jira Users")
	exec("delete from memberships where user_id = (select id from users where username_key = 'bob')")
	s.wantNews(token, "userMembership DELETED bob in Jira Users")
}

// A login that changes nothing is no event.
func TestLoginIsNoEvent(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	s := newSite(t, st, nil)
	s.people()
	_, token := s.since("")
	_, err := st.Pool().Exec(context.Background(), "update users set last_login_at = now()")
	s.must(err)
	s.wantNews(token)
}

// A transaction that began earlier and commits later is in the next news,
// whatever was read between.
func TestEventsOfLateTransaction(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.OpenPool(t)
	s := newSite(t, st, nil)
	s.people()
	_, token := s.since("")
	late, err := st.Pool().Begin(ctx)
	s.must(err)
	_, err = late.Exec(ctx, "update users set email = 'late@example.com' where username_key = 'bob'")
	s.must(err)
	_, err = s.store.UpdateUser(ctx, tester, "ana", func(u *model.User) error { u.Email = "early@example.com"; return nil })
	s.must(err)
	between := s.wantNews(token, "user UPDATED Ana")
	s.must(late.Commit(ctx))
	after := s.wantNews(between, "user UPDATED bob inactive")
	s.wantNews(after)
	s.wantNews(token, "user UPDATED bob inactive", "user UPDATED Ana")
}

// What an app may not see makes no event for it; other groups to see make its
// copy void.
func TestEventsOfChosenGroups(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newSite(t, storetest.OpenPool(t), nil)
	s.people()
	_, token := s.since("")
	app := model.App{Slug: "jira", Kind: model.AppCrowd, Name: "Jira", Product: "jira", Groups: []string{"jira users"}}
	s.must(s.store.SaveApp(ctx, tester, app))
	s.wantNews(token, "400 EVENT_TOKEN_EXPIRED")
	_, token = s.since("")
	s.must(s.store.RemoveMember(ctx, tester, "jira-administrators", "ana"))
	s.must(s.store.RemoveMember(ctx, tester, "jira users", "ana"))
	rename := func(from, to string) {
		t.Helper()
		_, err := s.store.UpdateGroup(ctx, tester, from, func(g *model.Group) error { g.Name = to; return nil })
		s.must(err)
	}
	rename("jira-administrators", "jira-root")
	s.must(s.store.AddMember(ctx, tester, "jira-root", "ana"))
	s.must(s.store.DeleteGroup(ctx, tester, "jira-root"))
	token = s.wantNews(token, "userMembership DELETED Ana in Jira Users")
	rename("jira users", "people")
	s.must(s.store.DeleteGroup(ctx, tester, "people"))
	token = s.wantNews(token, "group DELETED Jira Users", "group DELETED people")

	// Made anew with another group, the app is told neither of what it saw before
	// nor of what it did not see.
	_, err := s.store.CreateGroup(ctx, tester, model.Group{Name: "readers"})
	s.must(err)
	_, err = s.store.CreateGroup(ctx, tester, model.Group{Name: "hidden"})
	s.must(err)
	s.must(s.store.DeleteApp(ctx, tester, "jira"))
	app.Groups = []string{"readers"}
	s.must(s.store.CreateApp(ctx, tester, app))
	s.must(s.store.AddAppSecret(ctx, tester, "jira", testHash, "a pas"))
	s.wantNews(token, "400 EVENT_TOKEN_EXPIRED")
	_, token = s.since("")
	rename("hidden", "still hidden")
	s.must(s.store.AddMember(ctx, tester, "still hidden", "ana"))
	s.must(s.store.AddMember(ctx, tester, "readers", "ana"))
	s.wantNews(token, "userMembership CREATED Ana in readers")
}

// Atlassian's client asks for a token before and after a full synchronization and
// keeps the second: what happened in between must not be lost.
func TestChangesDuringAFullSynchronization(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newSite(t, storetest.OpenPool(t), nil)
	s.people()
	read := func(path string) { s.ask("POST", path, "xml", "<null-search-restriction/>") }
	_, before := s.since("")
	read("/search?entity-type=user&start-index=0&max-results=-1&expand=user,attributes")
	_, err := s.store.UpdateUser(ctx, tester, "ana", func(u *model.User) error { u.Active = false; return nil })
	s.must(err)
	read("/search?entity-type=group&start-index=0&max-results=-1&expand=group,attributes")
	s.ask("GET", "/group/membership", "xml", "")
	_, after := s.since("")
	if after == before {
		t.Error("the token is from before the first page, which is older than need be")
	}
	if _, again := s.since(""); again != after {
		t.Error("an app that asks twice gets a later token")
	}
	next := s.wantNews(after, "user UPDATED Ana inactive")
	s.wantNews(next)

	// That synchronization is over: the next one begins with a token of its own.
	_, later := s.since("")
	s.wantNews(later)
	read("/search?entity-type=user&start-index=0&max-results=-1")
	s.must(s.store.DeleteUser(ctx, tester, "bob"))
	s.now = s.now.Add(11 * time.Hour)
	_, slow := s.since("")
	s.wantNews(slow, "user DELETED bob")
	read("/search?entity-type=user&start-index=0&max-results=-1")
	s.now = s.now.Add(13 * time.Hour)
	s.must(s.store.DeleteUser(ctx, tester, "ana"))
	_, brokenOff := s.since("")
	s.wantNews(brokenOff)
}

// An app that is made anew under the old name has not been told anything.
func TestTokensEndWithTheApp(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newSite(t, storetest.OpenPool(t), nil)
	s.secondApp()
	_, token := s.since("")
	s.wantNews(token)
	s.app = "other"
	s.wantNews(token, "400 EVENT_TOKEN_EXPIRED")
	s.app = "jira"
	s.must(s.store.DeleteApp(ctx, tester, "jira"))
	s.must(s.store.CreateApp(ctx, tester, model.App{Slug: "jira", Kind: model.AppCrowd, Name: "Jira", AllGroups: true}))
	s.must(s.store.AddAppSecret(ctx, tester, "jira", testHash, "a pas"))
	s.wantNews(token, "400 EVENT_TOKEN_EXPIRED")
}

// What is no longer in the log expires the tokens from before, and no others.
//
//nolint:paralleltest // the transactions of other tests would make a token look older than it is
func TestEventsArePruned(t *testing.T) {
	ctx := context.Background()
	st := storetest.OpenPool(t)
	s := newSite(t, st, nil)
	_, old := s.since("")
	s.people()
	_, token := s.since("")
	_, err := st.Sweep(ctx, s.now.Add(29*24*time.Hour), store.Retention{XML: time.Hour})
	s.must(err)
	if news, _ := s.since(old); len(news) != 7 {
		t.Errorf("after 29 days: %q", news)
	}
	swept, err := st.Sweep(ctx, s.now.Add(31*24*time.Hour), store.Retention{XML: time.Hour})
	s.must(err)
	if swept.CrowdEvents == 0 {
		t.Error("nothing was pruned after 31 days")
	}
	s.wantNews(old, "400 EVENT_TOKEN_EXPIRED")
	s.wantNews(token)
}

func TestActivity(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newSite(t, storetest.OpenPool(t), nil)
	s.people()
	begin := s.now
	s.ask("GET", "/config/cookie", "xml", "")
	_, token := s.since("")
	for i, path := range []string{"/search?entity-type=user&start-index=0&max-results=1", "/search?entity-type=user&start-index=1&max-results=1000",
		"/search?entity-type=group&start-index=0&max-results=1000"} {
		s.now = begin.Add(time.Duration(i+1) * time.Second)
		if i == 0 {
			path = strings.Replace(path, "max-results=1", "max-results=2", 1)
		}
		s.ask("POST", path, "xml", "<null-search-restriction/>")
	}
	s.now = begin.Add(5 * time.Second)
	s.ask("GET", "/group/membership", "xml", "")
	s.now = begin.Add(time.Minute)
	s.must(s.store.RemoveMember(ctx, tester, "jira users", "bob"))
	s.since(token)
	s.ask("DELETE", "/user?username=ana", "xml", "")
	a, err := s.store.CrowdActivity(ctx, "jira")
	s.must(err)
	if !a.TestedAt.Equal(begin) || !a.FullBeganAt.Equal(begin.Add(time.Second)) || a.FullEndedAt.Before(begin.Add(5*time.Second)) ||
		!a.IncrementalAt.Equal(s.now) {
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
		s.ask("GET", "/user?username=nobody", "xml", "")
	}
	a, err = s.store.CrowdActivity(ctx, "jira")
	s.must(err)
	if len(a.Recent) != 50 || a.Requests != 68 || a.Recent[49].Path != "1/user" {
		t.Errorf("%d requests kept of %d", len(a.Recent), a.Requests)
	}
}
