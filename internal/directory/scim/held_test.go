package scim_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/postern-sso/postern/internal/directory/runner"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// sync runs the source as the schedule does, or a person who approves.
func (s *site) sync(ask runner.Ask, want model.RunOutcome) model.SourceRun {
	s.t.Helper()
	run, err := runner.New(s.store, nil, nil, slog.New(slog.DiscardHandler)).Sync(s.t.Context(), s.slug, ask)
	if err != nil || run.Outcome != want {
		s.t.Fatalf("the run ended as %s (%s), want %s: %v", run.Outcome, run.Detail, want, err)
	}
	return run
}

// What was kept while the source was no more than looked at takes effect when it
// becomes live, without another request.
func TestWhatWasObservedTakesEffect(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.OpenPool(t), func(src *model.Source) { src.Status = model.SourceDraft })
	s.make("ana", "bob")
	s.run([]step{
		{why: "a group", method: "POST", path: "/Groups", status: 201, is: "staff", body: `{"displayName":"Staff","members":[{"value":"{ana}"}]}`},
		{why: "gone before", method: "DELETE", path: "/Users/{bob}", status: 204},
	})
	s.sync(runner.Ask{Trigger: model.RunByHand, Actor: tester}, model.RunDry)
	s.setStatus(model.SourceLive)
	run := s.sync(runner.Ask{Trigger: model.RunBySchedule}, model.RunApplied)
	if run.Counts.Created != 1 || s.groupsOf("ana") != "Staff by source" {
		t.Errorf("made %+v; she is in %s", run.Counts, s.groupsOf("ana"))
	}
	s.nobody("bob")
	s.sync(runner.Ask{Trigger: model.RunBySchedule}, model.RunNothing)
	s.run([]step{{why: "still there", method: "GET", path: "/Users/{ana}", status: 200, want: `{"groups":[{"value":"{staff}"}]}`}})
}

// What waits at a limit is carried out by an approval, from what was pushed: all of it,
// also what came after the plan was first made, and nothing that was taken back since.
func TestAnApprovalCarriesOutWhatWaits(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.OpenPool(t), nil)
	var names []string
	for i := range 12 {
		names = append(names, fmt.Sprintf("u%02d", i))
	}
	s.make(names...)
	active := func(name string, on bool) {
		t.Helper()
		s.run([]step{{why: name, method: "PATCH", path: "/Users/{" + name + "}", status: 200,
			body: patch(fmt.Sprintf(`{"op":"replace","path":"active","value":%v}`, on))}})
	}
	for _, n := range names[:8] {
		active(n, false)
	}
	s.run([]step{{why: "deleted", method: "DELETE", path: "/Users/{u08}", status: 204}})
	s.last(model.SCIMHeld, "waits for a person")
	active("u07", true) // was never switched off here
	for _, n := range names[5:9] {
		if !s.user(n).Active {
			t.Fatalf("%s was switched off without a person", n)
		}
	}
	held := s.sync(runner.Ask{Trigger: model.RunBySchedule}, model.RunHeld) // what came since is planned anew
	if held.Counts.Deactivated != 3 {
		t.Errorf("waiting: %+v", held.Counts)
	}
	run := s.sync(runner.Ask{Trigger: model.RunByApproval, Actor: tester, Approves: held.ID}, model.RunApplied)
	if run.Counts.Deactivated != 3 {
		t.Errorf("carried out: %+v", run.Counts)
	}
	for i, n := range names {
		if want := i == 7 || i > 8; s.user(n).Active != want {
			t.Errorf("%s is active: %v", n, !want)
		}
	}
	s.make("late")
	s.last(model.SCIMApplied, "The user late is made")
}

// A group that is emptied, or loses more than its share, waits; one member who leaves
// a large group does not.
func TestAGroupThatShrinksWaits(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.OpenPool(t), nil)
	var values []string
	for i := range 20 {
		name := fmt.Sprintf("u%02d", i)
		s.make(name)
		values = append(values, `{"value":"{`+name+`}"}`)
	}
	s.run([]step{{why: "a group", method: "POST", path: "/Groups", status: 201, is: "staff",
		body: `{"displayName":"Staff","members":[` + strings.Join(values, ",") + `]}`}})
	for i, name := range []string{"u00", "u01", "u02", "u03", "u04"} {
		s.run([]step{{why: "one leaves", method: "PATCH", path: "/Groups/{staff}", status: 204,
			body: patch(`{"op":"remove","path":"members[value eq \"{` + name + `}\"]"}`)}})
		if i < 4 {
			s.last(model.SCIMApplied, "loses 1")
		} else {
			s.last(model.SCIMHeld, "loses 1")
		}
	}
	s.run([]step{
		{why: "all leave", method: "PATCH", path: "/Groups/{staff}", status: 204, body: patch(`{"op":"replace","path":"members","value":[]}`)},
		{why: "as it was sent", method: "GET", path: "/Groups/{staff}", status: 200, want: `{"members":[]}`},
	})
	s.last(model.SCIMHeld, "waits for a person")
	if s.groupsOf("u00") != "" || s.groupsOf("u05") != "Staff by source" {
		t.Errorf("who left is in %q, who stays in %q", s.groupsOf("u00"), s.groupsOf("u05"))
	}
	s.run([]step{{why: "the group goes", method: "DELETE", path: "/Groups/{staff}", status: 204}})
	s.last(model.SCIMHeld, "waits for a person")
	held := s.sync(runner.Ask{Trigger: model.RunBySchedule}, model.RunHeld)
	if s.groupsOf("u05") != "Staff by source" {
		t.Errorf("she is in %q", s.groupsOf("u05"))
	}
	s.sync(runner.Ask{Trigger: model.RunByApproval, Actor: tester, Approves: held.ID}, model.RunApplied)
	if s.groupsOf("u05") != "" {
		t.Errorf("after the approval she is in %q", s.groupsOf("u05"))
	}
	s.sync(runner.Ask{Trigger: model.RunBySchedule}, model.RunNothing)
}

// Requests at once are carried out one after the other, each whole.
func TestRequestsAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.OpenPool(t), nil)
	s.run([]step{{why: "a group", method: "POST", path: "/Groups", status: 201, is: "staff", body: `{"displayName":"Staff"}`}})
	var wg sync.WaitGroup
	statuses := make([]int, 24)
	for i := range statuses {
		wg.Go(func() { // every name twice, once with another id
			made := s.ask("POST", "/Users", fmt.Sprintf(`{"userName":"u%d","externalId":"x%d"}`, i/2, i))
			if statuses[i] = made.status; made.status == http.StatusCreated {
				id, _ := made.body["id"].(string)
				if got := s.ask("PATCH", "/Groups/{staff}", patch(`{"op":"add","path":"members","value":[{"value":"`+id+`"}]}`)); got.status != 204 {
					t.Errorf("a member: %d %s", got.status, got.text)
				}
			}
		})
	}
	wg.Wait()
	for i := 0; i < len(statuses); i += 2 {
		if a, b := statuses[i], statuses[i+1]; a+b != 201+409 {
			t.Errorf("u%d: %d and %d", i/2, a, b)
		}
		if got := s.groupsOf(fmt.Sprint("u", i/2)); got != "Staff by source" {
			t.Errorf("u%d is in %q", i/2, got)
		}
	}
	if got := s.ask("GET", "/Groups/{staff}", ""); len(got.body["members"].([]any)) != len(statuses)/2 {
		t.Errorf("members: %s", got.text)
	}
}

// A push that was carried out can be taken back like any run.
func TestAPushIsUndone(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.OpenPool(t), nil)
	s.make("ana")
	s.run([]step{{why: "off", method: "PATCH", path: "/Users/{ana}", status: 200, body: patch(`{"op":"replace","path":"active","value":false}`)}})
	run := s.lines(1)[0].Run
	_, err := runner.New(s.store, nil, nil, slog.New(slog.DiscardHandler)).Undo(t.Context(), tester, s.slug, run)
	if err != nil || !s.user("ana").Active {
		t.Errorf("taken back: %+v, %v", s.user("ana"), err)
	}
}
