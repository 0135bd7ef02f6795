package web_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

// The size of the directory in the benchmarks: every user is in ten groups.
const (
	manyUsers  = 100_000
	manyGroups = 10_000
)

func manyPeople(b *testing.B) (*crowdSite, *store.Store) {
	b.Helper()
	st := storetest.OpenPool(b)
	s := newCrowdSite(b, st, nil)
	for _, sql := range []string{
		fmt.Sprintf(`insert into users (username, username_key, email, email_key, display_name, first_name, last_name, source, search_key)
			select 'user' || i, 'user' || i, 'user' || i || '@example.com', 'user' || i || '@example.com', 'User ' || i, 'User', i::text, 'jit',
				'user' || i || e'\nuser' || i || e'@example.com\nuser ' || i from generate_series(1, %d) i`, manyUsers),
		fmt.Sprintf(`insert into groups (name, name_key, description, search_key)
			select 'group' || i, 'group' || i, 'Group number ' || i, 'group' || i || e'\ngroup number ' || i from generate_series(1, %d) i`, manyGroups),
		fmt.Sprintf(`insert into memberships (user_id, group_id, source)
			select u.id, g.id, 'manual' from users u cross join generate_series(0, 9) k
			join groups g on g.name_key = 'group' || (1 + (u.last_name::int * 7 + k * 997) %% %d)`, manyGroups),
		"vacuum analyze",
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		conn, err := st.Pool().Acquire(ctx)
		s.must(err)
		_, err = conn.Exec(ctx, "set statement_timeout = 0")
		s.must(err)
		_, err = conn.Exec(ctx, sql)
		s.must(err)
		_, err = conn.Exec(ctx, "reset statement_timeout")
		s.must(err)
		conn.Release()
		cancel()
	}
	return s, st
}

// fetch asks as the app's client does, and throws the answer away.
func (s *crowdSite) fetch(method, path, body string) int64 {
	req, err := http.NewRequestWithContext(context.Background(), method, s.URL+crowdBase+path, strings.NewReader(body))
	s.must(err)
	req.SetBasicAuth(s.app, s.password)
	req.Header.Set("Accept", "application/xml")
	req.Header.Set("Content-Type", "application/xml")
	res, err := http.DefaultClient.Do(req)
	s.must(err)
	defer func() { _ = res.Body.Close() }()
	n, err := io.Copy(io.Discard, res.Body)
	s.must(err)
	if res.StatusCode != http.StatusOK {
		s.T.Fatalf("%s answered %d", path, res.StatusCode)
	}
	return n
}

// peakHeap watches the heap until it is stopped, and tells its peak in bytes.
func peakHeap() func() uint64 {
	done, peak := make(chan struct{}), uint64(0)
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	})
	return func() uint64 { close(done); wg.Wait(); return peak }
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
		b.Run(c.name, func(b *testing.B) { s.fullSync(b, c.page, c.expand) })
	}
}

func (s *crowdSite) fullSync(b *testing.B, page int, expand string) {
	b.Helper()
	runtime.GC()
	var bytes int64
	peak := peakHeap()
	for b.Loop() {
		bytes += s.fetch("GET", "/event", "")
		for _, list := range []struct {
			entity string
			count  int
		}{{"user", manyUsers}, {"group", manyGroups}} {
			begin := time.Now()
			for start := 0; start == 0 || page > 0 && start <= list.count; start += max(page, 1) {
				bytes += s.fetch("POST", fmt.Sprintf("/search?entity-type=%s&start-index=%d&max-results=%d&expand=%s", list.entity, start, page, list.entity+expand),
					"<null-search-restriction/>")
			}
			b.ReportMetric(time.Since(begin).Seconds(), "s-"+list.entity+"s")
		}
		begin := time.Now()
		bytes += s.fetch("GET", "/group/membership", "")
		b.ReportMetric(time.Since(begin).Seconds(), "s-memberships")
		bytes += s.fetch("GET", "/event", "")
	}
	b.ReportMetric(float64(peak())/(1<<20), "MB-peak-heap")
	b.ReportMetric(float64(bytes)/float64(b.N)/(1<<20), "MB-sent")
	a, err := s.Store.CrowdActivity(context.Background(), s.app)
	s.must(err)
	if a.FullUsers != manyUsers || a.FullGroups != manyGroups || a.FullMemberships != 10*manyUsers {
		b.Errorf("counted %d users, %d groups, %d memberships", a.FullUsers, a.FullGroups, a.FullMemberships)
	}
}

// BenchmarkCrowdIncremental is the news of 100 changes in the same directory.
func BenchmarkCrowdIncremental(b *testing.B) {
	s, st := manyPeople(b)
	ctx := context.Background()
	_, token := s.since("")
	for i := 1; i <= 50; i++ {
		name := fmt.Sprintf("user%d", i)
		_, err := st.UpdateUser(ctx, webtest.Tester, name, func(u *model.User) error { u.DisplayName = "Changed"; return nil })
		s.must(err)
		s.must(st.AddMember(ctx, webtest.Tester, fmt.Sprintf("group%d", 5000+i), name))
	}
	var bytes int64
	for b.Loop() {
		bytes += s.fetch("GET", "/event/"+token, "")
	}
	b.ReportMetric(float64(bytes)/float64(b.N), "bytes-sent")
}
