package awssim

import (
	"errors"
	"net/http"
	"slices"
	"strings"
)

func (s *Simulator) listPeople(w http.ResponseWriter, r *http.Request) error {
	s.renderPeople(w, r, http.StatusOK, "")
	return nil
}

func (s *Simulator) renderPeople(w http.ResponseWriter, r *http.Request, status int, problem string) {
	s.render(w, r, status, "people", view{Title: "People and groups", Section: "people", Problem: problem, Data: peoplePage{s.Settings(), s.Access()}})
}

type peoplePage struct {
	*Settings
	Access
}

// Region and the store's id are in both parts.
func (p peoplePage) Region() string { return p.Settings.Region }

// deniable are the actions that the policy of the test key may lack, for the page.
var deniable = []string{"identitystore:ListUsers", "identitystore:DescribeUser", "identitystore:ListGroups", "identitystore:ListGroupMemberships",
	"sso:ListInstances", "sso:ListApplicationAssignments", "sso:GetApplicationAssignmentConfiguration"}

// DeniedRows are those actions, each with whether it is lacking.
func (p peoplePage) DeniedRows() []deniedRow {
	var rows []deniedRow
	for _, action := range deniable {
		rows = append(rows, deniedRow{action, slices.Contains(p.DeniedActions, action)})
	}
	return rows
}

type deniedRow struct {
	Action string
	Denied bool
}

// StoreFaultRows are the switches, with how they are set.
func (p peoplePage) StoreFaultRows() []storeFaultRow {
	var rows []storeFaultRow
	for _, f := range StoreFaults() {
		rows = append(rows, storeFaultRow{f, p.StoreFaults[f.Fault]})
	}
	return rows
}

type storeFaultRow struct {
	StoreFaultInfo
	Mode Mode
}

// personPage is the form of one person. Was is their username so far, empty
// for a new one.
type personPage struct {
	Person
	Was    string
	Groups []Group
}

// In tells whether the person is in a group, for the boxes to tick.
func (p personPage) In(group string) bool { return slices.Contains(p.Person.Groups, group) }

func (s *Simulator) getPerson(w http.ResponseWriter, r *http.Request) error {
	p := Person{}
	if name := r.PathValue("username"); name != "" {
		found := s.Settings().person(name)
		if found == nil {
			return errNotFound
		}
		p = *found
	}
	s.renderPerson(w, r, http.StatusOK, p, "")
	return nil
}

func (s *Simulator) renderPerson(w http.ResponseWriter, r *http.Request, status int, p Person, problem string) {
	v := view{Title: "Add user", Section: "people", Problem: problem, Data: personPage{p, r.PathValue("username"), s.Settings().Groups}}
	if was := r.PathValue("username"); was != "" {
		v.Title = "Edit " + was
	}
	s.render(w, r, status, "person", v)
}

func (s *Simulator) postPerson(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badInput(err)
	}
	was := r.PathValue("username")
	if was != "" && s.Settings().person(was) == nil {
		return errNotFound
	}
	field := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	p := Person{
		Username: field("username"), GivenName: field("given_name"), MiddleName: field("middle_name"),
		FamilyName: field("family_name"), Email: field("email"),
		Disabled: r.PostForm.Get("enabled") == "", Groups: r.PostForm["group"],
	}
	var err error
	if r.PostForm.Get("action") == "remove" {
		err = s.removePerson(was)
	} else {
		err = s.putPerson(was, p)
	}
	if err != nil {
		s.renderPerson(w, r, http.StatusUnprocessableEntity, p, err.Error())
		return nil
	}
	return seeOther(w, r, "/people")
}

// postSource makes everybody anew, as AWS does when the identity source is
// changed.
func (s *Simulator) postSource(w http.ResponseWriter, r *http.Request) error {
	if err := s.ChangeIdentitySource(); err != nil {
		s.renderPeople(w, r, http.StatusUnprocessableEntity, err.Error())
		return nil
	}
	return seeOther(w, r, "/people")
}

// ChangeIdentitySource gives everybody another user ID, and each group another
// group ID. Usernames, names and assignments stay: whoever changed the source
// has made them again.
func (s *Simulator) ChangeIdentitySource() error {
	return s.UpdateSettings(func(c *Settings) {
		for i := range c.People {
			c.People[i].ID, c.People[i].ExternalIDs = "", nil
		}
		for i := range c.Groups {
			c.Groups[i].ID, c.Groups[i].ExternalIDs = "", nil
		}
	})
}

// postStoreFaults switches errors of the Identity Store API on and off.
func (s *Simulator) postStoreFaults(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badInput(err)
	}
	err := s.UpdateSettings(func(c *Settings) {
		c.StoreFaults = map[StoreFault]Mode{}
		for _, f := range StoreFaults() {
			if m := Mode(r.PostForm.Get(string(f.Fault))); m != Off {
				c.StoreFaults[f.Fault] = m
			}
		}
		c.DeniedActions = slices.DeleteFunc(c.DeniedActions, func(a string) bool { return slices.Contains(deniable, a) })
		for _, action := range r.PostForm["denied"] {
			if slices.Contains(deniable, action) {
				c.DeniedActions = append(c.DeniedActions, action)
			}
		}
	})
	if err != nil {
		s.renderPeople(w, r, http.StatusUnprocessableEntity, err.Error())
		return nil
	}
	return seeOther(w, r, "/people#store")
}

// putPerson adds a person, or replaces the one with the username was. Their
// ID stays, and so do their assignments.
func (s *Simulator) putPerson(was string, p Person) error {
	return s.update(func(c *Settings) error {
		if was == "" {
			c.People = append(c.People, p)
			return nil
		}
		old := c.person(was)
		if old == nil {
			return errNotFound
		}
		before := old.Username
		p.ID, p.ExternalIDs, p.Title, p.Enterprise = old.ID, old.ExternalIDs, old.Title, old.Enterprise
		*old = p
		for i := range c.Applications {
			replace(c.Applications[i].AssignedPeople, before, p.Username)
		}
		return nil
	})
}

// removePerson also removes their assignments, as AWS does: a person who is
// made again has to be assigned again.
func (s *Simulator) removePerson(username string) error {
	return s.update(func(c *Settings) error {
		c.People = slices.DeleteFunc(c.People, func(p Person) bool { return strings.EqualFold(p.Username, username) })
		for i := range c.Applications {
			a := &c.Applications[i]
			a.AssignedPeople = slices.DeleteFunc(a.AssignedPeople, func(u string) bool { return strings.EqualFold(u, username) })
		}
		return nil
	})
}

func replace(names []string, before, after string) {
	for i := range names {
		if names[i] == before {
			names[i] = after
		}
	}
}

// postGroup adds, renames or removes a group.
func (s *Simulator) postGroup(w http.ResponseWriter, r *http.Request) error {
	name, was := strings.TrimSpace(r.PostFormValue("name")), r.PostFormValue("was")
	var err error
	switch r.PostFormValue("action") {
	case "add":
		err = s.UpdateSettings(func(c *Settings) {
			c.Groups = append(c.Groups, Group{Name: name, Description: strings.TrimSpace(r.PostFormValue("description"))})
		})
	case "rename":
		err = s.UpdateSettings(func(c *Settings) { c.renameGroup(was, name) })
	case "remove":
		err = s.UpdateSettings(func(c *Settings) { c.removeGroup(was) })
	default:
		err = errors.New("choose what to do")
	}
	if err != nil {
		s.renderPeople(w, r, http.StatusUnprocessableEntity, err.Error())
		return nil
	}
	return seeOther(w, r, "/people#groups")
}

func (c *Settings) renameGroup(was, name string) {
	g := c.group(was)
	if g == nil {
		return
	}
	g.Name = name
	for i := range c.People {
		replace(c.People[i].Groups, was, name)
	}
	for i := range c.Applications {
		replace(c.Applications[i].AssignedGroups, was, name)
	}
}

func (c *Settings) removeGroup(name string) {
	same := func(n string) bool { return n == name }
	c.Groups = slices.DeleteFunc(c.Groups, func(g Group) bool { return g.Name == name })
	for i := range c.People {
		c.People[i].Groups = slices.DeleteFunc(c.People[i].Groups, same)
	}
	for i := range c.Applications {
		c.Applications[i].AssignedGroups = slices.DeleteFunc(c.Applications[i].AssignedGroups, same)
	}
}
