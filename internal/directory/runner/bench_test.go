package runner_test

import (
	"fmt"
	"testing"

	"github.com/postern-sso/postern/internal/directory/runner"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// What a company of 100,000 people with 1,000,000 memberships in 10,000 groups costs:
// the first run, one that changes nothing, and one that changes a hundredth. Without
// the source's own time.
func BenchmarkRunOfALargeSource(b *testing.B) {
	const people, groups, each = 100_000, 10_000, 10
	st, f := storetest.OpenPool(b), newFake()
	members := make([][]string, groups)
	for i := range people {
		id := personID(i)
		f.person(id, fmt.Sprintf("user%06d", i))
		for n := range each {
			g := (i + n*997) % groups
			members[g] = append(members[g], id)
		}
	}
	for i := range groups {
		f.group(fmt.Sprintf("g%05d", i), fmt.Sprintf("group%05d", i), members[i]...)
	}
	src := model.NewSource(model.SourceLDAP)
	src.Slug, src.Name = "corp", "Corporate directory"
	if _, err := st.CreateSource(b.Context(), storetest.Actor, src); err != nil {
		b.Fatal(err)
	}
	run := newRunner(st, f)
	sync := func(b *testing.B, a runner.Ask, want model.RunOutcome) model.SourceRun {
		b.Helper()
		a.Actor = storetest.Actor
		r, err := run.Sync(b.Context(), "corp", a)
		if err != nil || r.Outcome != want {
			b.Fatalf("%+v, %v", r, err)
		}
		return r
	}
	plan := sync(b, runner.Ask{Trigger: model.RunByHand}, model.RunDry)
	b.Run("first", func(b *testing.B) {
		if b.N == 1 {
			sync(b, runner.Ask{Trigger: model.RunByApproval, Approves: plan.ID}, model.RunApplied)
		}
	})
	b.Run("nothing", func(b *testing.B) {
		for b.Loop() {
			sync(b, runner.Ask{Trigger: model.RunByHand}, model.RunNothing)
		}
	})
	b.Run("hundredth", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			for i := 0; i < people; i += 100 {
				f.change(personID(i), func(p *model.SourcePerson) { p.LastName = fmt.Sprint("Changed", n) })
			}
			sync(b, runner.Ask{Trigger: model.RunByHand}, model.RunApplied)
		}
	})
}
