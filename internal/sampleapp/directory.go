package sampleapp

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	usersShown = 50 // by the page
	newsKept   = 5
)

// directory is what the page shows of the copy.
type directory struct {
	Users          []dirUser // the first ones
	Total, Groups  int
	News           []string // the newest first
	FullAt, NewsAt time.Time
	Took           time.Duration
	Problem        string
}

// mirror is the app's copy of Postern's users and groups. It reads everything
// once, and then what is new, for each page: a real app does that every hour.
type mirror struct {
	mu      sync.Mutex
	users   map[string]dirUser         // by lower-cased name, as all of these
	groups  map[string]string          // names
	members map[string]map[string]bool // users by group
	token   string
	news    []string
	fullAt  time.Time
	newsAt  time.Time
}

func (a *App) readDirectory(ctx context.Context) directory {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	m := &a.mirror
	m.mu.Lock()
	defer m.mu.Unlock()
	began := time.Now()
	if err := a.synchronize(ctx, m); err != nil {
		return directory{Problem: err.Error()}
	}
	d := m.shown()
	d.Took = time.Since(began).Round(time.Millisecond)
	return d
}

func (a *App) synchronize(ctx context.Context, m *mirror) error {
	if m.token == "" {
		return a.readAll(ctx, m)
	}
	var list eventList
	err := a.ask(ctx, http.MethodGet, "event/"+m.token, &list)
	if errors.Is(err, errExpired) {
		m.tell("Postern asked to read everything again")
		return a.readAll(ctx, m)
	}
	if err != nil {
		return err
	}
	m.follow(list)
	m.newsAt = time.Now()
	return nil
}

// readAll reads everything. The token is from afterwards: Postern tells with it
// what has changed meanwhile, too.
func (a *App) readAll(ctx context.Context, m *mirror) error {
	var users userList
	var groups groupList
	var memberships membershipList
	var events eventList
	for _, step := range []struct {
		method, path string
		into         any
	}{
		{http.MethodPost, "search?entity-type=user&start-index=0&max-results=-1&expand=user", &users},
		{http.MethodPost, "search?entity-type=group&start-index=0&max-results=-1&expand=group", &groups},
		{http.MethodGet, "group/membership", &memberships},
		{http.MethodGet, "event", &events},
	} {
		if err := a.ask(ctx, step.method, step.path, step.into); err != nil {
			return err
		}
	}
	m.users, m.groups, m.members = map[string]dirUser{}, map[string]string{}, map[string]map[string]bool{}
	for _, u := range users.Users {
		m.users[key(u.Name)] = u
	}
	for _, g := range groups.Groups {
		m.addGroup(g.Name)
	}
	for _, of := range memberships.Memberships {
		for _, u := range of.Users {
			m.setMember(u.Name, of.Group, true)
		}
	}
	m.token, m.fullAt, m.newsAt = events.Token, time.Now(), time.Time{}
	return nil
}

func key(name string) string { return strings.ToLower(name) }

// follow applies what is new, and says it in words.
func (m *mirror) follow(list eventList) {
	for _, e := range list.Events {
		gone := e.Operation == "DELETED"
		switch e.XMLName.Local {
		case "userEvent":
			m.user(e.User, gone)
		case "groupEvent":
			m.group(e.Group.Name, gone)
		case "userMembershipEvent":
			for _, g := range e.Parents {
				m.setMember(e.Child.Name, g.Name, !gone)
				m.tell(e.Child.Name + map[bool]string{true: " was removed from ", false: " was added to "}[gone] + g.Name)
			}
		}
	}
	m.token = list.Token
}

func (m *mirror) user(u dirUser, gone bool) {
	_, known := m.users[key(u.Name)]
	switch {
	case gone:
		delete(m.users, key(u.Name))
		for _, in := range m.members {
			delete(in, key(u.Name))
		}
		m.tell(u.Name + " was deleted")
		return
	case known:
		m.tell(u.Name + " was changed")
	default:
		m.tell(u.Name + " is new")
	}
	m.users[key(u.Name)] = u
}

func (m *mirror) group(name string, gone bool) {
	_, known := m.groups[key(name)]
	switch {
	case gone:
		delete(m.groups, key(name))
		delete(m.members, key(name))
		m.tell("The group " + name + " was deleted")
		return
	case known:
		m.tell("The group " + name + " was changed")
	default:
		m.tell("The group " + name + " is new")
	}
	m.addGroup(name)
}

func (m *mirror) addGroup(name string) {
	m.groups[key(name)] = name
	if m.members[key(name)] == nil {
		m.members[key(name)] = map[string]bool{}
	}
}

// setMember leaves out whom the copy does not know: Postern tells of them next.
func (m *mirror) setMember(user, group string, is bool) {
	_, known := m.users[key(user)]
	in := m.members[key(group)]
	switch {
	case !known || in == nil:
	case is:
		in[key(user)] = true
	default:
		delete(in, key(user))
	}
}

func (m *mirror) tell(what string) {
	m.news = append([]string{what}, m.news...)
	m.news = m.news[:min(len(m.news), newsKept)]
}

func (m *mirror) shown() directory {
	d := directory{Total: len(m.users), Groups: len(m.groups), News: slices.Clone(m.news), FullAt: m.fullAt, NewsAt: m.newsAt}
	for _, name := range slices.Sorted(maps.Keys(m.users)) {
		if len(d.Users) == usersShown {
			break
		}
		u := m.users[name]
		for _, group := range slices.Sorted(maps.Keys(m.members)) {
			if m.members[group][name] {
				u.Groups = append(u.Groups, m.groups[group])
			}
		}
		d.Users = append(d.Users, u)
	}
	return d
}
