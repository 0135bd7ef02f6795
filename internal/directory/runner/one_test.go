package runner_test

import (
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// A login reads its person alone, and does with them what a run would: over a limit
// nothing, and nothing either where the source cannot be read.
func TestALoginReadsItsPerson(t *testing.T) {
	t.Parallel()
	x := newSite(t, func(s *model.Source) { s.LDAP.ReadAtLogin = true })
	for _, name := range []string{"ana", "ben", "cem"} {
		x.fake.person("id-"+name, name)
	}
	x.fake.group("g", "staff", "id-ana", "id-ben")
	read := func(name string) string {
		t.Helper()
		checks := x.run.ReadAtLogin(t.Context(), "aws", model.Person{IdPEntityID: "idp", NameID: name, Username: name})
		if len(checks) != 1 {
			return ""
		}
		return string(checks[0].State) + ": " + checks[0].Note
	}
	if got := read("ana"); got != "" {
		t.Errorf("a draft was read: %s", got)
	}
	x.live()
	whole := x.state()
	if got := read("ana"); !strings.Contains(got, "says what is known here") || x.state() != whole {
		t.Errorf("nothing new: %s", got)
	}
	x.fake.change("id-ana", func(p *model.SourcePerson) { p.Email = "new@example.com" })
	x.fake.change("id-ben", func(p *model.SourcePerson) { p.Email = "also@example.com" })
	x.fake.mu.Lock()
	x.fake.groups["g"] = model.SourceGroup{StableID: "g", Name: "staff", Members: []string{"id-ben", "id-cem"}}
	x.fake.mu.Unlock()
	if got := read("ana"); !strings.Contains(got, "2 changes") || x.user("ana").Email != "new@example.com" || x.members("staff") != "ben/source" ||
		x.user("ben").Email == "also@example.com" {
		t.Errorf("one person: %s; staff has %s", got, x.members("staff"))
	}
	x.fake.change("id-ben", func(p *model.SourcePerson) { p.Enabled = false })
	if got := read("ben"); x.user("ben").Active || x.user("ben").DeactivatedBy != model.DeactivatedBySource("corp") {
		t.Errorf("who is disabled there: %s", got)
	}
	// One run after all has nothing to mend but what it alone can see.
	last, err := x.store.LastRuns(t.Context())
	if err != nil || last["corp"].Trigger == model.RunByLogin {
		t.Errorf("a login counts as the last run: %+v, %v", last["corp"], err)
	}
	x.sync(model.RunApplied)
	if x.members("staff") != "ben/source cem/source" {
		t.Errorf("after the run staff has %s", x.members("staff"))
	}
	limits := func(s *model.Source) error { s.Limits.DeactivateMin, s.Limits.DeactivatePercent = 0, 0; return nil }
	if _, err := x.store.UpdateSource(t.Context(), storetest.Actor, "corp", 0, limits); err != nil {
		t.Fatal(err)
	}
	x.fake.change("id-cem", func(p *model.SourcePerson) { p.Enabled = false })
	if got := read("cem"); !strings.Contains(got, "over a limit") || !x.user("cem").Active {
		t.Errorf("over the limit: %s", got)
	}
	if got := read("nobody"); !strings.Contains(got, "did not have the person") {
		t.Errorf("nobody: %s", got)
	}
	x.fake.mu.Lock()
	x.fake.err = &directory.ReadError{Reason: "unreachable", Detail: "Nobody answers."}
	x.fake.mu.Unlock()
	if got := read("ana"); got != "skipped: The login went on without: Nobody answers." {
		t.Errorf("a source that fails: %s", got)
	}
}
