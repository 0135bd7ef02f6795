package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

// BenchmarkLogin is one whole login, from the POST to the assertion consumer
// service until the redirect, with PostgreSQL, for several people at once. The
// way to AWS and back is made before the clock runs.
func BenchmarkLogin(b *testing.B) {
	for _, atOnce := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("at once %d", atOnce), func(b *testing.B) { benchmarkLogin(b, atOnce) })
	}
}

func benchmarkLogin(b *testing.B, atOnce int) {
	st := storetest.OpenPool(b)
	s := webtest.NewSiteOn(b, st)
	sim, app := webtest.SimulatedAWS(b, s, atOnce)
	storetest.LiveConnection(b, st, "aws", func(c *model.Config) {
		c.IdPMetadata = string(sim.Metadata(app))
		c.Attributes = model.WizardAttributes()
	})
	answers := make(chan *http.Request, b.N)
	for i := range b.N {
		answers <- s.AnswerFromAWS(b, sim, app, fmt.Sprintf("user%d", i%atOnce))
	}
	close(answers)
	var mu sync.Mutex
	var took []time.Duration
	wal := walPosition(b, st)
	b.ResetTimer()
	start := time.Now()
	var wg sync.WaitGroup
	for range atOnce {
		wg.Go(func() {
			for r := range answers {
				begin := time.Now()
				w := httptest.NewRecorder()
				s.Handler().ServeHTTP(w, r)
				if w.Code != http.StatusSeeOther {
					b.Errorf("answered %d", w.Code)
				}
				mu.Lock()
				took = append(took, time.Since(begin))
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "logins/s")
	b.ReportMetric((walPosition(b, st)-wal)/float64(b.N), "WAL-B/login")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-p50")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
}

// walPosition is how much the server has written to its log of changes, in bytes.
func walPosition(b *testing.B, st *store.Store) (at float64) {
	b.Helper()
	if err := st.Pool().QueryRow(context.Background(), "select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8").Scan(&at); err != nil {
		b.Fatal(err)
	}
	return at
}
