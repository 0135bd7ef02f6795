package directory_test

import (
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
)

func TestWhoIsKnownByIdIsLinkedWithoutBeingTakenOver(t *testing.T) {
	t.Parallel()
	w := newWorld().person("1", "ana").group("g", "staff", "1").user("ana.old")
	w.source.AdoptExisting = false
	w.others = []directory.OtherLink{{Source: "entra", StableID: "1", UserID: "u1"}}
	expect(t, w.run(t), []string{"group_made staff", "linked ana.old", "members staff +1 -0"}, nil)
	if u := w.users["u1"]; u.Home != "" || u.Username != "ana.old" {
		t.Errorf("got %+v: a source that takes over nobody gives groups only", u)
	}
	w.source.AdoptExisting = true // said later: about whom it finds from then on
	expect(t, w.run(t), nil, nil)
}

func TestOnlyWhoIsAssignedBecomesAUser(t *testing.T) {
	t.Parallel()
	w := newWorld().person("1", "ana").person("2", "ben").change("2", func(p *model.SourcePerson) { p.Assigned = true })
	in := w.input()
	in.Reading.Assignments = true
	plan, err := directory.Plan(in)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, plan, []string{"created ben"}, []string{"not_created ana"})
}

func TestASourceThatSaysNothingOfActiveSwitchesNobody(t *testing.T) {
	t.Parallel()
	w := company(t, 2)
	w.change("0000", func(p *model.SourcePerson) { disabled(p); p.Says &^= model.SaysActive })
	expect(t, w.run(t), nil, nil)
}

func TestAPinnedNameStays(t *testing.T) {
	t.Parallel()
	w := company(t, 2)
	u := w.named("p0000")
	u.Pins = model.Pins{model.PinName: {By: "olga", Until: now.Add(time.Hour)}}
	w.users[u.ID] = u
	w.change("0000", func(p *model.SourcePerson) { p.LastName, p.Email = "Other", "other@example.com" })
	expect(t, w.run(t), []string{"updated p0000"}, nil)
	if got := w.users[u.ID]; got.LastName != "Example" || got.Email != "other@example.com" {
		t.Errorf("got %+v", got.UserFields)
	}
}

func TestGroupsThatWereNotReadStay(t *testing.T) {
	t.Parallel()
	w := company(t, 3)
	in := w.input()
	in.Reading.Groups, in.Reading.GroupsRead = nil, false
	for mode, removed := range map[model.GroupMode]int{model.GroupsSame: 0, model.GroupsNone: 3} {
		in.Source.Groups.Mode = mode
		plan, err := directory.Plan(in)
		if err != nil || plan.Counts.MembershipsRemoved != removed {
			t.Errorf("%s: %+v, %v", mode, plan.Counts, err)
		}
	}
}

func TestAGroupThatGetsOthersIsNotEmptied(t *testing.T) {
	t.Parallel()
	w := company(t, 12)
	w.source.Groups = model.GroupMapping{Mode: model.GroupsMap, Map: map[string]string{"staff": "staff", "dev": "staff"}}
	w.source.Limits.GroupPercent = 100
	delete(w.groups, "g")
	w.group("h", "dev", "0000", "0001")
	if plan := w.plan(t); len(plan.Holds) != 0 {
		t.Errorf("%q: %+v", told(plan), plan.Holds)
	}
}
