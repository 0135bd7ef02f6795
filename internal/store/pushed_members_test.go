package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// Who is in a group that was pushed stands in one place, however large the group is.
// 0.1.0 finds it in the array of the mirror as soon as it begins a run.
func TestPushedMembersAreKeptOneByOne(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	ctx := t.Context()
	src := model.NewSource(model.SourceSCIM)
	src.Slug, src.Name, src.Status = "entra", "Entra ID", model.SourceLive
	src = must(st.CreateSource(ctx, storetest.Actor, src))
	resource := func(kind model.SCIMKind, name string) string {
		t.Helper()
		r := model.SCIMResource{Kind: kind, Name: name, Document: []byte("{}"), Folded: []byte("{}"), ModifiedAt: time.Now()}
		return must(st.PutSCIMResource(ctx, src.ID, r)).ID
	}
	ana, bob, staff := resource(model.SCIMUser, "ana"), resource(model.SCIMUser, "bob"), resource(model.SCIMGroup, "staff")
	push := func(p store.Push) {
		t.Helper()
		plan := must(st.PlanPush(ctx, src, p))
		if done := must(st.CarryOutPush(ctx, src, p, plan)); done.Outcome != model.SCIMApplied {
			t.Fatalf("the push ended as %+v", done)
		}
	}
	members := func(m model.SCIMMembers) {
		t.Helper()
		if _, _, err := st.ChangeSCIMMembers(ctx, src.ID, staff, m); err != nil {
			t.Fatal(err)
		}
		push(store.Push{Groups: []store.PushedGroup{{ID: staff, Name: "staff", Touched: append(slices.Clone(m.Add), m.Remove...), Members: m.Add}}})
	}
	in := func() []string { return must(st.MirrorReading(ctx, src)).Groups[0].Members }
	array := func() []string {
		t.Helper()
		return must(pgx.CollectExactlyOneRow(must(st.Pool().Query(ctx, "select members from source_groups")), pgx.RowTo[[]string]))
	}
	push(store.Push{People: []model.SourcePerson{pushed(ana, "ana", true), pushed(bob, "bob", true)}})
	push(store.Push{Groups: []store.PushedGroup{{ID: staff, Name: "staff", Whole: true}}})
	members(model.SCIMMembers{Add: []string{ana}})
	members(model.SCIMMembers{Add: []string{bob}})
	members(model.SCIMMembers{Remove: []string{ana}})
	if got := in(); !slices.Equal(got, []string{bob}) || len(array()) != 0 {
		t.Errorf("in the group are %v, and the array has %v", got, array())
	}
	for username, want := range map[string]int{"ana": 0, "bob": 1} {
		if d := must(st.PersonData(ctx, storetest.Actor, username)); len(d.Sources) != 1 || len(d.Sources[0].Groups) != want {
			t.Errorf("what is exported of %s: %+v", username, d.Sources)
		}
	}
	run := must(st.StartRun(ctx, "entra", store.RunStart{Trigger: model.RunByHand, Worker: "this version"}))
	if run.ID == 0 || len(array()) != 0 {
		t.Errorf("a run of this version wrote the array: %v", array())
	}
	if _, err := st.Pool().Exec(ctx, "update sources set worker = '0.1.0'"); err != nil {
		t.Fatal(err)
	}
	if got := array(); !slices.Equal(got, in()) {
		t.Errorf("0.1.0 reads %v in the array, want %v", got, in())
	}
}
