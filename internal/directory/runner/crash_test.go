package runner_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/directory/runner"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// A run that was left in the middle is gone on with by the next one, whoever begins it.
func TestARunLeftInTheMiddleIsFinished(t *testing.T) {
	t.Parallel()
	x := newSite(t, nil)
	x.fake.many(1200, 4)
	dry := x.sync(model.RunDry)
	ctx := t.Context()
	// A worker that plans, does one part, and is never heard of again.
	run, err := x.store.StartRun(ctx, "corp", store.RunStart{Trigger: model.RunByApproval, Actor: storetest.Actor, Approves: dry.ID, Worker: "gone"})
	if err != nil {
		t.Fatal(err)
	}
	x.exec("update sources set worker = ''")
	run = x.part(run)
	if run.Done == 0 || run.Done >= run.Changes {
		t.Fatalf("%d of %d are done", run.Done, run.Changes)
	}
	if _, err := x.run.Sync(ctx, "corp", runner.Ask{Trigger: model.RunByHand}); !errors.Is(err, store.ErrRunning) {
		t.Fatalf("a second run while the first is heard of: %v", err)
	}
	x.exec("update sources set alive_at = now() - interval '31 seconds'")
	if due, err := x.store.DueSources(ctx); err != nil || len(due) != 1 {
		t.Errorf("due are %v, %v", due, err)
	}
	done := x.ask(runner.Ask{Trigger: model.RunBySchedule}, model.RunApplied)
	if done.ID != run.ID || done.Done != done.Changes {
		t.Errorf("gone on with %+v", done)
	}
	if _, err := x.store.ApplyNext(ctx, run, "gone"); !errors.Is(err, store.ErrRunLost) {
		t.Errorf("the first worker came back: %v", err)
	}
	x.sync(model.RunNothing)
}

// part makes the plan of a run and carries out its first part, as its worker would.
func (x *site) part(run model.SourceRun) model.SourceRun {
	x.Helper()
	x.exec("update sources set worker = 'gone', alive_at = now()")
	after, err := x.run.PlanAndStep(x.Context(), run, "gone")
	if err != nil {
		x.Fatal(err)
	}
	return after
}

func (x *site) exec(sql string) {
	x.Helper()
	if _, err := x.store.Pool().Exec(x.Context(), sql); err != nil {
		x.Fatal(err)
	}
}

func TestTwoRunsAtOnce(t *testing.T) {
	t.Parallel()
	x := newSite(t, nil)
	x.fake.person("1", "ana")
	x.fake.wait, x.fake.reading = make(chan struct{}), make(chan struct{}, 1)
	first := make(chan error)
	go func() {
		_, err := x.run.Sync(t.Context(), "corp", runner.Ask{Trigger: model.RunByHand})
		first <- err
	}()
	<-x.fake.reading
	other := newRunner(x.store, newFake())
	if _, err := other.Sync(t.Context(), "corp", runner.Ask{Trigger: model.RunByHand}); !errors.Is(err, store.ErrRunning) {
		t.Errorf("another process ran it at the same time: %v", err)
	}
	close(x.fake.wait)
	if err := <-first; err != nil {
		t.Error(err)
	}
}

// A process that ends gives back what it works on, and the schedule of another goes on.
func TestTheScheduleStopsAndGoesOn(t *testing.T) {
	t.Parallel()
	x := newSite(t, nil)
	x.fake.person("1", "ana")
	x.live()
	x.exec("update sources set next_run_at = now()")
	x.fake.person("2", "bea")
	x.fake.wait, x.fake.reading = make(chan struct{}), make(chan struct{}, 1)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- x.run.Run(ctx) }()
	<-x.fake.reading
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	last, err := x.store.LastRuns(t.Context())
	if err != nil || last["corp"].Outcome != model.RunFailed || last["corp"].Reason != store.RunInterrupted {
		t.Errorf("the interrupted run is %+v, %v", last["corp"], err)
	}
	if src, err := x.store.Source(t.Context(), "corp"); err != nil || src.FailuresInRow != 0 {
		t.Errorf("to be ended counts as a failure of the source: %+v, %v", src, err)
	}
	x.fake.wait, x.fake.reading = nil, nil
	ctx, stop = context.WithCancel(t.Context())
	defer stop()
	other := newRunner(x.store, x.fake)
	go func() { ended <- other.Run(ctx) }()
	for {
		last, err := x.store.LastRuns(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if last["corp"].Outcome == model.RunApplied {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	x.user("bea")
}

// killed says how many times a process is killed in the middle of a run, and of how many people.
func killed() (times, people int) {
	if os.Getenv("POSTERN_DRILL") != "" {
		return 20, 10_000
	}
	return 4, 1500
}

// However often the process is killed in the middle of a run, the next one ends in the
// same state as a run that nobody disturbed.
func TestKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	if url := os.Getenv("POSTERN_TEST_RUN"); url != "" {
		runToBeKilled(t, url)
		return
	}
	times, people := killed()
	prepare := func() *site {
		x := newSite(t, func(s *model.Source) {
			s.Limits = model.SourceLimits{DeactivatePercent: 100, GroupPercent: 100, RenamePercent: 100}
		})
		x.live2(people)
		return x
	}
	x := prepare()
	began := time.Now()
	x.fake.turned(people)
	x.sync(model.RunApplied)
	took := time.Since(began)
	want := x.state()
	y := prepare()
	y.fake.turned(people)
	for range times {
		y.exec("update sources set alive_at = now() - interval '1 minute'")
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledInTheMiddle$", "-test.v") //nolint:gosec // this program
		child.Env = append(os.Environ(), "POSTERN_TEST_RUN="+y.store.Pool().Config().ConnString(), fmt.Sprintf("POSTERN_TEST_PEOPLE=%d", people))
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rand.Int64N(int64(2*took)/int64(times) + int64(took)/4)))
		_ = child.Process.Kill()
		_ = child.Wait()
	}
	y.exec("update sources set alive_at = now() - interval '1 minute'")
	run, err := y.run.Sync(t.Context(), "corp", runner.Ask{Trigger: model.RunByHand, Actor: storetest.Actor})
	if err != nil || run.Outcome != model.RunApplied && run.Outcome != model.RunNothing {
		t.Fatalf("%+v, %v", run, err)
	}
	if got := y.state(); got != want {
		t.Errorf("the state is another than after an undisturbed run:\n%.2000s\nwant\n%.2000s", got, want)
	}
	y.sync(model.RunNothing)
}

// live2 fills the source and makes it live.
func (x *site) live2(people int) {
	x.Helper()
	x.fake.many(people, 10)
	x.live()
}

// turned changes about everything: a third leaves, a third is renamed, as many come.
func (f *fake) turned(people int) {
	for i := range people {
		switch i % 3 {
		case 0:
			delete(f.people, personID(i))
		case 1:
			f.change(personID(i), func(p *model.SourcePerson) { p.Username = fmt.Sprintf("other%05d", i) })
		}
		if i%3 == 0 {
			f.person(personID(people+i), fmt.Sprintf("fresh%05d", i))
		}
	}
	for id, g := range f.groups {
		g.Members = append([]string{personID(people), personID(people + 3)}, g.Members[:len(g.Members)*2/3]...)
		f.groups[id] = g
	}
}

// runToBeKilled is the process that is killed: it runs the source once.
func runToBeKilled(t *testing.T, url string) {
	t.Helper()
	st, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	var people int
	if _, err := fmt.Sscan(os.Getenv("POSTERN_TEST_PEOPLE"), &people); err != nil {
		t.Fatal(err)
	}
	f := newFake().many(people, 10)
	f.turned(people)
	_, _ = newRunner(st, f).Sync(t.Context(), "corp", runner.Ask{Trigger: model.RunByHand, Actor: storetest.Actor})
}
