package runner_test

import (
	"testing"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/directory/runner"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
)

func TestTheFirstPlanWaitsAndAnApprovalMakesItReal(t *testing.T) {
	t.Parallel()
	x := newSite(t, nil)
	storetest.User(t, x.store, "Bea") // was here before
	x.fake.person("1", "ana").person("2", "bea").group("g", "staff", "1", "2")
	before := x.user("bea")
	dry := x.sync(model.RunDry)
	if dry.Counts.Created != 1 || dry.Counts.Updated != 1 || dry.Counts.MembershipsAdded != 2 {
		t.Fatalf("the plan counts %+v", dry.Counts)
	}
	if _, err := x.store.User(t.Context(), "ana"); err == nil || x.user("bea") != before {
		t.Fatal("a dry run changed something")
	}
	done := x.approve(dry, model.RunApplied)
	ana, bea := x.user("ana"), x.user("bea")
	if ana.Home != "corp" || ana.Source != model.UserSynced || !ana.Active || ana.DisplayName != "Ana Example" ||
		bea.Home != "corp" || bea.Source != model.UserManual {
		t.Errorf("made %+v, took over %+v", ana, bea)
	}
	if got := x.members("staff"); got != "ana/source bea/source" {
		t.Errorf("staff has %s", got)
	}
	src, err := x.store.Source(t.Context(), "corp")
	if err != nil || src.Status != model.SourceLive || src.ApprovedFor != src.Reading() || src.NextRunAt.IsZero() || src.LastGoodAt.IsZero() {
		t.Errorf("the source is %+v, %v", src, err)
	}
	again, err := x.store.SourceRun(t.Context(), "corp", dry.ID)
	if err != nil || again.Outcome != model.RunSuperseded || again.DecidedBy != storetest.Actor.Name {
		t.Errorf("the approved run is %+v, %v", again, err)
	}
	if done.Done != done.Changes || done.Counts != dry.Counts || done.Server != "fake" || len(done.Remarks) != 1 {
		t.Errorf("the run is %+v", done)
	}
	x.sync(model.RunNothing)
}

func TestAnApprovalOfWhatIsOtherwiseByNowWaits(t *testing.T) {
	t.Parallel()
	x := newSite(t, nil)
	x.fake.person("1", "ana")
	dry := x.sync(model.RunDry)
	x.fake.person("2", "bea")
	again := x.approve(dry, model.RunDry)
	if again.Detail == "" || again.Counts.Created != 2 {
		t.Errorf("the new plan is %+v", again)
	}
	if _, err := x.run.Sync(t.Context(), "corp", runner.Ask{Trigger: model.RunByApproval, Approves: dry.ID}); err == nil {
		t.Error("the old plan can still be approved")
	}
	x.approve(again, model.RunApplied)
}

func TestChangesOfLaterRuns(t *testing.T) {
	t.Parallel()
	x := newSite(t, nil)
	x.fake.many(20, 2).person("a", "ana").person("b", "bob").group("g", "staff", "a", "b")
	x.live()
	epoch := x.user("bob").SessionEpoch
	x.fake.change("a", func(p *model.SourcePerson) { p.Username, p.Email = "anna", "anna@example.com" })
	x.fake.change("b", func(p *model.SourcePerson) { p.Enabled, p.Why = false, "userAccountControl 514" })
	delete(x.fake.people, "p00003")
	x.fake.group("g", "staff", "b", "p00001")
	run := x.sync(model.RunApplied)
	if run.Counts.Renamed != 1 || run.Counts.Deactivated != 2 || run.Counts.MembershipsAdded != 1 || run.Counts.MembershipsRemoved != 1 {
		t.Errorf("counts %+v", run.Counts)
	}
	if bob := x.user("bob"); bob.Active || bob.DeactivatedBy != "source:corp" || bob.SessionEpoch != epoch+1 {
		t.Errorf("bob is %+v", bob)
	}
	if x.user("anna").Email != "anna@example.com" || x.user("user00003").Active || x.members("staff") != "bob/source user00001/source" {
		t.Errorf("anna %+v, user00003 %+v, staff %s", x.user("anna"), x.user("user00003"), x.members("staff"))
	}
	x.fake.change("b", func(p *model.SourcePerson) { p.Enabled = true }).person("p00003", "user00003")
	if run := x.sync(model.RunApplied); run.Counts.Reactivated != 2 || !x.user("bob").Active || x.user("bob").DeactivatedBy != "" {
		t.Errorf("back again: %+v", run.Counts)
	}
	x.sync(model.RunNothing)
}

// Whoever takes a name that another gives up in the same run gets it, in whatever
// order they come.
func TestNamesThatGoFromOneToAnother(t *testing.T) {
	t.Parallel()
	x := newSite(t, func(s *model.Source) { s.Limits.RenameMin = 10 })
	x.fake.person("1", "a").person("2", "b").person("3", "c")
	x.live()
	ids := map[string]string{"b": x.user("a").ID, "c": x.user("b").ID, "d": x.user("c").ID}
	x.fake.person("1", "b").person("2", "c").person("3", "d").person("4", "a")
	if run := x.sync(model.RunApplied); run.Counts.Renamed != 3 || run.Counts.Created != 1 {
		t.Errorf("counts %+v", run.Counts)
	}
	for name, id := range ids {
		if x.user(name).ID != id {
			t.Errorf("%s is %s, want %s", name, x.user(name).ID, id)
		}
	}
	x.sync(model.RunNothing)
}

func TestWhatCannotBeReadChangesNothing(t *testing.T) {
	t.Parallel()
	x := newSite(t, nil)
	x.fake.many(30, 2)
	x.live()
	state := x.state()
	x.fake.people = map[string]model.SourcePerson{}
	if run := x.sync(model.RunFailed); run.Reason != "empty_result" || run.Detail == "" {
		t.Errorf("an empty answer: %+v", run)
	}
	x.fake.many(3, 1)
	x.fake.err = &directory.ReadError{Reason: "size_limit", Detail: "The answer was cut off.", Remedy: "Raise the limit.", Incomplete: true}
	if run := x.sync(model.RunIncomplete); run.Reason != "size_limit" || run.Remedy != "Raise the limit." {
		t.Errorf("cut off: %+v", run)
	}
	x.fake.err = &directory.ReadError{Reason: "refused", Detail: "Nobody answers."}
	x.sync(model.RunFailed)
	if got := x.state(); got != state {
		t.Errorf("something changed:\n%s\nwas\n%s", got, state)
	}
	if src, err := x.store.Source(t.Context(), "corp"); err != nil || src.FailuresInRow != 3 {
		t.Errorf("%d failures in a row, %v", src.FailuresInRow, err)
	}
	x.fake.err = nil
	x.fake.many(30, 2)
	x.sync(model.RunNothing)
	if src, err := x.store.Source(t.Context(), "corp"); err != nil || src.FailuresInRow != 0 {
		t.Errorf("%d failures in a row, %v", src.FailuresInRow, err)
	}
}

func TestAHeldPlanWaitsForAPerson(t *testing.T) {
	t.Parallel()
	x := newSite(t, nil)
	x.fake.many(50, 1)
	x.live()
	for i := range 10 {
		delete(x.fake.people, personID(i))
	}
	held := x.sync(model.RunHeld)
	if len(held.Holds) == 0 || held.Holds[0].Kind != model.HoldDeactivations || held.Holds[0].Would != 10 {
		t.Errorf("held by %+v", held.Holds)
	}
	if !x.user("user00003").Active {
		t.Error("it was carried out")
	}
	if err := x.store.RejectRun(t.Context(), storetest.Actor, "corp", held.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := x.run.Sync(t.Context(), "corp", runner.Ask{Trigger: model.RunByApproval, Approves: held.ID}); err == nil {
		t.Error("a rejected plan can be approved")
	}
	x.approve(x.sync(model.RunHeld), model.RunApplied)
	if x.user("user00003").Active {
		t.Error("it was not carried out")
	}
	// What a person approved does not count; what they did not, does, over many small runs.
	for i := 10; i < 15; i++ {
		delete(x.fake.people, personID(i))
	}
	x.sync(model.RunApplied)
	delete(x.fake.people, personID(15))
	if held := x.sync(model.RunHeld); held.Holds[0].Before != 5 {
		t.Errorf("held by %+v", held.Holds)
	}
}
