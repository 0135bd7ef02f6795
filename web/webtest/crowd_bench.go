package webtest

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
)

// The size of the directory in the benchmarks: every user is in ten groups.
const (
	ManyUsers  = 100_000
	ManyGroups = 10_000
)

// Fetch asks as the app's client does, and throws the answer away.
func (s *CrowdSite) Fetch(method, path, body string) int64 {
	req, err := http.NewRequestWithContext(context.Background(), method, s.URL+CrowdBase+path, strings.NewReader(body))
	s.Must(err)
	req.SetBasicAuth(s.App, s.Password)
	req.Header.Set("Accept", "application/xml")
	req.Header.Set("Content-Type", "application/xml")
	res, err := http.DefaultClient.Do(req)
	s.Must(err)
	defer func() { _ = res.Body.Close() }()
	n, err := io.Copy(io.Discard, res.Body)
	s.Must(err)
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

func (s *CrowdSite) FullSync(b *testing.B, page int, expand string) {
	b.Helper()
	runtime.GC()
	var bytes int64
	peak := peakHeap()
	for b.Loop() {
		bytes += s.Fetch("GET", "/event", "")
		for _, list := range []struct {
			entity string
			count  int
		}{{"user", ManyUsers}, {"group", ManyGroups}} {
			begin := time.Now()
			for start := 0; start == 0 || page > 0 && start <= list.count; start += max(page, 1) {
				bytes += s.Fetch("POST", fmt.Sprintf("/search?entity-type=%s&start-index=%d&max-results=%d&expand=%s", list.entity, start, page, list.entity+expand),
					"<null-search-restriction/>")
			}
			b.ReportMetric(time.Since(begin).Seconds(), "s-"+list.entity+"s")
		}
		begin := time.Now()
		bytes += s.Fetch("GET", "/group/membership", "")
		b.ReportMetric(time.Since(begin).Seconds(), "s-memberships")
		bytes += s.Fetch("GET", "/event", "")
	}
	b.ReportMetric(float64(peak())/(1<<20), "MB-peak-heap")
	b.ReportMetric(float64(bytes)/float64(b.N)/(1<<20), "MB-sent")
	a, err := s.Store.CrowdActivity(context.Background(), s.App)
	s.Must(err)
	if a.FullUsers != ManyUsers || a.FullGroups != ManyGroups || a.FullMemberships != 10*ManyUsers {
		b.Errorf("counted %d users, %d groups, %d memberships", a.FullUsers, a.FullGroups, a.FullMemberships)
	}
}
