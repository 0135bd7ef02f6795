package web

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

// copyOfDirectory is what an app keeps, and it follows events as Atlassian's
// own client does: a user by the key, a group by the name.
type copyOfDirectory struct {
	t       *testing.T
	users   map[string]copiedUser      // by key
	groups  map[string]string          // description by name
	members map[string]map[string]bool // keys of users by group
}

type copiedUser struct{ Name, Email, Active string }

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

// fullSync reads everything, with the requests of Atlassian's client.
func (s *crowdSite) fullSync(t *testing.T) *copyOfDirectory {
	t.Helper()
	c := &copyOfDirectory{t, map[string]copiedUser{}, map[string]string{}, map[string]map[string]bool{}}
	read := func(v any, res *page) {
		t.Helper()
		if res.status != 200 {
			t.Fatalf("answered %d %s", res.status, res.body)
		}
		s.must(xml.Unmarshal([]byte(res.body), v))
	}
	var users struct {
		User []xmlUser `xml:"user"`
	}
	restriction := `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><null-search-restriction/>`
	read(&users, s.ask("POST", "/search?entity-type=user&start-index=0&max-results=1000&expand=user", "xml", restriction))
	for _, u := range users.User {
		c.users[u.Key] = copiedUser{u.Name, u.Email, u.Active}
	}
	var groups struct {
		Group []xmlGroup `xml:"group"`
	}
	read(&groups, s.ask("POST", "/search?entity-type=group&start-index=0&max-results=1000&expand=group", "xml", restriction))
	for _, g := range groups.Group {
		c.groups[g.Name], c.members[g.Name] = g.Description, map[string]bool{}
	}
	var memberships struct {
		Membership []struct {
			Group string    `xml:"group,attr"`
			User  []xmlUser `xml:"users>user"`
		} `xml:"membership"`
	}
	read(&memberships, s.ask("GET", "/group/membership", "xml", ""))
	for _, m := range memberships.Membership {
		for _, u := range m.User {
			c.members[m.Group][c.key(u.Name)] = true
		}
	}
	return c
}

func (c *copyOfDirectory) key(name string) string {
	for key, u := range c.users {
		if u.Name == name {
			return key
		}
	}
	return ""
}

// follow applies what is new since a token, and returns the next one.
func (c *copyOfDirectory) follow(s *crowdSite, token string) string {
	c.t.Helper()
	res := s.ask("GET", "/event/"+token, "xml", "")
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
	if operation == "DELETED" {
		key := c.key(u.Name)
		delete(c.users, key)
		for _, in := range c.members {
			delete(in, key)
		}
		return
	}
	if other := c.key(u.Name); other != "" && other != u.Key {
		c.t.Errorf("%s would be two users", u.Name)
	}
	c.users[u.Key] = copiedUser{u.Name, u.Email, u.Active}
}

func (c *copyOfDirectory) group(operation string, g xmlGroup) {
	if operation == "DELETED" {
		delete(c.groups, g.Name)
		delete(c.members, g.Name)
		return
	}
	c.groups[g.Name] = g.Description
	if c.members[g.Name] == nil {
		c.members[g.Name] = map[string]bool{}
	}
}

func (c *copyOfDirectory) membership(operation, user, group string) {
	key, in := c.key(user), c.members[group]
	switch {
	case key == "" || in == nil:
		c.t.Errorf("%s a membership of %q in %q, of which one is unknown", operation, user, group)
	case operation == "DELETED":
		delete(in, key)
	default:
		in[key] = true
	}
}

// print is the copy as text, for comparing.
func (c *copyOfDirectory) print() string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(c.users)) {
		fmt.Fprintln(&b, key, c.users[key])
	}
	for _, name := range slices.Sorted(maps.Keys(c.groups)) {
		fmt.Fprintf(&b, "%q %q %v\n", name, c.groups[name], slices.Sorted(maps.Keys(c.members[name])))
	}
	return b.String()
}

// A copy that follows the events is the same as one that is read anew, whatever
// happens between two looks: names change hands, people and groups come and go.
func TestCrowdCopyFollows(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			s := newCrowdSite(t, storetest.OpenPool(t), nil)
			random := rand.New(rand.NewPCG(1, seed))
			c := s.fullSync(t)
			_, token := s.since("")
			for range 40 {
				for range 1 + random.IntN(12) {
					s.changeSomething(random)
				}
				token = c.follow(s, token)
				if anew := s.fullSync(t); c.print() != anew.print() {
					t.Fatalf("the copy is\n%s\nand should be\n%s", c.print(), anew.print())
				}
			}
		})
	}
}

// changeSomething does one thing that an administrator, a rule or a directory
// may do, with few names, so that they clash and change hands.
func (s *crowdSite) changeSomething(random *rand.Rand) {
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
		changed(func(u *model.User) { u.Username = other })
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
