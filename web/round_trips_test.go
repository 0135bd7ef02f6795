package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

// What a login costs on the way to the database and back, once its statements are
// prepared, for somebody who is known. Whoever adds a round trip changes a number here.
const (
	tripsToStart  = 2
	tripsToAnswer = 12
)

// roundTrips counts what waits for an answer of the database: a query, or a batch of them.
type roundTrips struct {
	mu    sync.Mutex
	asked []string
}

func (c *roundTrips) note(sql string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, strings.Join(strings.Fields(sql), " "))
}

func (c *roundTrips) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	c.note(d.SQL)
	return ctx
}

func (*roundTrips) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (c *roundTrips) TraceBatchStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceBatchStartData) context.Context {
	all := make([]string, len(d.Batch.QueuedQueries))
	for i, q := range d.Batch.QueuedQueries {
		all[i] = q.SQL
	}
	c.note("a batch: " + strings.Join(all, "; "))
	return ctx
}

func (*roundTrips) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}
func (*roundTrips) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData)     {}

// take is what was asked since the last time.
func (c *roundTrips) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.asked
	c.asked = nil
	return all
}

// openCounted is storetest.OpenPool, on one connection, with a count of its round trips.
func openCounted(t *testing.T) (*store.Store, *roundTrips) {
	t.Helper()
	c := new(roundTrips)
	st, err := store.Open(context.Background(), storetest.RunURL(storetest.Database(t))+"&pool_max_conns=1", store.WithTracer(c))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	return st, c
}

func TestRoundTripsOfALogin(t *testing.T) {
	t.Parallel()
	st, trips := openCounted(t)
	s := webtest.NewSiteOn(t, st)
	sim, app := webtest.SimulatedAWS(t, s, 1)
	storetest.LiveConnection(t, st, "aws", func(c *model.Config) {
		c.IdPMetadata = string(sim.Metadata(app))
		c.Attributes = model.WizardAttributes()
	})
	var started, answered []string
	for range 3 { // the first makes the user, and prepares the statements
		trips.take()
		post := s.AnswerFromAWS(t, sim, app, "user0")
		started = trips.take()
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, post)
		if w.Code != http.StatusSeeOther {
			t.Fatalf("answered %d", w.Code)
		}
		answered = trips.take()
	}
	wantTrips(t, "a start", started, tripsToStart)
	wantTrips(t, "an answer", answered, tripsToAnswer)
}

func wantTrips(t *testing.T, what string, got []string, want int) {
	t.Helper()
	commits := 0
	for _, sql := range got {
		commits += strings.Count(sql, "commit")
	}
	t.Logf("%s: %d round trips, %d transactions of several", what, len(got), commits)
	if len(got) != want {
		t.Errorf("%s takes %d round trips, not %d:\n%s", what, len(got), want, strings.Join(got, "\n"))
	}
}
