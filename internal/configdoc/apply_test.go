package configdoc_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/configdoc"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var actor = model.Actor{Name: "config apply"}

// apply applies a document and returns the lines of what it did.
func apply(t *testing.T, st *store.Store, document string) []string {
	t.Helper()
	changes, err := mustParse(t, document).Apply(t.Context(), st, actor)
	if err != nil {
		t.Fatalf("apply: %v", err)
	}
	var lines []string
	for _, c := range changes {
		lines = append(lines, c.String())
	}
	return lines
}

func read(t *testing.T, st *store.Store) configdoc.State {
	t.Helper()
	s, err := configdoc.Read(t.Context(), st)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFullDocumentComesBack(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	document := readFile(t, "full.yaml")
	if got := apply(t, st, document); len(got) != 12 {
		t.Errorf("apply did:\n%s", strings.Join(got, "\n"))
	}
	s := read(t, st)
	if got := planned(t, document, s); len(got) != 0 {
		t.Errorf("the document still plans:\n%s", strings.Join(got, "\n"))
	}
	exported, err := configdoc.Export(s)
	if err != nil {
		t.Fatal(err)
	}
	if got := apply(t, st, string(exported)); len(got) != 0 {
		t.Errorf("the export changes:\n%s", strings.Join(got, "\n"))
	}
	other := storetest.OpenPool(t)
	apply(t, other, string(exported))
	again, err := configdoc.Export(read(t, other))
	if err != nil || string(again) != string(exported) {
		t.Errorf("exported from the copy (%v):\n%s\nfrom the original:\n%s", err, again, exported)
	}
}

func TestGoingLiveUntestedIsAudited(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	apply(t, st, readFile(t, "full.yaml"))
	entries, _, err := st.Audit(t.Context(), store.AuditQuery{Action: "connection.go_live"})
	if err != nil || len(entries) != 1 || entries[0].Actor != actor.Name || !strings.Contains(entries[0].Note, "without a tested login") {
		t.Errorf("audit = %+v, %v", entries, err)
	}
}

func TestChangedLiveConnectionGetsANewRevision(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	apply(t, st, readFile(t, "full.yaml"))
	draft := editDraft(t, st, "aws", "Being edited")
	want := []string{"connection aws: clock_skew 3m → 2m"}
	if got := apply(t, st, "version: 1\nconnections: [{slug: aws, clock_skew: 2m}]\n"); !slices.Equal(got, want) {
		t.Errorf("apply did %q", got)
	}
	c, err := st.Connection(t.Context(), "aws")
	if err != nil {
		t.Fatal(err)
	}
	if c.Status != model.StatusLive || c.Live.Number == 1 || c.Live.Config.ClockSkew.Minutes() != 2 || c.Live.Config.Name != "AWS IAM Identity Center" {
		t.Errorf("live revision = %+v", c.Live)
	}
	if c.Draft == nil || c.Draft.Config.Name != draft.Config.Name || !c.Draft.Ticks["assign"] || c.Draft.Config.ClockSkew.Minutes() != 3 {
		t.Errorf("the draft that somebody edits became %+v", c.Draft)
	}
	revisions, err := st.Revisions(t.Context(), "aws")
	if err != nil || !slices.ContainsFunc(revisions, func(r model.Revision) bool { return r.Number == 1 && r.State == model.RevisionPast }) {
		t.Errorf("the revision that was live before cannot be brought back: %+v, %v", revisions, err)
	}
}

// editDraft is what an administrator does in the wizard meanwhile.
func editDraft(t *testing.T, st *store.Store, slug, name string) model.Revision {
	t.Helper()
	draft, err := st.StartDraft(t.Context(), storetest.Actor, slug)
	if err != nil {
		t.Fatal(err)
	}
	draft, err = st.SaveDraft(t.Context(), storetest.Actor, slug, draft.Version, func(r *model.Revision) error {
		r.Config.Name, r.Ticks = name, map[string]bool{"assign": true}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return draft
}

func TestStatusOfConnections(t *testing.T) {
	t.Parallel()
	metadata := ", provisioning: jit, idp_metadata_file: aws.xml"
	n := 0
	for name, tc := range map[string]struct {
		documents []string // applied one after another; each a connection's fields
		status    model.Status
		draft     bool
	}{
		"a new one is a draft":            {[]string{""}, model.StatusDraft, true},
		"a draft's draft is edited":       {[]string{"", ", clock_skew: 1m"}, model.StatusDraft, true},
		"new and ready":                   {[]string{metadata + ", status: ready"}, model.StatusReady, true},
		"ready, then changed":             {[]string{metadata + ", status: ready", ", clock_skew: 1m"}, model.StatusDraft, true},
		"ready, then changed, but ready":  {[]string{metadata + ", status: ready", ", clock_skew: 1m, status: ready"}, model.StatusReady, true},
		"ready, then a draft":             {[]string{metadata + ", status: ready", ", status: draft"}, model.StatusDraft, true},
		"new and live":                    {[]string{metadata + ", status: live"}, model.StatusLive, false},
		"draft, then live":                {[]string{metadata, ", status: live"}, model.StatusLive, false},
		"new and suspended":               {[]string{metadata + ", status: suspended"}, model.StatusSuspended, false},
		"live, then suspended":            {[]string{metadata + ", status: live", ", status: suspended"}, model.StatusSuspended, false},
		"suspended stays, though changed": {[]string{metadata + ", status: suspended", ", clock_skew: 1m"}, model.StatusSuspended, false},
		"suspended, changed, and live":    {[]string{metadata + ", status: suspended", ", clock_skew: 1m, status: live"}, model.StatusLive, false},
		"suspended, then live":            {[]string{metadata + ", status: suspended", ", status: live"}, model.StatusLive, false},
	} {
		n++
		slug := fmt.Sprintf("c%d", n) // of its own: transactions wait for each other's names
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := storetest.Open(t)
			for _, fields := range tc.documents {
				document := "version: 1\nconnections: [{slug: " + slug + fields + "}]\n"
				if got := apply(t, st, document); len(got) == 0 {
					t.Errorf("%q changed nothing", fields)
				}
				if got := planned(t, document, read(t, st)); len(got) != 0 {
					t.Errorf("%q still plans %q", fields, got)
				}
			}
			c, err := st.Connection(t.Context(), slug)
			if err != nil || c.Status != tc.status || (c.Draft != nil) != tc.draft {
				t.Errorf("connection = %+v, %v; want status %s, draft %v", c, err, tc.status, tc.draft)
			}
		})
	}
}

func TestListsAreTheWholeTruth(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	apply(t, st, readFile(t, "full.yaml"))
	if _, err := st.CreateUser(t.Context(), storetest.Actor, model.User{Username: "bob", Active: true}, []string{"jira-software-users"}); err != nil {
		t.Fatal(err)
	}
	apply(t, st, `version: 1
connections: [{slug: other}]
groups: [{name: Jira-Administrators}, {name: new}]
rules: [{name: r, connection: other, when: {always: true}, groups: [new]}]
users: [{username: alice, groups: [new]}]
apps: []
`)
	s := read(t, st)
	if len(s.Connections) != 1 || s.Connections[0].Slug != "other" || len(s.Rules) != 1 || len(s.Apps) != 0 {
		t.Errorf("connections %+v, rules %+v, apps %+v", s.Connections, s.Rules, s.Apps)
	}
	if names := groupNames(s); !slices.Equal(names, []string{"Jira-Administrators", "new"}) {
		t.Errorf("groups = %v", names)
	}
	if len(s.Users) != 2 || s.Users[0].Username != "alice" || !slices.Equal(s.Users[0].Groups, []string{"new"}) ||
		s.Users[1].Username != "bob" || len(s.Users[1].Groups) != 0 {
		t.Errorf("users = %+v", s.Users)
	}
}

func groupNames(s configdoc.State) []string {
	var names []string
	for _, g := range s.Groups {
		names = append(names, g.Name)
	}
	slices.Sort(names)
	return names
}

func TestOnlyMembershipsByHandAreTheDocuments(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	apply(t, st, readFile(t, "full.yaml"))
	login(t, st, "alice")
	before := memberships(t, st, "alice")
	apply(t, st, "version: 1\nusers: [{username: alice, groups: []}]\n")
	want := slices.DeleteFunc(before, func(m string) bool { return strings.HasPrefix(m, "manual") })
	if got := memberships(t, st, "alice"); !slices.Equal(got, want) || len(got) == 0 {
		t.Errorf("memberships = %v, want %v", got, want)
	}
	if got := planned(t, "version: 1\nusers: [{username: alice, groups: []}]\n", read(t, st)); len(got) != 0 {
		t.Errorf("memberships by rules are planned: %q", got)
	}
}

// login gives a person a membership by a rule.
func login(t *testing.T, st *store.Store, username string) {
	t.Helper()
	c, err := st.Connection(t.Context(), "aws")
	if err != nil {
		t.Fatal(err)
	}
	u, err := st.User(t.Context(), username)
	if err != nil {
		t.Fatal(err)
	}
	p := model.Person{IdPEntityID: "https://idp.example.com", NameID: username, Username: username}
	_, _, err = st.CompleteLogin(t.Context(), store.Completion{
		Login: model.Login{ID: store.NewLoginID(), Connection: "aws"}, ConnectionID: c.ID, AssertionID: "_a", Person: p,
		AssertionExpires: c.CreatedAt.AddDate(1, 0, 0), Now: c.CreatedAt,
		Decide: func(model.Known) model.Decision {
			return model.Decision{Action: model.UserKept, User: u, AddGroups: []model.GroupGrant{{Group: "jira-administrators", Origin: "everyone"}}}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func memberships(t *testing.T, st *store.Store, username string) []string {
	t.Helper()
	u, err := st.User(t.Context(), username)
	if err != nil {
		t.Fatal(err)
	}
	all, err := st.UserMemberships(t.Context(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, m := range all {
		lines = append(lines, string(m.Source)+" "+m.Group)
	}
	return lines
}

func TestABadDocumentChangesNothing(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	apply(t, st, readFile(t, "full.yaml"))
	before, err := configdoc.Export(read(t, st))
	if err != nil {
		t.Fatal(err)
	}
	d := mustParse(t, "version: 1\ngroups: [{name: new}, {name: jira-software-users}, {name: jira-administrators}]\n"+
		"connections: [{slug: aws, status: draft}]\nusers: []\n")
	changes, err := d.Apply(t.Context(), st, actor)
	var problems configdoc.Problems
	if !errors.As(err, &problems) || len(problems) != 1 || problems[0].Line != 3 || changes != nil {
		t.Errorf("apply = %v, %v", changes, err)
	}
	after, err := configdoc.Export(read(t, st))
	if err != nil || string(after) != string(before) {
		t.Errorf("something changed (%v):\n%s", err, after)
	}
}

func TestAFailureHalfWayChangesNothing(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	ctx, cancel := context.WithCancel(t.Context())
	d := mustParse(t, readFile(t, "full.yaml"))
	err := st.InTx(ctx, func(tx *store.Store) error {
		if _, err := d.Apply(ctx, tx, actor); err != nil {
			return err
		}
		cancel() // the program is stopped before the outer transaction ends
		return ctx.Err()
	})
	if err == nil {
		t.Fatal("the transaction did not fail")
	}
	if s := read(t, st); len(s.Connections)+len(s.Groups)+len(s.Users)+len(s.Apps) != 0 {
		t.Errorf("left behind: %+v", s)
	}
}

func TestManyUsersAreRead(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	var document strings.Builder
	document.WriteString("version: 1\ngroups: [{name: g}]\nusers:\n")
	const n = 1003 // more than one page
	for i := range n {
		document.WriteString("  - {username: user" + string(rune('a'+i%26)) + strings.Repeat("x", i/26) + ", groups: [g]}\n")
	}
	apply(t, st, document.String())
	if got := planned(t, document.String(), read(t, st)); len(got) != 0 {
		t.Errorf("still plans %d changes, the first: %s", len(got), got[0])
	}
}
