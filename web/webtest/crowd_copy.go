package webtest

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
	Followed int                        // times that it was enough to follow
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

func (s *CrowdSite) NewCopy(t *testing.T) *copyOfDirectory {
	return &copyOfDirectory{t: t, accounts: map[string]int{}}
}

// FullSync reads everything with the requests of Atlassian's client, and returns
// the token that it keeps. meanwhile is called between any two of the requests.
func (c *copyOfDirectory) FullSync(s *CrowdSite, meanwhile func()) string {
	c.t.Helper()
	read := func(v any, res *Page) {
		c.t.Helper()
		if res.Status != 200 {
			c.t.Fatalf("answered %d %s", res.Status, res.Body)
		}
		s.Must(xml.Unmarshal([]byte(res.Body), v))
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
	s.Since("")
	meanwhile()
	restriction := `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><null-search-restriction/>`
	read(&users, s.Ask("POST", "/search?entity-type=user&start-index=0&max-results=-1&expand=user,attributes", "xml", restriction))
	read(&groups, s.Ask("POST", "/search?entity-type=group&start-index=0&max-results=-1&expand=group,attributes", "xml", restriction))
	read(&memberships, s.Ask("GET", "/group/membership", "xml", ""))
	_, token := s.Since("")

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

// Follow applies what is new since a token, and returns the next one. When the
// token has expired it reads everything.
func (c *copyOfDirectory) Follow(s *CrowdSite, token string, meanwhile func()) string {
	c.t.Helper()
	res := s.Ask("GET", "/event/"+token, "xml", "")
	if res.Status == 400 && strings.Contains(res.Body, "<reason>EVENT_TOKEN_EXPIRED</reason>") {
		return c.FullSync(s, meanwhile)
	}
	c.Followed++
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
	s.Must(xml.Unmarshal([]byte(res.Body), &news))
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

// SecondApp makes one to compare with, because what an app was told is kept.
func (s *CrowdSite) SecondApp() {
	s.T.Helper()
	ctx := context.Background()
	s.Must(s.Store.CreateApp(ctx, Tester, model.App{Slug: "other", Kind: model.AppCrowd, Name: "Other", AllGroups: true}))
	s.Must(s.Store.AddAppSecret(ctx, Tester, "other", TestHash, "a pas"))
}

// Compare sees to it that the copy is what another app would read.
func (c *copyOfDirectory) Compare(s *CrowdSite) {
	c.t.Helper()
	app := s.App
	s.App = "other"
	anew := s.NewCopy(c.t)
	anew.FullSync(s, func() {})
	s.App = app
	if c.print() != anew.print() {
		c.t.Fatalf("the copy is\n%s\nand should be\n%s", c.print(), anew.print())
	}
}

// ChangeSomething does one thing that an administrator, a rule or a directory
// may do, with few names, so that they clash and change hands.
func (s *CrowdSite) ChangeSomething(random *rand.Rand) {
	ctx := context.Background()
	user, other := fmt.Sprint("user", random.IntN(6)), fmt.Sprint("user", random.IntN(6))
	group, another := fmt.Sprint("group", random.IntN(4)), fmt.Sprint("group", random.IntN(4))
	changed := func(change func(*model.User)) {
		_, _ = s.Store.UpdateUser(ctx, Tester, user, func(u *model.User) error { change(u); return nil })
	}
	pair := "(select id from users where username_key = $1), (select id from groups where name_key = $2)"
	// Much of this fails, because the name is taken or nobody has it: that is meant.
	switch random.IntN(11) {
	case 0, 1:
		_, _ = s.Store.CreateUser(ctx, Tester, model.User{Username: user, Active: true}, nil)
	case 2:
		_, _ = s.Store.CreateGroup(ctx, Tester, model.Group{Name: group})
	case 3, 4:
		_ = s.Store.AddMember(ctx, Tester, group, user)
	case 5:
		_, _ = s.Store.Pool().Exec(ctx, "insert into memberships (user_id, group_id, source) values ("+pair+", 'rule')", user, group)
	case 6:
		_, _ = s.Store.Pool().Exec(ctx, "delete from memberships where (user_id, group_id) = ("+pair+") and source = 'rule'", user, group)
		_ = s.Store.RemoveMember(ctx, Tester, group, user)
	case 7:
		if random.IntN(3) == 0 { // each means a full synchronization
			changed(func(u *model.User) { u.Username = other })
		}
	case 8:
		changed(func(u *model.User) { u.Active, u.Email = !u.Active, fmt.Sprint(random.IntN(100), "@example.com") })
	case 9:
		_, _ = s.Store.UpdateGroup(ctx, Tester, group, func(g *model.Group) error {
			g.Name, g.Description = another, fmt.Sprint(random.IntN(100))
			return nil
		})
	case 10:
		if random.IntN(2) == 0 {
			_ = s.Store.DeleteUser(ctx, Tester, user)
		} else {
			_ = s.Store.DeleteGroup(ctx, Tester, group)
		}
	}
}
