package web_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

func manyPeople(b *testing.B) (*webtest.CrowdSite, *store.Store) {
	b.Helper()
	st := storetest.OpenPool(b)
	s := webtest.NewCrowdSite(b, st, nil)
	for _, sql := range []string{
		fmt.Sprintf(`insert into users (username, username_key, email, email_key, display_name, first_name, last_name, source, search_key)
			select 'user' || i, 'user' || i, 'user' || i || '@example.com', 'user' || i || '@example.com', 'User ' || i, 'User', i::text, 'jit',
				'user' || i || e'\nuser' || i || e'@example.com\nuser ' || i from generate_series(1, %d) i`, webtest.ManyUsers),
		fmt.Sprintf(`insert into groups (name, name_key, description, search_key)
			select 'group' || i, 'group' || i, 'Group number ' || i, 'group' || i || e'\ngroup number ' || i from generate_series(1, %d) i`, webtest.ManyGroups),
		fmt.Sprintf(`insert into memberships (user_id, group_id, source)
			select u.id, g.id, 'manual' from users u cross join generate_series(0, 9) k
			join groups g on g.name_key = 'group' || (1 + (u.last_name::int * 7 + k * 997) %% %d)`, webtest.ManyGroups),
		"vacuum analyze",
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		conn, err := st.Pool().Acquire(ctx)
		s.Must(err)
		_, err = conn.Exec(ctx, "set statement_timeout = 0")
		s.Must(err)
		_, err = conn.Exec(ctx, sql)
		s.Must(err)
		_, err = conn.Exec(ctx, "reset statement_timeout")
		s.Must(err)
		conn.Release()
		cancel()
	}
	return s, st
}

// BenchmarkCrowdFullSync is a full synchronization as Atlassian's client does it:
// all users in one answer, all groups in one, then all memberships, with the
// token before and after. Older clients ask for pages of a thousand.
func BenchmarkCrowdFullSync(b *testing.B) {
	s, _ := manyPeople(b)
	for _, c := range []struct {
		name   string
		page   int // how many entries are asked for at a time
		expand string
	}{{"everything", -1, ",attributes"}, {"pages of 1000", 1000, ""}} {
		b.Run(c.name, func(b *testing.B) { s.FullSync(b, c.page, c.expand) })
	}
}

// BenchmarkCrowdIncremental is the news of 100 changes in the same directory.
func BenchmarkCrowdIncremental(b *testing.B) {
	s, st := manyPeople(b)
	ctx := context.Background()
	_, token := s.Since("")
	for i := 1; i <= 50; i++ {
		name := fmt.Sprintf("user%d", i)
		_, err := st.UpdateUser(ctx, webtest.Tester, name, func(u *model.User) error { u.DisplayName = "Changed"; return nil })
		s.Must(err)
		s.Must(st.AddMember(ctx, webtest.Tester, fmt.Sprintf("group%d", 5000+i), name))
	}
	var bytes int64
	for b.Loop() {
		bytes += s.Fetch("GET", "/event/"+token, "")
	}
	b.ReportMetric(float64(bytes)/float64(b.N), "bytes-sent")
}
