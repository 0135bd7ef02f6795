package runner_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// A run is undone as one: what is here is as before it, and the source does not do it
// again by itself.
func TestARunIsUndoneAsOne(t *testing.T) {
	t.Parallel()
	x := newSite(t, nil)
	storetest.User(t, x.store, "bea")
	x.fake.many(600, 3).person("b", "bea")
	first := x.approve(x.sync(model.RunDry), model.RunApplied)
	before := x.state()
	x.fake.person("new", "newcomer").group("g", "made by the run", "new", "b", "p00007")
	x.fake.change("p00001", func(p *model.SourcePerson) { p.Username = "renamed" }).person("taker", "user00001")
	x.fake.change("p00002", func(p *model.SourcePerson) { p.Enabled = false })
	delete(x.fake.people, "p00003")
	g := x.fake.groups["g001"]
	g.Members = g.Members[:len(g.Members)-5]
	x.fake.groups["g001"] = g
	run := x.sync(model.RunApplied)
	if x.state() == before {
		t.Fatal("the run changed nothing")
	}
	undo, err := x.run.Undo(t.Context(), storetest.Actor, "corp", run.ID)
	if err != nil || undo.Outcome != model.RunApplied || undo.Undoes != run.ID {
		t.Fatalf("%+v, %v", undo, err)
	}
	if got, want := withoutMirror(x.state()), withoutMirror(before); got != want {
		t.Errorf("after the undo\n%.3000s\nwant\n%.3000s", got, want)
	}
	if again, err := x.store.SourceRun(t.Context(), "corp", run.ID); err != nil || again.Outcome != model.RunUndone {
		t.Errorf("the run is %+v, %v", again, err)
	}
	if _, err := x.run.Undo(t.Context(), storetest.Actor, "corp", run.ID); !errors.Is(err, store.ErrConflict) {
		t.Errorf("undone a second time: %v", err)
	}
	waits := x.sync(model.RunDry)
	if waits.Counts != run.Counts {
		t.Errorf("the plan that waits is %+v, the run was %+v", waits.Counts, run.Counts)
	}
	if _, err := x.run.Undo(t.Context(), storetest.Actor, "corp", first.ID); err != nil {
		t.Errorf("the first run: %v", err)
	}
	if u := x.user("bea"); u.Home != "" {
		t.Errorf("bea is %+v", u)
	}
	if n, err := x.store.CountUsers(t.Context()); err != nil || n != 1 {
		t.Errorf("%d users are left, %v", n, err)
	}
}

// withoutMirror leaves out what the source says, which an undo does not change, and groups.
func withoutMirror(state string) string {
	var lines []string
	for line := range strings.Lines(state) {
		if len(line) > 6 && line[:6] != "mirror" {
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func TestWhatChangedSinceIsNamedAndNothingIsUndone(t *testing.T) {
	t.Parallel()
	x := newSite(t, nil)
	x.fake.person("1", "ana").person("2", "bea")
	run := x.approve(x.sync(model.RunDry), model.RunApplied)
	_, err := x.store.UpdateUser(t.Context(), storetest.Actor, "ana", func(u *model.User) error { u.Email = "by@hand.example"; return nil })
	if err != nil {
		t.Fatal(err)
	}
	storetest.Group(t, x.store, "staff")
	if err := x.store.AddMember(t.Context(), storetest.Actor, "staff", "bea"); err != nil {
		t.Fatal(err)
	}
	var changed *store.ChangedSince
	if _, err := x.run.Undo(t.Context(), storetest.Actor, "corp", run.ID); !errors.As(err, &changed) || changed.Count != 2 || changed.Users[0] != "ana" {
		t.Fatalf("undone: %v", err)
	}
	if src, err := x.store.Source(t.Context(), "corp"); err != nil || src.NextIsDry {
		t.Errorf("the source is %+v, %v", src, err)
	}
	x.user("bea")
}

// What somebody did between plan and deed stays.
func TestWhatChangedSinceThePlanIsSkipped(t *testing.T) {
	t.Parallel()
	x := newSite(t, nil)
	x.fake.many(8, 1).group("g", "staff", "p00001", "p00002")
	x.live()
	for i := range 4 {
		x.fake.change(personID(i), func(p *model.SourcePerson) { p.Email = "new." + p.Email })
	}
	x.fake.person("new", "newcomer").group("g", "staff")
	run, err := x.store.StartRun(t.Context(), "corp", store.RunStart{Trigger: model.RunByHand, Worker: "w"})
	if err != nil {
		t.Fatal(err)
	}
	if run, err = x.run.OnlyPlan(t.Context(), run, "w"); err != nil || run.Outcome != model.RunApplying {
		t.Fatalf("%+v, %v", run, err)
	}
	_, err = x.store.UpdateUser(t.Context(), storetest.Actor, "user00001", func(u *model.User) error { u.Email = "by@hand.example"; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if err := x.store.DeleteUser(t.Context(), storetest.Actor, "user00002"); err != nil {
		t.Fatal(err)
	}
	err = x.store.SetPins(t.Context(), storetest.Actor, "user00003", func(p model.Pins) error {
		p[model.PinEmail] = model.Pin{By: "owner", Reason: "asked for it"}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	storetest.User(t, x.store, "newcomer")
	x.exec("update groups set by_hand_only = true where name = 'staff'")
	for !run.Outcome.Over() {
		if run, err = x.store.ApplyNext(t.Context(), run, "w"); err != nil {
			t.Fatal(err)
		}
	}
	changes, _, err := x.store.RunChanges(t.Context(), run.ID, store.ChangeQuery{State: store.ChangeSkipped})
	if err != nil || len(changes) != 4 {
		t.Fatalf("skipped are %+v, %v", changes, err)
	}
	for _, c := range changes {
		if c.Problem == "" {
			t.Errorf("%+v does not say why", c)
		}
	}
	if x.user("user00000").Email != "new.user00000@example.com" || x.user("user00001").Email != "by@hand.example" ||
		x.user("user00003").Email != "user00003@example.com" || x.user("newcomer").Home != "" {
		t.Error("what stands was changed, or what stood was not")
	}
	if got := x.members("staff"); got != "" {
		t.Errorf("staff has %s", got)
	}
}
