package crowd_test

import (
	"context"
	"encoding/xml"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// copyOfDirectory is what an app keeps. It follows events as Atlassian's own
// client does, by lower-cased names alone; only reading everything it goes by
// the users' keys.
type copyOfDirectory struct {
	t        *testing.T
	users    map[string]copiedUser      // by lower-cased name
	groups   map[string]xmlGroup        // by lower-cased name
	members  map[string]map[string]bool // lower-cased names of users by that of the group
	accounts map[string]int             // by key: what a person owns in the app
	made     int                        // accounts so far
	followed int                        // times that it was enough to follow
}

type copiedUser struct {
	Name, Key, Email, Active string
	account                  int
}

type xmlUser struct {
	Name   string `xml:"name,attr"`
	Key    string `xml:"key"`
	Email  string `xml:"email"`
	Active string `xml:"active"`
}

type xmlGroup struct {
	Name        string `xml:"name,attr"`
	Description string `xml:"description"`
}

func (s *site) newCopy(t *testing.T) *copyOfDirectory {
	return &copyOfDirectory{t: t, accounts: map[string]int{}}
}

// fullSync reads everything with the requests of Atlassian's client, and returns
// the token that it keeps. meanwhile is called between any two of the requests.
func (c *copyOfDirectory) fullSync(s *site, meanwhile func()) string {
	c.t.Helper()
	read := func(v any, res *page) {
		c.t.Helper()
		if res.status != 200 {
			c.t.Fatalf("answered %d %s", res.status, res.body)
		}
		s.must(xml.Unmarshal([]byte(res.body), v))
		meanwhile()
	}
	var users struct {
		User []xmlUser `xml:"user"`
	}
	var groups struct {
		Group []xmlGroup `xml:"group"`
	}
	var memberships struct {
		Membership []struct {
			Group string    `xml:"group,attr"`
			User  []xmlUser `xml:"users>user"`
		} `xml:"membership"`
	}
	s.since("")
	meanwhile()
	restriction := `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><null-search-restriction/>`
	read(&users, s.ask("POST", "/search?entity-type=user&start-index=0&max-results=-1&expand=user,attributes", "xml", restriction))
	read(&groups, s.ask("POST", "/search?entity-type=group&start-index=0&max-results=-1&expand=group,attributes", "xml", restriction))
	read(&memberships, s.ask("GET", "/group/membership", "xml", ""))
	_, token := s.since("")

	c.users, c.groups, c.members = map[string]copiedUser{}, map[string]xmlGroup{}, map[string]map[string]bool{}
	known := c.accounts
	c.accounts = map[string]int{}
	for _, u := range users.User {
		c.put(u, known[u.Key])
	}
	for _, g := range groups.Group {
		c.group("CREATED", g)
	}
	for _, m := range memberships.Membership {
		for _, u := range m.User {
			c.membership("CREATED", u.Name, m.Group)
		}
	}
	return token
}

// put keeps a user; without an account they get a new one.
func (c *copyOfDirectory) put(u xmlUser, account int) {
	if account == 0 {
		c.made++
		account = c.made
	}
	c.accounts[u.Key] = account
	c.users[strings.ToLower(u.Name)] = copiedUser{u.Name, u.Key, u.Email, u.Active, account}
}

// follow applies what is new since a token, and returns the next one. When the
// token has expired it reads everything.
func (c *copyOfDirectory) follow(s *site, token string, meanwhile func()) string {
	c.t.Helper()
	res := s.ask("GET", "/event/"+token, "xml", "")
	if res.status == 400 && strings.Contains(res.body, "<reason>EVENT_TOKEN_EXPIRED</reason>") {
		return c.fullSync(s, meanwhile)
	}
	c.followed++
	var news struct {
		Token  string `xml:"newEventToken,attr"`
		Events []struct {
			XMLName   xml.Name
			Operation string     `xml:"operation"`
			User      xmlUser    `xml:"user"`
			Group     xmlGroup   `xml:"group"`
			Child     xmlUser    `xml:"childUser"`
			Parents   []xmlGroup `xml:"parentGroups>group"`
		} `xml:",any"`
	}
	s.must(xml.Unmarshal([]byte(res.body), &news))
	for _, e := range news.Events {
		switch e.XMLName.Local {
		case "userEvent":
			c.user(e.Operation, e.User)
		case "groupEvent":
			c.group(e.Operation, e.Group)
		case "userMembershipEvent":
			c.membership(e.Operation, e.Child.Name, e.Parents[0].Name)
		}
	}
	return news.Token
}

func (c *copyOfDirectory) user(operation string, u xmlUser) {
	name := strings.ToLower(u.Name)
	old, there := c.users[name]
	if operation == "DELETED" {
		delete(c.users, name)
		delete(c.accounts, old.Key)
		for _, in := range c.members {
			delete(in, name)
		}
		return
	}
	if there && old.Key != u.Key {
		c.t.Errorf("%s would get the account of another person", u.Name)
	}
	if c.accounts[u.Key] != old.account {
		c.t.Errorf("%s would have two accounts", u.Name)
	}
	c.put(u, old.account)
}

func (c *copyOfDirectory) group(operation string, g xmlGroup) {
	name := strings.ToLower(g.Name)
	if operation == "DELETED" {
		delete(c.groups, name)
		delete(c.members, name)
		return
	}
	c.groups[name] = g
	if c.members[name] == nil {
		c.members[name] = map[string]bool{}
	}
}

// membership leaves out whom or what the copy does not know, which happens when
// something changes between two of its requests.
func (c *copyOfDirectory) membership(operation, user, group string) {
	name, in := strings.ToLower(user), c.members[strings.ToLower(group)]
	_, there := c.users[name]
	switch {
	case !there || in == nil:
	case operation == "DELETED":
		delete(in, name)
	default:
		in[name] = true
	}
}

// print is the copy as text, for comparing.
func (c *copyOfDirectory) print() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(c.users)) {
		u := c.users[name]
		fmt.Fprintln(&b, u.Name, u.Key, u.Email, u.Active)
	}
	for _, name := range slices.Sorted(maps.Keys(c.groups)) {
		fmt.Fprintf(&b, "%q %v\n", c.groups[name], slices.Sorted(maps.Keys(c.members[name])))
	}
	return b.String()
}

// A copy that follows the events is the same as one that is read anew, whatever
// happens between two looks: names change hands, people and groups come and go.
func TestCopyFollows(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			s := newSite(t, storetest.OpenPool(t), nil)
			s.secondApp()
			random := rand.New(rand.NewPCG(1, seed))
			c := s.newCopy(t)
			token := c.fullSync(s, func() {})
			for range 40 {
				for range 1 + random.IntN(12) {
					s.changeSomething(random)
				}
				token = c.follow(s, token, func() {})
				c.compare(s)
			}
			if c.followed < 5 {
				t.Errorf("the copy followed the events %d times of 40", c.followed)
			}
		})
	}
}

// secondApp makes one to compare with, because what an app was told is kept.
func (s *site) secondApp() {
	s.t.Helper()
	ctx := context.Background()
	s.must(s.store.CreateApp(ctx, tester, model.App{Slug: "other", Kind: model.AppCrowd, Name: "Other", AllGroups: true}))
	s.must(s.store.AddAppSecret(ctx, tester, "other", testHash, "a pas"))
}

// Whatever happens between two requests of a full synchronization, the news after
// it make the copy whole.
func TestCopyIsWholeAfterChangesWhileReading(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			s := newSite(t, storetest.OpenPool(t), nil)
			s.secondApp()
			random := rand.New(rand.NewPCG(2, seed))
			changes := func() {
				for range random.IntN(5) {
					s.changeSomething(random)
				}
			}
			c := s.newCopy(t)
			for range 25 {
				token := c.fullSync(s, changes)
				c.follow(s, token, func() {})
				c.compare(s)
			}
			if c.followed < 5 {
				t.Errorf("the copy followed the events %d times of 25", c.followed)
			}
		})
	}
}

// compare sees to it that the copy is what another app would read.
func (c *copyOfDirectory) compare(s *site) {
	c.t.Helper()
	app := s.app
	s.app = "other"
	anew := s.newCopy(c.t)
	anew.fullSync(s, func() {})
	s.app = app
	if c.print() != anew.print() {
		c.t.Fatalf("the copy is\n%s\nand should be\n%s", c.print(), anew.print())
	}
}

// changeSomething does one thing that an administrator, a rule or a directory
// may do, with few names, so that they clash and change hands.
func (s *site) changeSomething(random *rand.Rand) {
	ctx := context.Background()
	user, other := fmt.Sprint("user", random.IntN(6)), fmt.Sprint("user", random.IntN(6))
	group, another := fmt.Sprint("group", random.IntN(4)), fmt.Sprint("group", random.IntN(4))
	changed := func(change func(*model.User)) {
		_, _ = s.store.UpdateUser(ctx, tester, user, func(u *model.User) error { change(u); return nil })
	}
	pair := "(select id from users where username_key = $1), (select id from groups where name_key = $2)"
	// Much of this fails, because the name is taken or nobody has it: that is meant.
	switch random.IntN(11) {
	case 0, 1:
		_, _ = s.store.CreateUser(ctx, tester, model.User{Username: user, Active: true}, nil)
	case 2:
		_, _ = s.store.CreateGroup(ctx, tester, model.Group{Name: group})
	case 3, 4:
		_ = s.store.AddMember(ctx, tester, group, user)
	case 5:
		_, _ = s.store.Pool().Exec(ctx, "insert into memberships (user_id, group_id, source) values ("+pair+", 'rule')", user, group)
	case 6:
		_, _ = s.store.Pool().Exec(ctx, "delete from memberships where (user_id, group_id) = ("+pair+") and source = 'rule'", user, group)
		_ = s.store.RemoveMember(ctx, tester, group, user)
	case 7:
		if random.IntN(3) == 0 { // each means a full synchronization
			changed(func(u *model.User) { u.Username = other })
		}
	case 8:
		changed(func(u *model.User) { u.Active, u.Email = !u.Active, fmt.Sprint(random.IntN(100), "@example.com") })
	case 9:
		_, _ = s.store.UpdateGroup(ctx, tester, group, func(g *model.Group) error {
			g.Name, g.Description = another, fmt.Sprint(random.IntN(100))
			return nil
		})
	case 10:
		if random.IntN(2) == 0 {
			_ = s.store.DeleteUser(ctx, tester, user)
		} else {
			_ = s.store.DeleteGroup(ctx, tester, group)
		}
	}
}
