package crowd

import (
	"encoding/xml"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// pageSize is how many entries a list has when the app names no number.
const pageSize = 1000

// argument is a value of the query. Crowd's clients send each once.
func (c *call) argument(name string) string { return c.query.Get(name) }

// named is an argument that must be there.
func (c *call) named(name string) (string, error) {
	value := c.argument(name)
	if value == "" {
		return "", illegal("The argument %s is missing.", name)
	}
	return value, nil
}

// expands tells whether the app wants a part of the answer in full.
func (c *call) expands(what string) bool {
	return slices.ContainsFunc(strings.Split(c.argument("expand"), ","), func(part string) bool {
		return strings.TrimSpace(part) == what
	})
}

// page is which part of a list the app asks for; a negative limit is all of it.
func (c *call) page() (start, limit int, err error) {
	number := func(name string, otherwise, least int) (int, error) {
		text := c.argument(name)
		if text == "" {
			return otherwise, nil
		}
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || int(n) < least {
			return 0, illegal("The argument %s is not a number of entries.", name)
		}
		return int(n), nil
	}
	if start, err = number("start-index", 0, 0); err != nil {
		return 0, 0, err
	}
	limit, err = number("max-results", pageSize, -1)
	return start, limit, err
}

// pageOf is the part of a list that the app asks for, as the store wants it.
func (c *call) pageOf(r store.Restriction) (store.DirectoryQuery, error) {
	start, limit, err := c.page()
	return store.DirectoryQuery{App: c.app, Restriction: r, Start: start, Limit: limit}, err
}

// sendUsers sends users as read gives them.
func (c *call) sendUsers(expand bool, read func(emit func(model.User) error) error) error {
	return c.list("users", "user", func(s *stream) error {
		return read(func(u model.User) error {
			c.note.Entries++
			if expand {
				return s.item(c.wholeUser(u))
			}
			return s.item(c.userName("user", u.Username))
		})
	})
}

func (c *call) sendGroups(expand bool, read func(emit func(model.Group) error) error) error {
	return c.list("groups", "group", func(s *stream) error {
		return read(func(g model.Group) error {
			c.note.Entries++
			if expand {
				return s.item(c.wholeGroup(g))
			}
			return s.item(c.groupName(g.Name))
		})
	})
}

// findUser is the user that the arguments name.
func (c *call) findUser() (model.User, error) {
	name, key := c.argument("username"), c.argument("key")
	if name == "" && key == "" {
		return model.User{}, illegal("The argument username is missing.")
	}
	u, err := c.Store.DirectoryUser(c.ctx, name, key)
	return u, orElse(err, noUser(name+key))
}

// findGroup is the group that the argument names, if the app sees it.
func (c *call) findGroup() (model.Group, error) {
	name, err := c.named("groupname")
	if err != nil {
		return model.Group{}, err
	}
	g, err := c.Store.DirectoryGroup(c.ctx, c.app, name)
	return g, orElse(err, noGroup(name))
}

func (c *call) user() error {
	u, err := c.findUser()
	if err != nil {
		return err
	}
	c.note.Entries = 1
	return c.answer(http.StatusOK, c.wholeUser(u))
}

func (c *call) userAttributes() error {
	u, err := c.findUser()
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, c.attributes("user/attribute", "username", u.Username))
}

func (c *call) group() error {
	g, err := c.findGroup()
	if err != nil {
		return err
	}
	c.note.Entries = 1
	return c.answer(http.StatusOK, c.wholeGroup(g))
}

func (c *call) groupAttributes() error {
	g, err := c.findGroup()
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, c.attributes("group/attribute", "groupname", g.Name))
}

// groupsOfUser lists the groups of a user, or tells whether the user is in one.
func (c *call) groupsOfUser() error {
	u, err := c.findUser()
	if err != nil {
		return err
	}
	if c.argument("groupname") != "" {
		g, err := c.findMembership(u)
		if err != nil {
			return err
		}
		return c.answer(http.StatusOK, c.wholeGroup(g))
	}
	q, err := c.pageOf(store.Restriction{})
	if err != nil {
		return err
	}
	err = c.sendGroups(c.expands("group"), func(emit func(model.Group) error) error {
		return c.Store.DirectoryGroupsOf(c.ctx, u.Username, q, emit)
	})
	return orElse(err, noUser(u.Username)) // deleted or renamed this very moment
}

// usersOfGroup lists the users in a group, or tells whether one is.
func (c *call) usersOfGroup() error {
	if c.argument("username") != "" {
		c.note.Kind = model.CrowdSingle
		u, err := c.findUser()
		if err != nil {
			return err
		}
		if _, err := c.findMembership(u); err != nil {
			return err
		}
		return c.answer(http.StatusOK, c.wholeUser(u))
	}
	g, err := c.findGroup()
	if err != nil {
		return err
	}
	q, err := c.pageOf(store.Restriction{})
	if err != nil {
		return err
	}
	err = c.sendUsers(c.expands("user"), func(emit func(model.User) error) error {
		return c.Store.DirectoryMembers(c.ctx, g.Name, q, emit)
	})
	return orElse(err, noGroup(g.Name))
}

// findMembership is the group that the argument names, if the user is in it.
func (c *call) findMembership(u model.User) (model.Group, error) {
	g, err := c.findGroup()
	if err != nil {
		return g, err
	}
	is, err := c.Store.IsMember(c.ctx, u.ID, g.ID)
	if err == nil && !is {
		err = fail(http.StatusNotFound, reasonNotMember, "User <%s> is not a member of group <%s>", u.Username, g.Name)
	}
	return g, err
}

// relatedGroups answers about groups in groups, of which there are none.
func (c *call) relatedGroups() error {
	g, err := c.findGroup()
	if err != nil {
		return err
	}
	for _, other := range []string{"child-groupname", "parent-groupname"} {
		if name := c.argument(other); name != "" {
			return fail(http.StatusNotFound, reasonNotMember, "Groups <%s> and <%s> are not in each other", g.Name, name)
		}
	}
	if _, _, err := c.page(); err != nil {
		return err
	}
	return c.list("groups", "group", func(*stream) error { return nil })
}

// memberships sends who is in which group, all of it.
func (c *call) memberships() error {
	c.note.First = true
	select {
	case c.streams <- struct{}{}:
		defer func() { <-c.streams }()
	case <-c.ctx.Done():
		return c.ctx.Err()
	}
	return c.sendMemberships()
}

func (c *call) sendMemberships() error {
	s := c.stream()
	open := false
	before, groupHead, usersHead, userTail, groupTail, after :=
		xml.Header+"<memberships>", `<membership group="`, `"><users>`, `"/>`, `</users><groups/></membership>`, "</memberships>"
	userHead := `<user name="`
	if c.json {
		before, groupHead, usersHead, userTail, groupTail, after = `{"memberships":[`, `{"group":`, `,"users":[`, `}`, `],"groups":[]}`, `]}`
		userHead = `{"name":`
	}
	firstGroup := true
	s.text(before)
	err := c.Store.DirectoryMemberships(c.ctx, c.app, func(group string) error {
		if open {
			s.text(groupTail)
		}
		s.comma = !firstGroup
		s.next()
		open, firstGroup, s.comma = true, false, false
		s.text(groupHead)
		s.escaped(group)
		s.text(usersHead)
		return s.flush(flushAt)
	}, func(username string) error {
		c.note.Entries++
		s.next()
		s.text(userHead)
		s.escaped(username)
		s.text(userTail)
		return s.flush(flushAt)
	})
	if err != nil {
		return err
	}
	if open {
		s.text(groupTail)
	}
	s.text(after)
	return s.flush(0)
}

// cookie tells how the cookie of Crowd's own single sign-on would be set.
// Postern sets none.
func (c *call) cookie() error {
	type cookie struct {
		XMLName xml.Name `xml:"cookie-config" json:"-"`
		Domain  string   `xml:"domain" json:"domain"`
		Name    string   `xml:"name" json:"name"`
		Secure  bool     `xml:"secure" json:"secure"`
	}
	return c.answer(http.StatusOK, cookie{Name: "crowd.token_key", Secure: strings.HasPrefix(c.PublicURL, "https://")})
}
