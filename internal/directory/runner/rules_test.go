package runner_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/provision"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// login lets somebody in through a connection, of whom AWS says that department and
// those groups; without any, it sends none.
func (x *site) login(c model.Connection, username, department string, groups ...string) model.Login {
	x.Helper()
	now := time.Now()
	p := model.Person{IdPEntityID: "idp", NameID: username, Username: username, Email: "said-by-aws@other.example",
		AWSGroups: groups, AWSGroupsSent: groups != nil, Attributes: map[string][]string{"department": {department}}}
	l := model.Login{ID: store.NewLoginID(), Connection: c.Slug, StartedAt: now, Outcome: model.OutcomePending, Username: username, Person: &p, NameID: username}
	l, _, err := x.store.CompleteLogin(x.Context(), store.Completion{Login: l, ConnectionID: c.ID, AssertionID: "_" + l.ID, AssertionExpires: now.Add(time.Hour),
		Person: p, Now: now, Decide: func(k model.Known) model.Decision {
			return provision.Decide(provision.Input{Connection: c.Slug, Config: c.Live.Config, Person: p, Known: k, Now: now})
		}})
	if err != nil || l.Refusal != nil {
		x.Fatalf("%s does not get in: %v %+v", username, err, l.Refusal)
	}
	return l
}

func (x *site) rule(c model.Connection, name string, kind model.RuleKind, attribute, value string, groups ...string) {
	x.Helper()
	r := model.Rule{Name: name, Connection: c.Slug, Kind: kind, Attribute: attribute, Value: value, Groups: groups}
	if _, err := x.store.CreateRule(x.Context(), storetest.Actor, r); err != nil {
		x.Fatal(err)
	}
}

// byRule are the memberships that rules give, with their rules.
func (x *site) byRule() string {
	x.Helper()
	var all []string
	for line := range strings.Lines(x.state()) {
		if strings.HasPrefix(line, "in ") && strings.Contains(line, " rule ") {
			all = append(all, strings.TrimSpace(line[len("in "):]))
		}
	}
	slices.Sort(all)
	return strings.Join(all, "; ")
}

// ruled is a live source with ana, bob and cyd, of whom ana and bob signed in through a
// connection; then rules were made.
func ruled(t *testing.T) (*site, model.Connection) {
	t.Helper()
	x := newSite(t, nil)
	c := storetest.LiveConnection(t, x.store, "aws", func(c *model.Config) { c.Provisioning = model.ProvisioningManual })
	for _, g := range []string{"all", "sales", "one"} {
		storetest.Group(t, x.store, g)
	}
	x.fake.person("a", "ana").person("b", "bob").person("c", "cyd")
	x.live()
	x.login(c, "ana", "Sales", "g-1")
	x.login(c, "bob", "Other")
	x.rule(c, "company", model.RuleEmailDomain, "", "example.com", "all")
	x.rule(c, "everybody", model.RuleAlways, "", "", "all")
	x.rule(c, "sellers", model.RuleAttribute, "department", "Sales", "sales")
	x.rule(c, "first", model.RuleAWSGroup, "", "g-1", "one")
	return x, c
}

// A run and a login make the same memberships: neither changes what the other made.
func TestARunAndALoginAgreeAboutRules(t *testing.T) {
	t.Parallel()
	x, c := ruled(t)
	const want = "all ana rule aws company, everybody; all bob rule aws company, everybody; one ana rule aws first; sales ana rule aws sellers"
	run := x.sync(model.RunApplied)
	if got := x.byRule(); got != want {
		t.Errorf("after a run\n%s\nwant\n%s", got, want)
	}
	if n := run.Counts; n.MembershipsAdded != 4 || n.ByRule != 4 {
		t.Errorf("counted %+v", n)
	}
	for _, l := range []model.Login{x.login(c, "ana", "Sales", "g-1"), x.login(c, "bob", "Other")} {
		for _, change := range l.Changes {
			if change.What != model.ChangeGroupKept {
				t.Errorf("the login of %s changes %+v", l.Username, change)
			}
		}
	}
	if got := x.byRule(); got != want {
		t.Errorf("after logins\n%s\nwant\n%s", got, want)
	}
	x.sync(model.RunNothing)
	x.login(c, "ana", "Other", "g-2")
	after := x.byRule()
	if x.sync(model.RunNothing); after == want || x.byRule() != after {
		t.Errorf("a login left\n%s\nand the run after it\n%s", after, x.byRule())
	}
}

// What a run did by rules is undone with it, and its next one is a dry run that shows it.
func TestRulesOfARunAreUndoneWithIt(t *testing.T) {
	t.Parallel()
	x, c := ruled(t)
	x.login(c, "bob", "Other") // has what rules give already
	if err := x.store.DeleteRule(t.Context(), storetest.Actor, "everybody"); err != nil {
		t.Fatal(err)
	}
	x.fake.change("b", func(p *model.SourcePerson) { p.Email = "bob@elsewhere.example" })
	before := x.state()
	run := x.sync(model.RunApplied)
	const want = "all ana rule aws company; one ana rule aws first; sales ana rule aws sellers"
	if got := x.byRule(); got != want {
		t.Fatalf("the run left\n%s\nwant\n%s", got, want)
	}
	if _, err := x.run.Undo(t.Context(), storetest.Actor, "corp", run.ID); err != nil {
		t.Fatal(err)
	}
	if got := withoutMirror(x.state()); got != withoutMirror(before) {
		t.Errorf("after the undo\n%s\nwant\n%s", got, withoutMirror(before))
	}
	dry := x.sync(model.RunDry)
	if dry.Counts != run.Counts {
		t.Errorf("the dry run plans %+v, the run did %+v", dry.Counts, run.Counts)
	}
	changes, _, err := x.store.RunChanges(t.Context(), dry.ID, store.ChangeQuery{Kind: model.SourceByRule})
	if err != nil || len(changes) != 4 || changes[0].Ref != "aws" || changes[0].Origin == "" {
		t.Errorf("shown: %+v, %v", changes, err)
	}
	x.login(c, "ana", "Sales", "g-1")
	x.approve(dry, model.RunDry) // the login was faster: another plan waits
	if got := x.byRule(); !strings.Contains(got, "all bob") || !strings.Contains(got, "sales ana") {
		t.Errorf("a dry run changed memberships: %s", got)
	}
}

// An undo leaves what a login made since.
func TestAnUndoLeavesWhatALoginGaveSince(t *testing.T) {
	t.Parallel()
	x, c := ruled(t)
	run := x.sync(model.RunApplied)
	x.login(c, "ana", "Other", "g-2")
	x.login(c, "ana", "Sales", "g-2")
	if _, err := x.run.Undo(t.Context(), storetest.Actor, "corp", run.ID); err != nil {
		t.Fatal(err)
	}
	if got := x.byRule(); got != "sales ana rule aws sellers" {
		t.Errorf("the undo left %s", got)
	}
}

// Who signs in while a run is under way has what the login decided: it knew more.
func TestALoginDuringARunDecides(t *testing.T) {
	t.Parallel()
	x, c := ruled(t)
	x.sync(model.RunApplied)
	if _, err := x.store.UpdateRule(t.Context(), storetest.Actor, "sellers", func(r *model.Rule) error { r.Value = "Other"; return nil }); err != nil {
		t.Fatal(err)
	}
	run, err := x.store.StartRun(t.Context(), "corp", store.RunStart{Trigger: model.RunByHand, Actor: storetest.Actor, Worker: "w"})
	if err != nil {
		t.Fatal(err)
	}
	plan := model.SourcePlan{Changes: []model.SourceChange{
		{Kind: model.SourceByRule, Ref: "aws", Group: "sales", Origin: "sellers", Removed: []string{x.user("ana").ID}},
		{Kind: model.SourceByRule, Ref: "aws", Group: "sales", Origin: "sellers", Added: []string{"b", "c"}},
		{Kind: model.SourceByRule, Ref: "aws", Group: "one", Origin: "never a rule", Added: []string{"b"}},
	}}
	reading := model.Reading{People: []model.SourcePerson{x.fake.people["a"], x.fake.people["b"], x.fake.people["c"]}}
	run, err = x.store.StorePlan(t.Context(), run, "w", store.RunPlan{Reading: reading, Plan: plan, Outcome: model.RunApplying})
	if err != nil {
		t.Fatal(err)
	}
	x.login(c, "ana", "Other")
	x.login(c, "bob", "Sales")
	want := x.byRule()
	for !run.Outcome.Over() {
		if run, err = x.store.ApplyNext(t.Context(), run, "w"); err != nil {
			t.Fatal(err)
		}
	}
	if got := x.byRule(); got != want || !strings.Contains(got, "sales ana") || strings.Contains(got, "sales bob") {
		t.Errorf("the run left\n%s\nthe logins\n%s", got, want)
	}
}

// A login that reads its person from the source decides about rules itself, in a moment.
func TestWhatALoginReadsLeavesRulesToTheLogin(t *testing.T) {
	t.Parallel()
	x, _ := ruled(t)
	asks := func(s *model.Source) error { s.LDAP.ReadAtLogin = true; return nil }
	if _, err := x.store.UpdateSource(t.Context(), storetest.Actor, "corp", 0, asks); err != nil {
		t.Fatal(err)
	}
	if checks := x.run.ReadAtLogin(t.Context(), "aws", model.Person{IdPEntityID: "idp", NameID: "ana", Username: "ana"}); len(checks) != 1 ||
		checks[0].State != model.CheckPassed {
		t.Fatalf("read: %+v", checks)
	}
	if got := x.byRule(); got != "" {
		t.Errorf("the reading gave %s", got)
	}
}

// A connection that is not live lets nobody in: its rules give and take nothing.
func TestRulesOfAConnectionThatIsNotLiveStandStill(t *testing.T) {
	t.Parallel()
	x, c := ruled(t)
	if err := x.store.SetStatus(t.Context(), storetest.Actor, c.Slug, model.StatusSuspended); err != nil {
		t.Fatal(err)
	}
	x.sync(model.RunNothing)
}
