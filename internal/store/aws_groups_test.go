package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// brings is a verified login whose answer names groups by their ids.
func brings(t testing.TB, st *store.Store, c model.Connection, at time.Time, ids ...string) {
	t.Helper()
	p := person("somebody")
	p.AWSGroups, p.AWSGroupsSent = ids, true
	l := model.Login{ID: store.NewLoginID(), Connection: c.Slug, StartedAt: at, FinishedAt: at, Outcome: model.OutcomeRefused, Verified: true, Person: &p}
	if _, err := st.SaveLogin(context.Background(), l); err != nil {
		t.Fatal(err)
	}
}

func awsGroups(t testing.TB, st *store.Store, q store.AWSGroupQuery) []model.AWSGroup {
	t.Helper()
	groups, _, err := st.AWSGroups(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	return groups
}

func idsOf(groups []model.AWSGroup) []string {
	ids := []string{}
	for _, g := range groups {
		ids = append(ids, g.ID)
	}
	return ids
}

// The ids that a login brings are noted with the hour in which they came first and
// last; of what nobody verified, and of unknown connections, none are.
func TestLoginsBringAWSGroups(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	c := storetest.LiveConnection(t, st, "aws", nil)
	first := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	brings(t, st, c, first, "id-b", "id-a", "id-a", "", "x\x00y")
	brings(t, st, c, first.Add(50*time.Hour), "id-a", "corp.example.com//S-1-5-21-1-2-3-1017")
	brings(t, st, c, first.Add(25*time.Hour), "id-a") // was slower than the one before
	p := person("nobody")
	p.AWSGroups = []string{"forged"}
	for _, l := range []model.Login{
		{Connection: c.Slug, Person: &p}, {Connection: "invented", Person: &p, Verified: true}, {Connection: c.Slug, Verified: true},
	} {
		l.ID, l.StartedAt, l.FinishedAt, l.Outcome = store.NewLoginID(), first, first, model.OutcomeRefused
		if _, err := st.SaveLogin(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	groups := awsGroups(t, st, store.AWSGroupQuery{})
	if got, want := idsOf(groups), []string{"corp.example.com//S-1-5-21-1-2-3-1017", "id-a", "id-b", "x\uFFFDy"}; !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	hour := first.Truncate(time.Hour)
	if a := groups[1]; !a.FirstSeenAt.Equal(hour) || !a.LastSeenAt.Equal(hour.Add(50*time.Hour)) || a.Connection != c.Slug || a.Name() != "" {
		t.Errorf("%+v", a)
	}
	stale := awsGroups(t, st, store.AWSGroupQuery{SeenBefore: first.Add(49 * time.Hour)})
	if got := idsOf(stale); !slices.Equal(got, []string{"id-b", "x\uFFFDy"}) {
		t.Errorf("no longer come: %q", got)
	}
}

// A sign-in notes the ids in the statement that writes its trace: it takes no other.
func TestSignInNotesGroupsWithoutAStatementMore(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	c := storetest.LiveConnection(t, st, "aws", nil)
	p := called("alice", "a1")
	p.AWSGroups, p.AWSGroupsSent = []string{"id-a"}, true
	comp := arrival(t, st, c, p)
	comp.Login.Verified = true
	l, _, err := st.CompleteLogin(t.Context(), comp)
	if err != nil || l.Outcome != model.OutcomeSignedIn {
		t.Fatalf("%v, %+v", err, l.Refusal)
	}
	if got := idsOf(awsGroups(t, st, store.AWSGroupQuery{})); !slices.Equal(got, []string{"id-a"}) {
		t.Errorf("%q", got)
	}
}

// Many sign-ins at once with the same groups in another order: none fails, and a
// group that was noted in this hour is not written again.
func TestManyLoginsBringTheSameGroups(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	c := storetest.LiveConnection(t, st, "aws", nil)
	var ids []string
	const many = 1000
	for i := range many {
		ids = append(ids, fmt.Sprintf("id-%04d", i))
	}
	backwards := slices.Clone(ids)
	slices.Reverse(backwards)
	now := time.Now()
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			if i%2 == 0 {
				brings(t, st, c, now, ids...)
			} else {
				brings(t, st, c, now, backwards...)
			}
		})
	}
	all.Wait()
	version := func() (v string) {
		if err := st.Pool().QueryRow(t.Context(), "select string_agg(xmin::text, ',' order by aws_id) from aws_group_names").Scan(&v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	before := version()
	brings(t, st, c, now, ids...)
	if version() != before {
		t.Error("rows were written again in the same hour")
	}
	brings(t, st, c, now, slices.Repeat(backwards, 100)...)
	var others []string
	for i := range model.MaxAWSGroupsOfLogin + 500 {
		others = append(others, fmt.Sprintf("other-%05d", i))
	}
	brings(t, st, c, now, others...)
	var n int
	if err := st.Pool().QueryRow(t.Context(), "select count(*) from aws_group_names").Scan(&n); err != nil || n != many+model.MaxAWSGroupsOfLogin {
		t.Errorf("%d groups, %v", n, err)
	}
}

func TestAWSGroupsAreNamedByHand(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	c := storetest.LiveConnection(t, st, "aws", nil)
	brings(t, st, c, time.Now(), "id-a", "id-b")
	actor := model.Actor{Name: "ada"}
	name := func(names map[string]string) int {
		t.Helper()
		n, err := st.NameAWSGroups(t.Context(), actor, c.Slug, names, "groups.csv")
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := name(map[string]string{"id-a": " Engineers ", "id-new": "Others", "": "nothing"}); n != 2 {
		t.Errorf("%d names changed", n)
	}
	if n := name(map[string]string{"id-a": "Engineers", "id-new": "Others"}); n != 0 {
		t.Errorf("%d names changed by the same file", n)
	}
	e := lastAudit(t, st, "aws_group.name")
	if e.Actor != "ada" || e.Note != "groups.csv" {
		t.Errorf("%+v", e)
	}
	if got := idsOf(awsGroups(t, st, store.AWSGroupQuery{Nameless: true})); !slices.Equal(got, []string{"id-b"}) {
		t.Errorf("without a name: %q", got)
	}
	found := awsGroups(t, st, store.AWSGroupQuery{Search: "engin"})
	if len(found) != 1 || found[0].Name() != "Engineers" || found[0].NamedBy != "ada" || found[0].NamedAt.IsZero() {
		t.Errorf("%+v", found)
	}
	names, err := st.AWSGroupNames(t.Context(), c.Slug, []string{"id-a", "id-b"})
	if err != nil || len(names) != 1 || names["id-a"] != "Engineers" {
		t.Errorf("%v, %v", names, err)
	}
	if n := name(map[string]string{"id-a": "", "id-b": ""}); n != 1 {
		t.Errorf("%d names taken away", n)
	}
	if got := awsGroups(t, st, store.AWSGroupQuery{Search: "id-a"}); got[0].NamedBy != "" || !got[0].NamedAt.IsZero() {
		t.Errorf("%+v", got)
	}
	if _, err := st.NameAWSGroups(t.Context(), actor, "nowhere", map[string]string{"a": "b"}, ""); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
}

// What a source of the connection says goes before what somebody wrote; other
// sources say nothing about it.
func TestSourceNamesAWSGroups(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	c := storetest.LiveConnection(t, st, "aws", nil)
	brings(t, st, c, time.Now(), "id-a", "id-b", "id-c")
	runSQL(t, st, `insert into sources (slug, name, kind, connection_id, settings)
		values ('dir', 'Directory', 'aws', $1, '{}'), ('else', 'Else', 'aws', null, '{}'),
		('corp', 'Corp', 'ldap', $1, '{}')`, c.ID)
	runSQL(t, st, `insert into source_groups (source_id, stable_id, digest, name, state, first_run, changed_run)
		select id, g.stable_id, '', g.name, g.state, 1, 1 from sources, (values ('dir', 'id-a', 'Engineers', 'present'), ('dir', 'id-c', 'Old', 'absent'),
			('dir', 'id-d', 'Never came', 'present'), ('else', 'id-b', 'Wrong', 'present'), ('corp', 'id-b', 'Wrong', 'present')) g (slug, stable_id, name, state)
		where sources.slug = g.slug`)
	if _, err := st.NameAWSGroups(t.Context(), model.Actor{Name: "ada"}, c.Slug, map[string]string{"id-a": "By hand", "id-b": "Too"}, ""); err != nil {
		t.Fatal(err)
	}
	got := map[string]model.AWSGroup{}
	for _, g := range awsGroups(t, st, store.AWSGroupQuery{}) {
		got[g.ID] = g
	}
	if a := got["id-a"]; a.Name() != "Engineers" || a.Named != "By hand" || a.Source != "dir" || a.Gone {
		t.Errorf("%+v", a)
	}
	if b := got["id-b"]; b.Name() != "Too" || b.Source != "" {
		t.Errorf("%+v", b)
	}
	if g := got["id-c"]; g.Name() != "Old" || !g.Gone {
		t.Errorf("%+v", g)
	}
	names, err := st.AWSGroupNames(t.Context(), c.Slug, nil)
	if want := map[string]string{"id-a": "Engineers", "id-b": "Too", "id-c": "Old", "id-d": "Never came"}; err != nil || fmt.Sprint(names) != fmt.Sprint(want) {
		t.Errorf("%v, %v", names, err)
	}
}

func TestAWSGroupsPageByPage(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	c := storetest.LiveConnection(t, st, "aws", nil)
	now := time.Now()
	for i := range 7 {
		brings(t, st, c, now.Add(-time.Duration(i/2)*24*time.Hour), fmt.Sprintf("id-%d", i))
	}
	if _, err := st.NameAWSGroups(t.Context(), model.Actor{Name: "ada"}, c.Slug, map[string]string{"never-came": "x"}, ""); err != nil {
		t.Fatal(err)
	}
	var ids []string
	q := store.AWSGroupQuery{Page: store.Page{Limit: 3}}
	for {
		groups, next, err := st.AWSGroups(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, idsOf(groups)...)
		if q.After = next; next == "" {
			break
		}
	}
	if want := []string{"id-0", "id-1", "id-2", "id-3", "id-4", "id-5", "id-6", "never-came"}; !slices.Equal(ids, want) {
		t.Errorf("%q, want %q", ids, want)
	}
}

// Ids that nobody named go when they have not come for long; named ones stay.
func TestNamelessAWSGroupsAreSwept(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	c := storetest.LiveConnection(t, st, "aws", nil)
	now := time.Now()
	brings(t, st, c, now.Add(-181*24*time.Hour), "old", "old-named")
	brings(t, st, c, now.Add(-179*24*time.Hour), "young")
	if _, err := st.NameAWSGroups(t.Context(), model.Actor{Name: "ada"}, c.Slug, map[string]string{"old-named": "x", "never-came": "y"}, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Sweep(t.Context(), now, store.Retention{}); err != nil {
		t.Fatal(err)
	}
	got := idsOf(awsGroups(t, st, store.AWSGroupQuery{}))
	slices.Sort(got)
	if !slices.Equal(got, []string{"never-came", "old-named", "young"}) {
		t.Errorf("%q", got)
	}
}
