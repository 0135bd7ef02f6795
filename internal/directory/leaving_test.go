package directory_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
)

// company is a source of that many people that was carried out once.
func company(t testing.TB, people int) *world {
	t.Helper()
	w := newWorld()
	var all []string
	for i := range people {
		id := fmt.Sprintf("%04d", i)
		w.person(id, "p"+id)
		all = append(all, id)
	}
	w.group("g", "staff", all...)
	w.run(t)
	return w
}

func TestLeaving(t *testing.T) {
	t.Parallel()
	w := company(t, 3)
	delete(w.people, "0001")
	w.group("g", "staff", "0000", "0002") // a directory takes it out of the group as well
	expect(t, w.run(t), []string{"deactivated p0001"}, nil)
	w.person("0001", "p0001").group("g", "staff", "0000", "0001", "0002")
	expect(t, w.run(t), []string{"reactivated p0001"}, nil) // with the memberships kept
}

func TestWhoIsOutOfASourcesReach(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		user func(*directory.User)
		then func(w *world)
		left []string
	}{
		"deactivated by hand stays so":           {by(model.DeactivatedByHand), func(*world) {}, []string{"by_hand p0000"}},
		"deactivated by another source stays so": {by(model.DeactivatedBySource("entra")), func(*world) {}, nil},
		"no home, disabled": {func(u *directory.User) { u.Home = "" }, func(w *world) {
			w.source.AdoptExisting = false
			w.change("0000", disabled)
		}, nil},
		"no home, missing":           {func(u *directory.User) { u.Home = "" }, func(w *world) { delete(w.people, "0000") }, nil},
		"another home, missing":      {func(u *directory.User) { u.Home = "entra" }, func(w *world) { delete(w.people, "0000") }, nil},
		"an administrator, disabled": {administers, func(w *world) { w.change("0000", disabled) }, []string{"administrator p0000"}},
		"an administrator, missing":  {administers, func(w *world) { delete(w.people, "0000") }, []string{"administrator p0000"}},
		"another source says disabled": {by(model.DeactivatedBySource("corp")), func(w *world) {
			w.others = []directory.OtherLink{{Source: "entra", StableID: "x", UserID: w.named("p0000").ID, Denies: true}}
		}, []string{"other_source p0000"}},
		"missing, within the grace": {func(*directory.User) {}, func(w *world) { w.source.AbsenceGrace = 1; delete(w.people, "0000") }, []string{"grace p0000"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := company(t, 3)
			u := w.named("p0000")
			test.user(&u)
			w.users[u.ID] = u
			test.then(w)
			expect(t, w.plan(t), nil, test.left)
		})
	}
}

func TestGraceIsCountedInCompleteRuns(t *testing.T) {
	t.Parallel()
	w := company(t, 3)
	w.source.AbsenceGrace = 1
	delete(w.people, "0001")
	expect(t, w.run(t), nil, []string{"grace p0001"})
	expect(t, w.run(t), []string{"deactivated p0001"}, nil)
}

func TestAPartialReadingConcludesNothingFromAbsence(t *testing.T) {
	t.Parallel()
	w := company(t, 20)
	in := w.input()
	in.Partial = true
	in.Reading.People, in.Reading.Groups = in.Reading.People[:1], nil
	plan, err := directory.Plan(in)
	if err != nil || len(plan.Changes) != 0 || len(plan.Missing) != 0 {
		t.Errorf("changes %q, missing %q, %v", told(plan), plan.Missing, err)
	}
	in.Gone = []string{in.Known.Mirror[0].StableID}
	in.Reading.People = nil
	if plan, err = directory.Plan(in); err != nil || plan.Counts.Deactivated != 1 || len(plan.Missing) != 1 {
		t.Errorf("taken away by name: %q, %v", told(plan), err)
	}
}

func TestReadingsThatAreNotPlannedFrom(t *testing.T) {
	t.Parallel()
	for reason, change := range map[string]func(*directory.Input){
		"empty_result":  func(in *directory.Input) { in.Reading.People = nil },
		"empty_result ": func(in *directory.Input) { in.Reading.Groups = nil },
		"missing_id":    func(in *directory.Input) { in.Reading.People[1].StableID = "" },
		"missing_id ":   func(in *directory.Input) { in.Reading.Groups[0].StableID = "" },
		"duplicate_id":  func(in *directory.Input) { in.Reading.People[1].StableID = in.Reading.People[0].StableID },
		"duplicate_id ": func(in *directory.Input) { in.Reading.Groups = append(in.Reading.Groups, in.Reading.Groups[0]) },
	} {
		in := company(t, 3).input()
		change(&in)
		plan, err := directory.Plan(in)
		var unusable *directory.Unusable
		if !errors.As(err, &unusable) || unusable.Reason+" " != reason && unusable.Reason != reason || len(plan.Changes) != 0 {
			t.Errorf("%s: %v, %d changes", reason, err, len(plan.Changes))
		}
	}
}
