package warnings_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/directory/runner"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

// told is what a webhook got.
type told struct{ Key, Subject, Text, Link string }

// listening is a site that warns by a webhook. told are the notices since it was asked
// last.
func listening(t *testing.T) (s *webtest.Site, news func() []told) {
	t.Helper()
	s = webtest.NewSiteOn(t, storetest.OpenPool(t))
	s.SignInAs(model.RoleOwner)
	var mu sync.Mutex
	var got []told
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var n told
		if err := json.NewDecoder(r.Body).Decode(&n); err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		got = append(got, n)
	}))
	t.Cleanup(hook.Close)
	s.Post("/settings/warnings/webhook", url.Values{"webhook_url": {hook.URL}}).Want(t, http.StatusOK)
	return s, func() []told {
		if err := s.Warnings.Warn(t.Context()); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		defer mu.Unlock()
		all := got
		got = nil
		return all
	}
}

func TestASourceThatCannotBeReadIsToldOnce(t *testing.T) {
	t.Parallel()
	s, news := listening(t)
	s.SourceOf("corp", 6)
	run := func() int64 { return s.RunSource("corp", runner.Ask{Trigger: model.RunBySchedule}).ID }
	fail := func() int64 {
		s.Directories.Fail("corp", &directory.ReadError{Reason: "unreachable", Detail: "Nobody answers.", Remedy: "Look at the firewall."})
		run()
		run()
		if n := news(); len(n) != 0 {
			t.Fatalf("told after two failures: %+v", n)
		}
		return run()
	}
	last := fail()
	want := told{"source_failing/corp", "Corporate directory could not be read 3 times in a row",
		"Nobody answers. Nothing was changed: who has left is not known. Look at the firewall.", s.URL + paths.SourceRun("corp", last)}
	if n := news(); len(n) != 1 || n[0] != want {
		t.Fatalf("told %+v, want %+v", n, want)
	}
	run()
	if n := news(); len(n) != 0 {
		t.Errorf("told again: %+v", n)
	}
	s.Directories.Have("corp", webtest.ReadingOf(6))
	run()
	if n := news(); len(n) != 0 {
		t.Errorf("told of a good run: %+v", n)
	}
	fail()
	if n := news(); len(n) != 1 {
		t.Errorf("failing anew after a good run, it told %+v", n)
	}
}

func TestARunThatWaitsIsToldOncePerLimit(t *testing.T) {
	t.Parallel()
	s, news := listening(t)
	s.SourceOf("corp", 20)
	run := func(people int) model.SourceRun {
		s.Directories.Have("corp", webtest.ReadingOf(people))
		return s.RunSource("corp", runner.Ask{Trigger: model.RunBySchedule})
	}
	held := run(11)
	n := news()
	if len(n) != 1 || n[0].Subject != "A run of Corporate directory waits for a person" || n[0].Link != s.URL+paths.SourceRun("corp", held.ID) ||
		!strings.HasPrefix(n[0].Text, "It would deactivate 9 people of 20.") {
		t.Fatalf("run %+v: told %+v", held.Holds, n)
	}
	run(10)
	if n := news(); len(n) != 0 {
		t.Errorf("told again of a plan over the same limits: %+v", n)
	}
	empty := webtest.ReadingOf(10)
	empty.Groups[0].Members = nil
	s.Directories.Have("corp", empty)
	if r := s.RunSource("corp", runner.Ask{Trigger: model.RunBySchedule}); r.Outcome != model.RunHeld {
		t.Fatalf("it ended %s", r.Outcome)
	}
	if n := news(); len(n) != 1 {
		t.Errorf("over another limit, it told %+v", n)
	}
	run(20)
	if n := news(); len(n) != 0 {
		t.Errorf("nothing waits, and it told %+v", n)
	}
	held = run(10)
	if n := news(); len(n) != 1 {
		t.Errorf("waiting anew, it told %+v", n)
	}
	s.Post(paths.SourceRunAction("corp", held.ID, "reject"), nil).Want(t, http.StatusSeeOther)
	s.Post(paths.SourceAction("corp", "status"), url.Values{"status": {"paused"}}).Want(t, http.StatusSeeOther)
	if n := news(); len(n) != 0 {
		t.Errorf("paused, it told %+v", n)
	}
}

// Whoever has the token of a source that pushes and switches one person after another
// off is stopped at the limit, and the people who look after Postern are told at once.
func TestRow23AStolenTokenIsToldOf(t *testing.T) {
	t.Parallel()
	s, news := listening(t)
	src := model.NewSource(model.SourceSCIM)
	src.Slug, src.Name, src.Status = "entra", "Entra ID", model.SourceLive
	if _, err := s.Store.CreateSource(t.Context(), webtest.Tester, src); err != nil {
		t.Fatal(err)
	}
	token, _, err := s.Store.MakeSCIMToken(t.Context(), webtest.Tester, "entra", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path, body string) (answer struct{ ID string }) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, s.URL+"/scim/entra/v2"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || res.StatusCode >= 300 {
			t.Fatalf("%s %s: %d, %v", method, path, res.StatusCode, err)
		}
		return answer
	}
	var ids []string
	for i := range 10 {
		ids = append(ids, ask("POST", "/Users", fmt.Sprintf(`{"userName":"u%d","externalId":"%d"}`, i, i)).ID)
	}
	if n := news(); len(n) != 0 {
		t.Fatalf("told before: %+v", n)
	}
	for _, id := range ids {
		ask("PATCH", "/Users/"+id, `{"Operations":[{"op":"replace","path":"active","value":false}]}`)
	}
	if n := news(); len(n) != 1 || n[0].Subject != "A run of Entra ID waits for a person" || !strings.HasPrefix(n[0].Link, s.URL+"/sources/entra/runs/") {
		t.Errorf("told %+v", n)
	}
}
