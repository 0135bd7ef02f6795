package store_test

import (
	"fmt"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

func pushed(id, name string, enabled bool) model.SourcePerson {
	return model.SourcePerson{StableID: id, Username: name, Email: name + "@example.com", Enabled: enabled, Says: model.SaysAll}
}

func TestAPushIsCarriedOutAtOnceOrWaits(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	ctx := t.Context()
	src := model.NewSource(model.SourceSCIM)
	src.Slug, src.Name, src.Status = "entra", "Entra ID", model.SourceDraft
	if _, err := st.CreateSource(ctx, storetest.Actor, src); err != nil {
		t.Fatal(err)
	}
	push := func(want model.SCIMOutcome, p store.Push) {
		t.Helper()
		var plan model.SourcePlan
		var r store.Pushed
		err := st.InTxAgain(ctx, func(tx *store.Store) (err error) {
			src := must(tx.Source(ctx, "entra"))
			if plan, err = tx.PlanPush(ctx, src, p); err == nil {
				r, err = tx.CarryOutPush(ctx, src, p, plan)
			}
			return err
		})
		if err != nil || r.Outcome != want {
			t.Fatalf("the push ended as %s, want %s; %v %+v", r.Outcome, want, err, plan)
		}
	}
	ana := store.Push{People: []model.SourcePerson{pushed("1", "ana", true)}}
	push(model.SCIMObserved, ana)
	if _, err := st.User(ctx, "ana"); err == nil {
		t.Error("a draft made a user")
	}
	if _, err := st.UpdateSource(ctx, storetest.Actor, "entra", 0, func(s *model.Source) error { s.Status = model.SourceLive; return nil }); err != nil {
		t.Fatal(err)
	}
	push(model.SCIMApplied, ana)
	push(model.SCIMNothing, ana)
	many := store.Push{}
	for i := range 20 {
		many.People = append(many.People, pushed(fmt.Sprint("m", i), fmt.Sprint("many", i), true))
	}
	push(model.SCIMApplied, many)
	push(model.SCIMApplied, store.Push{Groups: []store.PushedGroup{{ID: "g", Name: "staff", Whole: true, Members: []string{"1", "m1", "unknown"}}}})
	staff := func() int {
		t.Helper()
		all, _, err := st.Members(ctx, "staff", store.MemberQuery{})
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	if staff() != 2 {
		t.Errorf("staff has %d", staff())
	}
	if src := must(st.Source(ctx, "entra")); len(must(st.MirrorReading(ctx, src)).People) != 21 {
		t.Error("a push of a group took people out of the mirror")
	}
	// Whoever switches one after the other off is stopped at the limit.
	for i := range 6 {
		want := model.SCIMApplied
		if i == 5 {
			want = model.SCIMHeld
		}
		push(want, store.Push{People: []model.SourcePerson{pushed(fmt.Sprint("m", i), fmt.Sprint("many", i), false)}})
	}
	if u, err := st.User(ctx, "many4"); err != nil || u.Active || u.DeactivatedBy != "source:entra" {
		t.Errorf("%+v, %v", u, err)
	}
	if u, err := st.User(ctx, "many5"); err != nil || !u.Active {
		t.Errorf("%+v, %v", u, err)
	}
	// Taken away: without groups, and, by name, switched off; but that waits, too, now.
	push(model.SCIMApplied, store.Push{Groups: []store.PushedGroup{{ID: "g", Name: "staff", Whole: true, Deleted: true}}})
	if staff() != 0 {
		t.Errorf("staff has %d", staff())
	}
	push(model.SCIMHeld, store.Push{Gone: []string{"1"}})
	push(model.SCIMApplied, store.Push{People: []model.SourcePerson{pushed("new", "newcomer", true)}})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
