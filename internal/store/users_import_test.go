package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

func TestImportMakesAndChanges(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.Open(t)
	storetest.Group(t, st, "Staff")
	ana := storetest.User(t, st, "Ana")
	bob := storetest.User(t, st, "bob")
	storetest.User(t, st, "cy")
	same := func(u model.User) model.User {
		u.Username = strings.ToUpper(u.Username)
		return u
	}
	cy, err := st.User(ctx, "cy")
	if err != nil {
		t.Fatal(err)
	}
	gone := same(ana)
	gone.Active, gone.DisplayName = false, "Ana\x00Lima"
	rows := []store.ImportRow{
		{User: gone},
		{User: same(bob), Groups: []string{"STAFF"}},
		{User: same(cy)},
		{User: model.User{Username: "dee", Email: "Dee@Example.com", Active: true}, Groups: []string{"staff"}},
	}
	for pass, want := range [][2]int{{1, 2}, {0, 0}} {
		did, err := st.ImportUsers(ctx, storetest.Actor, rows)
		if err != nil || did.Made != want[0] || did.Changed != want[1] {
			t.Fatalf("pass %d: %d made, %d changed, %v; want %v", pass, did.Made, did.Changed, err, want)
		}
	}
	now, err := st.User(ctx, "ana")
	if err != nil || now.Username != "Ana" || now.Active || now.SessionEpoch != ana.SessionEpoch+1 || now.DisplayName != "Ana\uFFFDLima" {
		t.Errorf("ana: %+v, %v", now, err)
	}
	dee, err := st.User(ctx, "dee")
	if err != nil || dee.Email != "Dee@Example.com" || dee.Source != model.UserManual {
		t.Errorf("dee: %+v, %v", dee, err)
	}
	if found, _, err := st.Users(ctx, store.UserQuery{Search: "dee@ex"}); err != nil || len(found) != 1 {
		t.Errorf("a search finds %d, %v", len(found), err)
	}
	members, _, err := st.Members(ctx, "staff", store.MemberQuery{})
	if err != nil || len(members) != 2 || members[0].Memberships[0].Origin != storetest.Actor.Name {
		t.Errorf("members: %+v, %v", members, err)
	}
	for action, want := range map[string]string{"user.update": "Ana", "user.create": "dee", "membership.add": "Staff: dee"} {
		entries, _, err := st.Audit(ctx, store.AuditQuery{Action: action, Object: want})
		if err != nil || len(entries) != 1 || len(entries[0].After) == 0 || (action == "user.update") != (len(entries[0].Before) > 0) {
			t.Errorf("audit of %s: %+v, %v", action, entries, err)
		}
	}
}

// BenchmarkImport imports the largest file that is taken: 20,000 new users,
// each in two groups, and then changes all of them.
func BenchmarkImport(b *testing.B) {
	const users = 20_000
	st := storetest.Open(b)
	storetest.Group(b, st, "jira-users")
	storetest.Group(b, st, "confluence-users")
	var made, changed time.Duration
	n := 0
	for b.Loop() {
		rows := make([]store.ImportRow, users)
		for i := range rows {
			name := fmt.Sprintf("person%d.%d", n, i)
			rows[i] = store.ImportRow{Groups: []string{"jira-users", "confluence-users"}, User: model.User{
				Username: name, Email: name + "@example.com", DisplayName: "Person " + name, Active: true}}
		}
		n++
		start := time.Now()
		if _, err := st.ImportUsers(context.Background(), storetest.Actor, rows); err != nil {
			b.Fatal(err)
		}
		made += time.Since(start)
		for i := range rows {
			rows[i].User.Email = "new." + rows[i].User.Email
		}
		start = time.Now()
		if _, err := st.ImportUsers(context.Background(), storetest.Actor, rows); err != nil {
			b.Fatal(err)
		}
		changed += time.Since(start)
	}
	b.ReportMetric(made.Seconds()/float64(b.N), "s/20000-new")
	b.ReportMetric(changed.Seconds()/float64(b.N), "s/20000-changed")
}
