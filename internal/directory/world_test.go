package directory_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/provision"
)

var now = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// world is a source and what is known here, in which plans are carried out in memory.
type world struct {
	source  model.Source
	people  map[string]model.SourcePerson // what the source has now
	groups  map[string]model.SourceGroup
	users   map[string]directory.User
	links   map[string]directory.MirrorPerson
	local   map[string]directory.Group
	members map[string]map[string]bool // ref + "\n" + group's name → users
	others  []directory.OtherLink
	aws     map[string]string
	recent  directory.Recent
	rules   []model.Rule
	said    map[string]provision.Last              // by username: what AWS said last, on the connection aws
	byRule  map[[2]string]directory.RuleMembership // by user and group
	nextID  int
}

func newWorld() *world {
	s := model.NewSource(model.SourceLDAP)
	s.Slug, s.Name, s.Status = "corp", "Corporate directory", model.SourceLive
	return &world{source: s, people: map[string]model.SourcePerson{}, groups: map[string]model.SourceGroup{}, users: map[string]directory.User{},
		links: map[string]directory.MirrorPerson{}, local: map[string]directory.Group{}, members: map[string]map[string]bool{}, aws: map[string]string{},
		said: map[string]provision.Last{}, byRule: map[[2]string]directory.RuleMembership{}}
}

// person puts somebody into the source, enabled, with an email of that name.
func (w *world) person(id, username string) *world {
	w.people[id] = model.SourcePerson{StableID: id, Username: username, Email: username + "@example.com", FirstName: strings.ToUpper(username[:1]) + username[1:],
		LastName: "Example", Enabled: true, Says: model.SaysAll &^ model.SaysDisplayName, Place: "OU=Staff"}
	return w
}

func (w *world) change(id string, f func(*model.SourcePerson)) *world {
	p := w.people[id]
	f(&p)
	w.people[id] = p
	return w
}

func (w *world) group(id, name string, members ...string) *world {
	w.groups[id] = model.SourceGroup{StableID: id, Name: name, Members: members}
	return w
}

// user puts somebody here whom no source made.
func (w *world) user(username string, f ...func(*directory.User)) *world {
	w.nextID++
	u := directory.User{ID: fmt.Sprintf("u%d", w.nextID), UserFields: model.UserFields{Username: username, Email: username + "@old.example", Active: true}}
	for _, change := range f {
		change(&u)
	}
	w.users[u.ID] = u
	return w
}

func (w *world) localGroup(name string, f ...func(*directory.Group)) *world {
	g := directory.Group{ID: int64(len(w.local) + 1), Name: name}
	for _, change := range f {
		change(&g)
	}
	w.local[name] = g
	return w
}

func (w *world) named(username string) directory.User {
	for _, u := range w.users {
		if model.Key(u.Username) == model.Key(username) {
			return u
		}
	}
	return directory.User{}
}

func (w *world) input() directory.Input {
	in := directory.Input{Source: w.source, Now: now, Reading: model.Reading{GroupsRead: true, People: slices.Collect(maps.Values(w.people)),
		Groups: slices.Collect(maps.Values(w.groups))}}
	in.Known = directory.Known{Mirror: slices.Collect(maps.Values(w.links)), Users: slices.Collect(maps.Values(w.users)), Others: w.others,
		Identities: w.aws, Groups: slices.Collect(maps.Values(w.local)), Recent: w.recent}
	for key, users := range w.members {
		ref, name, _ := strings.Cut(key, "\n")
		in.Known.Memberships = append(in.Known.Memberships, directory.Membership{Ref: ref, Group: w.local[name].ID, Users: slices.Collect(maps.Keys(users))})
	}
	in.Known.Rules = map[string][]model.Rule{"aws": w.rules}
	for username, last := range w.said {
		in.Known.SignedIn = append(in.Known.SignedIn, directory.SignedIn{User: w.named(username).ID, Connection: "aws", Last: &last})
	}
	in.Known.ByRule = slices.Collect(maps.Values(w.byRule))
	for _, u := range w.users {
		if u.Home == w.source.Slug && u.Active {
			in.Known.Active++
		}
	}
	return in
}

func (w *world) plan(t testing.TB) model.SourcePlan {
	t.Helper()
	plan, err := directory.Plan(w.input())
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// apply carries a plan out, as the store has to: in its order, and each change only
// where the user is as the plan saw them.
func (w *world) apply(t testing.TB, plan model.SourcePlan) {
	t.Helper()
	w.mirror(plan)
	for _, c := range plan.Changes {
		switch c.Kind {
		case model.SourceGroupMade:
			w.localGroup(c.Group)
		case model.SourceMembers:
			w.applyMembers(c)
		case model.SourceByRule:
			w.applyByRule(c)
		default:
			w.applyPerson(t, c)
		}
	}
}

func (w *world) mirror(plan model.SourcePlan) {
	for id, p := range w.people {
		m := w.links[id]
		w.links[id] = directory.MirrorPerson{StableID: id, Username: p.Username, Place: p.Place, Present: true, Enabled: p.Enabled, UserID: m.UserID}
	}
	for _, id := range plan.Missing {
		m := w.links[id]
		m.Present, m.Missed = false, m.Missed+1
		w.links[id] = m
	}
}

func (w *world) applyPerson(t testing.TB, c model.SourceChange) {
	t.Helper()
	if holder := w.named(c.After.Username); holder.ID != "" && holder.ID != c.UserID {
		t.Fatalf("%s of %q: the username is %s's", c.Kind, c.After.Username, holder.ID)
	}
	u, there := w.users[c.UserID]
	if there && u.UserFields != c.Before {
		t.Fatalf("%s: planned for %+v, there is %+v", c.Kind, c.Before, u.UserFields)
	}
	if !there {
		w.nextID++
		u = directory.User{ID: fmt.Sprintf("u%d", w.nextID)}
	}
	u.UserFields = c.After
	if c.Home {
		u.Home = w.source.Slug
	}
	switch c.Kind {
	case model.SourceDeactivated:
		u.DeactivatedBy = model.DeactivatedBySource(w.source.Slug)
	case model.SourceReactivated:
		u.DeactivatedBy = ""
	default:
	}
	w.users[u.ID] = u
	m := w.links[c.StableID]
	m.UserID = u.ID
	w.links[c.StableID] = m
}

func (w *world) applyMembers(c model.SourceChange) {
	key := c.Ref + "\n" + c.Group
	if w.members[key] == nil {
		w.members[key] = map[string]bool{}
	}
	for _, id := range c.Added {
		w.members[key][w.links[id].UserID] = true
	}
	for _, user := range c.Removed {
		delete(w.members[key], user)
	}
	if len(w.members[key]) == 0 {
		delete(w.members, key)
	}
}

func (w *world) applyByRule(c model.SourceChange) {
	for _, id := range c.Added {
		user := w.links[id].UserID
		w.byRule[[2]string{user, c.Group}] = directory.RuleMembership{User: user, Connection: c.Ref, Group: w.local[c.Group].ID, Origin: c.Origin}
	}
	for _, user := range c.Removed {
		delete(w.byRule, [2]string{user, c.Group})
	}
}

// run plans and carries out, and demands that the same reading then changes nothing.
func (w *world) run(t testing.TB) model.SourcePlan {
	t.Helper()
	plan := w.plan(t)
	w.apply(t, plan)
	again := w.plan(t)
	if len(again.Changes) != 0 && w.source.AbsenceGrace == 0 {
		t.Fatalf("the same reading again changes %d more: %+v", len(again.Changes), again.Changes[0])
	}
	return plan
}

// told are the changes of a plan in short.
func told(plan model.SourcePlan) []string {
	var all []string
	for _, c := range plan.Changes {
		switch c.Kind {
		case model.SourceGroupMade:
			all = append(all, "group_made "+c.Group)
		case model.SourceMembers:
			all = append(all, fmt.Sprintf("members %s +%d -%d", c.Group, len(c.Added), len(c.Removed)))
		case model.SourceByRule:
			all = append(all, fmt.Sprintf("by_rule %s +%d -%d %s", c.Group, len(c.Added), len(c.Removed), c.Origin))
		case model.SourceRenamed:
			all = append(all, fmt.Sprintf("renamed %s %s", c.Before.Username, c.After.Username))
		default:
			all = append(all, fmt.Sprintf("%s %s", c.Kind, c.After.Username))
		}
	}
	return all
}

func leftOut(plan model.SourcePlan) []string {
	var all []string
	for _, l := range plan.LeftOut {
		all = append(all, string(l.Kind)+" "+l.Name)
	}
	slices.Sort(all)
	return all
}

func expect(t testing.TB, plan model.SourcePlan, changes, left []string) {
	t.Helper()
	if got := told(plan); !slices.Equal(got, changes) {
		t.Errorf("changes\n got  %q\n want %q", got, changes)
	}
	if got := leftOut(plan); !slices.Equal(got, left) {
		t.Errorf("left out\n got  %q\n want %q", got, left)
	}
}
