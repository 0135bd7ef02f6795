package directory_test

import (
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
)

func by(mark string) func(*directory.User) {
	return func(u *directory.User) { u.Active, u.DeactivatedBy = false, mark }
}

func pinned(f model.PinField, until time.Time) func(*directory.User) {
	return func(u *directory.User) { u.Pins = model.Pins{f: {By: "olga", Until: until}} }
}

func administers(u *directory.User) { u.Administrator = true }

func disabled(p *model.SourcePerson) { p.Enabled, p.Why = false, "userAccountControl 514" }

func TestWhoAPersonIs(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		world   func() *world
		changes []string
		left    []string
	}{
		"somebody new":                  {func() *world { return newWorld().person("1", "ana") }, []string{"created ana"}, nil},
		"somebody new who is disabled":  {func() *world { return newWorld().person("1", "ana").change("1", disabled) }, nil, nil},
		"no users are made":             {func() *world { w := newWorld().person("1", "ana"); w.source.Create = false; return w }, nil, []string{"not_created ana"}},
		"the same username, taken over": {func() *world { return newWorld().person("1", "Ana").user("ana") }, []string{"linked Ana"}, nil},
		"the same username, nobody is taken over": {func() *world {
			w := newWorld().person("1", "ana").user("ana")
			w.source.AdoptExisting = false
			return w
		},
			nil, []string{"username_taken ana"}},
		"the username of a user of another source": {func() *world {
			return newWorld().person("1", "ana").user("ana", func(u *directory.User) { u.Home = "other" })
		}, nil, []string{"username_taken ana"}},
		"an administrator of the console": {func() *world { return newWorld().person("1", "ana").user("ana", administers) }, nil, []string{"administrator ana"}},
		"an administrator found by id": {func() *world {
			w := newWorld().person("1", "ana").user("olga", administers)
			w.others = []directory.OtherLink{{Source: "x", StableID: "1", UserID: "u1"}}
			return w
		}, nil, []string{"administrator ana"}},
		"the id of another source, in other letters": {func() *world {
			w := newWorld().person("8EC92CF0-C640", "ana").user("anna", func(u *directory.User) { u.Home = "entra" })
			w.others = []directory.OtherLink{{Source: "entra", StableID: "7", ForeignIDs: []string{"8ec92cf0-c640"}, UserID: "u1"}}
			return w
		}, []string{"linked anna"}, nil},
		"ids that lead to two users": {func() *world {
			w := newWorld().person("1", "ana").user("a").user("b")
			w.others = []directory.OtherLink{{Source: "x", StableID: "1", UserID: "u1"}, {Source: "y", StableID: "2", ForeignIDs: []string{"1"}, UserID: "u2"}}
			return w
		}, nil, []string{"two_users ana"}},
		"the AWS user id of somebody who has signed in": {func() *world {
			w := newWorld().person("1", "ana").user("ana.old")
			w.source.Kind, w.aws["1"] = model.SourceAWS, "u1"
			return w
		}, []string{"linked ana"}, nil},
		"the username of somebody who signed in as another AWS person": {func() *world {
			w := newWorld().person("1", "ana").user("ana")
			w.source.Kind, w.aws["2"] = model.SourceAWS, "u1"
			return w
		}, nil, []string{"reused_name ana"}},
		"two people claim one username": {func() *world { return newWorld().person("1", "ana").person("2", "ANA") }, nil,
			[]string{"username_twice ANA", "username_twice ana"}},
		"a username that our rules refuse": {func() *world { return newWorld().person("1", "ana eve") }, nil, []string{"name_refused ana eve"}},
		"an email that our rules refuse": {func() *world {
			return newWorld().person("1", "ana").change("1", func(p *model.SourcePerson) { p.Email = "nowhere" })
		}, []string{"created ana"}, []string{"name_refused ana"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := test.world()
			plan := w.plan(t)
			expect(t, plan, test.changes, test.left)
			w.apply(t, plan)
			if again := w.plan(t); len(again.Changes) != 0 {
				t.Errorf("the same reading again: %q", told(again))
			}
		})
	}
}

func TestAReusedUsernameIsAConflict(t *testing.T) {
	t.Parallel()
	w := newWorld().person("1", "ana").person("9", "other")
	w.run(t)
	delete(w.people, "1")
	w.person("2", "ana")
	expect(t, w.plan(t), []string{"deactivated ana"}, []string{"reused_name ana"})
}

func TestTheHomeOwnsItsFields(t *testing.T) {
	t.Parallel()
	w := newWorld().person("1", "ana")
	w.run(t)
	w.change("1", func(p *model.SourcePerson) { p.Email, p.LastName = "", "Ito" })
	expect(t, w.run(t), []string{"updated ana"}, nil)
	if u := w.named("ana"); u.Email != "" || u.DisplayName != "Ana Ito" {
		t.Errorf("got %+v: a field that the source empties is empty, and the display name follows", u.UserFields)
	}
	w.change("1", func(p *model.SourcePerson) {
		p.Says, p.Email, p.FirstName = model.SaysUsername|model.SaysEmail, "ana@example.org", ""
	})
	w.run(t)
	if u := w.named("ana"); u.Email != "ana@example.org" || u.FirstName != "Ana" {
		t.Errorf("got %+v: what the source does not say stays", u.UserFields)
	}
}

func TestOtherSourcesNeverWriteFields(t *testing.T) {
	t.Parallel()
	w := newWorld().person("1", "ana").group("g", "staff", "1")
	w.user("ana.ito", func(u *directory.User) { u.Home = "entra" })
	w.others = []directory.OtherLink{{Source: "entra", StableID: "1", UserID: "u1"}}
	expect(t, w.run(t), []string{"group_made staff", "linked ana.ito", "members staff +1 -0"}, nil)
	if u := w.users["u1"]; u.Username != "ana.ito" || u.Home != "entra" {
		t.Errorf("got %+v", u)
	}
	w.change("1", disabled) // deny wins
	expect(t, w.run(t), []string{"deactivated ana.ito"}, nil)
}

func TestPinsBeatTheSource(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		until   time.Time
		changes []string
	}{
		"a pin without an end":  {time.Time{}, []string{"linked ana"}},
		"a pin that has an end": {now.Add(time.Hour), []string{"linked ana"}},
		"a pin that is over":    {now, []string{"linked ana", "deactivated ana"}},
	} {
		w := newWorld().person("1", "ana").user("ana", pinned(model.PinActive, test.until)).change("1", disabled)
		if got := told(w.plan(t)); len(got) != len(test.changes) {
			t.Errorf("%s: %q", name, got)
		}
	}
	w := newWorld().person("1", "ana").person("2", "zoe").user("anna", pinned(model.PinUsername, time.Time{}))
	w.links["1"] = directory.MirrorPerson{StableID: "1", Present: true, UserID: "u1"}
	u := w.users["u1"]
	u.Home = "corp"
	w.users["u1"] = u
	w.run(t)
	if got := w.users["u1"]; got.Username != "anna" || got.Email != "ana@example.com" {
		t.Errorf("got %+v: only the pinned field stays", got.UserFields)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		then    func(w *world)
		changes []string
		left    []string
	}{
		"renamed":                       {func(w *world) { rename(w, "1", "zoe") }, []string{"renamed ana zoe"}, nil},
		"a chain of names":              {func(w *world) { rename(w, "1", "ben"); rename(w, "2", "zoe") }, []string{"renamed ben zoe", "renamed ana ben"}, nil},
		"two who change names":          {func(w *world) { rename(w, "1", "ben"); rename(w, "2", "ana") }, nil, []string{"username_taken ana", "username_taken ben"}},
		"a name that somebody has":      {func(w *world) { rename(w, "1", "hand"); w.user("hand") }, nil, []string{"username_taken hand"}},
		"a new person with a free name": {func(w *world) { rename(w, "1", "zoe"); w.person("4", "ana") }, []string{"renamed ana zoe", "created ana"}, nil},
		"only other letters":            {func(w *world) { rename(w, "1", "Ana") }, []string{"renamed ana Ana"}, nil},
		"a chain behind a name that is kept": {func(w *world) { w.user("hand"); rename(w, "1", "hand"); rename(w, "2", "ana") }, nil,
			[]string{"username_taken ana", "username_taken hand"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld().person("1", "ana").person("2", "ben").person("3", "cid")
			w.run(t)
			test.then(w)
			expect(t, w.run(t), test.changes, test.left)
		})
	}
}

func rename(w *world, id, username string) {
	w.change(id, func(p *model.SourcePerson) { p.Username = username })
}

func TestARefusedNameHoldsNothingElseBack(t *testing.T) {
	t.Parallel()
	w := newWorld().person("1", "ana").person("2", "ben")
	w.run(t)
	w.user("taken")
	w.change("1", func(p *model.SourcePerson) { p.Username, p.Email = "taken", "new@example.com"; disabled(p) })
	expect(t, w.run(t), []string{"updated ana", "deactivated ana"}, []string{"username_taken taken"})
	w.change("2", func(p *model.SourcePerson) { p.Username = "not a name"; disabled(p) })
	expect(t, w.run(t), []string{"deactivated ben"}, []string{"name_refused not a name", "username_taken taken"})
}
