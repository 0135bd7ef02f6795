package scim_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// user is a user of ours, who must be there.
func (s *site) user(username string) model.User {
	s.t.Helper()
	u, err := s.store.User(context.Background(), username)
	if err != nil {
		s.t.Fatalf("%s: %v", username, err)
	}
	return u
}

func (s *site) nobody(username string) {
	s.t.Helper()
	if u, err := s.store.User(context.Background(), username); err == nil {
		s.t.Errorf("%s is there: %+v", username, u)
	}
}

// groupsOf are the groups that a user is in, and by whom.
func (s *site) groupsOf(username string) string {
	s.t.Helper()
	all, err := s.store.UserMemberships(context.Background(), s.user(username).ID)
	s.must(err)
	var names []string
	for _, m := range all {
		names = append(names, m.Group+" by "+string(m.Source))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// lines are the newest requests of the source that were to change something.
func (s *site) lines(n int) []model.SCIMRequest {
	s.t.Helper()
	all, _, err := s.store.SCIMRequests(context.Background(), s.slug, store.SCIMRequestQuery{Changes: true, Page: store.Page{Limit: n}})
	s.must(err)
	return all
}

// last checks what came of the newest request that was to change something.
func (s *site) last(outcome model.SCIMOutcome, says string) model.SCIMRequest {
	s.t.Helper()
	got := s.lines(1)[0]
	if text := got.Line + "\n" + strings.Join(got.Details, "\n"); got.Outcome != outcome || !strings.Contains(text, says) {
		s.t.Errorf("the newest line is %s, want %s with %q:\n%s", got.Outcome, outcome, says, text)
	}
	return got
}

func (s *site) setStatus(status model.SourceStatus) {
	s.t.Helper()
	_, err := s.store.UpdateSource(context.Background(), tester, s.slug, 0, func(src *model.Source) error { src.Status = status; return nil })
	s.must(err)
}

// make pushes people.
func (s *site) make(names ...string) {
	s.t.Helper()
	for _, n := range names {
		s.run([]step{{why: "make", method: "POST", path: "/Users", status: 201, is: n,
			body: fmt.Sprintf(`{"userName":"%s","externalId":"x-%s","active":true,"emails":[{"value":"%s@example.com","primary":true}]}`, n, n, n)}})
	}
}

func patch(ops string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + ops + `]}`
}

// What is pushed to a live source is so here at once, with a run that says so.
func TestPushTakesEffect(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.OpenPool(t), nil)
	s.run(entraCreates()[3:4])
	if u := s.user("ana@example.com"); u.Email != "ana@example.com" || u.FirstName != "Ana" || u.LastName != "Ito" || !u.Active || u.Home != "entra" {
		t.Errorf("made %+v", u)
	}
	got := s.last(model.SCIMApplied, "The user Ana@example.com is made")
	if got.Status != 201 || got.Path != "/Users" || got.Name != "Ana@example.com" || got.ResourceID != s.ids["ana"] || got.RemoteAddr != "192.0.2.7" {
		t.Errorf("its line: %+v", got)
	}
	run, err := s.store.SourceRun(t.Context(), s.slug, got.Run)
	if err != nil || run.Trigger != model.RunByPush || run.Outcome != model.RunApplied || run.Counts.Created != 1 || run.Changes != 1 || run.Done != 1 {
		t.Errorf("its run: %+v, %v", run, err)
	}
	s.run([]step{{why: "a group", method: "POST", path: "/Groups", status: 201, is: "staff", body: `{"displayName":"Staff","members":[{"value":"{ana}"}]}`}})
	if got := s.groupsOf("ana@example.com"); got != "Staff by source" {
		t.Errorf("she is in %s", got)
	}
	s.run([]step{{why: "rename her", method: "PATCH", path: "/Users/{ana}", status: 200,
		body: patch(`{"op":"Replace","path":"userName","value":"ana.ito"},{"op":"Replace","path":"emails[type eq \"work\"].value","value":"ito@example.com"}`)}})
	s.last(model.SCIMApplied, "The user Ana@example.com is renamed (username, email)")
	if u := s.user("ana.ito"); u.Email != "ito@example.com" {
		t.Errorf("renamed %+v", u)
	}
	s.run([]step{{why: "disable her", method: "PATCH", path: "/Users/{ana}", status: 200, body: patch(`{"op":"Replace","path":"active","value":"False"}`)}})
	s.last(model.SCIMApplied, "is deactivated")
	if u := s.user("ana.ito"); u.Active || u.DeactivatedBy != model.DeactivatedBySource("entra") || s.groupsOf("ana.ito") != "Staff by source" {
		t.Errorf("disabled %+v in %s", u, s.groupsOf("ana.ito"))
	}
	s.run([]step{{why: "the same again", method: "PATCH", path: "/Users/{ana}", status: 200, body: patch(`{"op":"Replace","path":"active","value":"False"}`)}})
	s.last(model.SCIMNothing, "Asked to change ana.ito")
	s.run([]step{{why: "enable her", method: "PATCH", path: "/Users/{ana}", status: 200, body: patch(`{"op":"Replace","path":"active","value":true}`)}})
	if u := s.user("ana.ito"); !u.Active {
		t.Errorf("enabled %+v", u)
	}
	s.run([]step{{why: "rename the group", method: "PATCH", path: "/Groups/{staff}", status: 204,
		body: patch(`{"op":"replace","path":"displayName","value":"Everybody"}`)}})
	if got := s.groupsOf("ana.ito"); got != "Everybody by source" {
		t.Errorf("after the group was renamed she is in %s", got)
	}
	s.run([]step{{why: "delete her", method: "DELETE", path: "/Users/{ana}", status: 204}})
	s.last(model.SCIMApplied, "because the source removed the person")
	if u := s.user("ana.ito"); u.Active || s.groupsOf("ana.ito") != "Everybody by source" {
		t.Errorf("deleted %+v in %s", u, s.groupsOf("ana.ito"))
	}
	s.run([]step{{why: "back", method: "POST", path: "/Users", status: 201, want: `{"id":"{ana}"}`,
		body: `{"userName":"ana.ito","externalId":"0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"}`}})
	if u := s.user("ana.ito"); !u.Active {
		t.Errorf("back %+v", u)
	}
	s.run([]step{
		{why: "delete her again", method: "DELETE", path: "/Users/{ana}", status: 204},
		{why: "delete the group", method: "DELETE", path: "/Groups/{staff}", status: 204},
	})
	s.last(model.SCIMApplied, "because the source removed the group")
	if got := s.groupsOf("ana.ito"); got != "" {
		t.Errorf("after the group was deleted she is in %s", got)
	}
}

// A member who becomes a user only later is in the groups then.
func TestMembersWhoAreNobodyYet(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.run([]step{
		{why: "inactive", method: "POST", path: "/Users", status: 201, is: "ana", body: `{"userName":"ana","externalId":"1","active":false}`},
		{why: "her group", method: "POST", path: "/Groups", status: 201, is: "staff", body: `{"displayName":"Staff","members":[{"value":"{ana}"}]}`},
	})
	s.nobody("ana")
	s.run([]step{{why: "active", method: "PATCH", path: "/Users/{ana}", status: 200, body: patch(`{"op":"replace","path":"active","value":true}`)}})
	if got := s.groupsOf("ana"); got != "Staff by source" {
		t.Errorf("she is in %q", got)
	}
}

// A source that is not live answers and keeps all, and does nothing; each line says
// what would have been done.
func TestObservedOnly(t *testing.T) {
	t.Parallel()
	for _, status := range []model.SourceStatus{model.SourceDraft, model.SourcePaused} {
		s := newSite(t, storetest.OpenPool(t), func(src *model.Source) { src.Status = status })
		s.make("ana", "bob")
		s.run([]step{{why: "a group", method: "POST", path: "/Groups", status: 201, is: "staff", body: `{"displayName":"Staff","members":[{"value":"{ana}"}]}`}})
		s.last(model.SCIMObserved, "The group Staff is made")
		s.nobody("ana")
		if _, err := s.store.Group(t.Context(), "Staff"); err == nil {
			t.Error("the group is there")
		}
		if run := s.lines(3)[2]; run.Run != 0 || run.Outcome != model.SCIMObserved || !strings.Contains(strings.Join(run.Details, " "), "The user ana is made") {
			t.Errorf("%s: %+v", status, run)
		}
		src, err := s.store.Source(t.Context(), s.slug)
		s.must(err)
		in, err := s.store.PushedInput(t.Context(), src)
		reading, gone := in.Reading, in.Gone
		if err != nil || len(reading.People) != 2 || len(reading.Groups) != 1 || !slices.Equal(reading.Groups[0].Members, []string{s.ids["ana"]}) || len(gone) != 0 {
			t.Errorf("the mirror has %+v, %v, %v", reading, gone, err)
		}
		s.setStatus(model.SourceLive)
		if src, err = s.store.Source(t.Context(), s.slug); err != nil || src.NextRunAt.IsZero() {
			t.Errorf("what was kept is not carried out when the source becomes live: %v, %v", src.NextRunAt, err)
		}
	}
}

// A user who has another owner keeps the name: the client is told, nothing is kept,
// and the line says whom to ask.
func TestAnotherOwnersUsername(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.OpenPool(t), func(src *model.Source) { src.AdoptExisting = false })
	storetest.User(t, s.store, "ana")
	s.run([]step{
		{why: "hers", method: "POST", path: "/Users", status: 409, want: `{"scimType":"uniqueness","status":"409"}`, body: `{"userName":"Ana","externalId":"1"}`},
		{why: "not kept", method: "GET", path: `/Users?filter=userName eq "ana"`, status: 200, want: `{"totalResults":0}`},
	})
	s.last(model.SCIMConflict, "takes over nobody")
	s.make("bob")
	s.run([]step{
		{why: "a rename to hers", method: "PATCH", path: "/Users/{bob}", status: 409,
			body: patch(`{"op":"replace","path":"displayName","value":"B"},{"op":"replace","path":"userName","value":"ANA"}`)},
		{why: "nothing of it", method: "GET", path: "/Users/{bob}", status: 200, want: `{"userName":"bob"}`, absent: "displayName"},
	})
	if got := s.last(model.SCIMConflict, "Asked to change bob"); got.Run != 0 {
		t.Errorf("a run for nothing: %+v", got)
	}
	if u := s.user("ana"); u.Home != "" || !u.Active {
		t.Errorf("she is %+v", u)
	}
	_, err := s.store.UpdateSource(t.Context(), tester, s.slug, 0, func(src *model.Source) error { src.AdoptExisting = true; return nil })
	s.must(err)
	s.run([]step{{why: "taken over", method: "POST", path: "/Users", status: 201, body: `{"userName":"Ana","externalId":"1"}`}})
	s.last(model.SCIMApplied, "is taken to be this person")
	if u := s.user("ana"); u.Home != "entra" {
		t.Errorf("taken over %+v", u)
	}
}

// Somebody else under a username that was another's is no way to that one's user.
func TestUsedUsername(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.OpenPool(t), nil)
	s.make("ana")
	s.run([]step{
		{why: "gone", method: "DELETE", path: "/Users/{ana}", status: 204},
		{why: "somebody else", method: "POST", path: "/Users", status: 409, want: `{"scimType":"uniqueness"}`, body: `{"userName":"ana","externalId":"y"}`},
	})
	if u := s.user("ana"); u.Active {
		t.Errorf("she is %+v", u)
	}
	s.now = s.now.Add(store.SCIMLinkKept + time.Minute)
	if _, err := s.store.Sweep(t.Context(), s.now, store.Retention{}); err != nil {
		t.Fatal(err)
	}
	s.run([]step{{why: "and later", method: "POST", path: "/Users", status: 409, body: `{"userName":"ana","externalId":"y"}`}})
	s.last(model.SCIMConflict, "belongs to the source entra")
}
