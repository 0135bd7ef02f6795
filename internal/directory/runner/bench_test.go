package runner_test

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/directory/runner"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// What a company of 100,000 people with 1,000,000 memberships in 10,000 groups costs:
// the first run, one that changes nothing, one that changes a hundredth, and ones in
// which rules give everybody three groups, and then change nothing. Without the
// source's own time.
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
			defer measure(b)()
			sync(b, runner.Ask{Trigger: model.RunByApproval, Approves: plan.ID}, model.RunApplied)
		}
	})
	b.Run("nothing", func(b *testing.B) {
		defer measure(b)()
		for b.Loop() {
			sync(b, runner.Ask{Trigger: model.RunByHand}, model.RunNothing)
		}
	})
	b.Run("hundredth", func(b *testing.B) {
		defer measure(b)()
		for n := 0; b.Loop(); n++ {
			for i := 0; i < people; i += 100 {
				f.change(personID(i), func(p *model.SourcePerson) { p.LastName = fmt.Sprint("Changed", n) })
			}
			sync(b, runner.Ask{Trigger: model.RunByHand}, model.RunApplied)
		}
	})
	everybodySignedIn(b, st)
	b.Run("rules give", func(b *testing.B) {
		if b.N == 1 {
			defer measure(b)()
			sync(b, runner.Ask{Trigger: model.RunByHand}, model.RunApplied)
		}
	})
	b.Run("rules, nothing", func(b *testing.B) {
		defer measure(b)()
		for b.Loop() {
			sync(b, runner.Ask{Trigger: model.RunByHand}, model.RunNothing)
		}
	})
}

// everybodySignedIn has everybody signed in through a connection, and makes rules that
// give everybody something.
func everybodySignedIn(b *testing.B, st *store.Store) {
	b.Helper()
	c := storetest.LiveConnection(b, st, "aws", nil)
	_, err := st.Pool().Exec(b.Context(), `insert into identities (user_id, connection_id, idp_entity_id, name_id, last_login_at, last_person)
		select id, $1, 'idp', username, now() - interval '1 day', jsonb_build_object('AWSGroupsSent', true, 'AWSGroups', array['g-1', 'g' || id],
			'Attributes', jsonb_build_object('department', array['Sales'], 'other', array[repeat('x', 500)])) from users`, c.ID)
	if err != nil {
		b.Fatal(err)
	}
	for _, r := range []model.Rule{{Name: "domain", Kind: model.RuleEmailDomain, Value: "example.com"}, {Name: "group", Kind: model.RuleAWSGroup, Value: "g-1"},
		{Name: "attribute", Kind: model.RuleAttribute, Attribute: "department", Value: "Sales"}} {
		storetest.Group(b, st, "by "+r.Name)
		r.Connection, r.Groups = c.Slug, []string{"by " + r.Name}
		if _, err := st.CreateRule(b.Context(), storetest.Actor, r); err != nil {
			b.Fatal(err)
		}
	}
}

// measure reports the processor time that this process took since, and the most memory
// that it had meanwhile: with the source, which is in it too.
func measure(b *testing.B) (report func()) {
	b.Helper()
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // where it is not, the peak is that of the whole process
	before := processorTime(b)
	return func() {
		b.ReportMetric((processorTime(b)-before).Seconds()/float64(b.N), "cpu-s/op")
		if peak, ok := peakMemory(); ok {
			b.ReportMetric(float64(peak)/1024, "peak-MB")
		}
	}
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peakMemory is the most memory that the process had, in kB.
func peakMemory() (kb int, ok bool) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, false
	}
	_, rest, ok := strings.Cut(string(status), "VmHWM:")
	if ok {
		_, err = fmt.Sscan(rest, &kb)
	}
	return kb, ok && err == nil
}
