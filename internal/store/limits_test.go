package store_test

import (
	"context"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// swallower is a way to the database that can begin to swallow everything: a server
// that hangs, or a network that is cut without a word.
type swallower struct {
	server string // its socket
	mu     sync.Mutex
	pass   chan struct{} // closed: what comes is passed on
}

func (s *swallower) hang() { s.mu.Lock(); s.pass = make(chan struct{}); s.mu.Unlock() }
func (s *swallower) wake() { s.mu.Lock(); close(s.pass); s.mu.Unlock() }

func (s *swallower) way() chan struct{} { s.mu.Lock(); defer s.mu.Unlock(); return s.pass }

// passing waits with what it would pass on while the way hangs.
type passing struct {
	net.Conn
	s *swallower
}

func (p passing) Write(b []byte) (int, error) { <-p.s.way(); return p.Conn.Write(b) }

// swallowing gives the address of the database behind a swallower.
func swallowing(t *testing.T) (*swallower, string) {
	t.Helper()
	u, err := url.Parse(storetest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	if storetest.OneRole() {
		t.Skip("the server is somebody else's")
	}
	q := u.Query()
	s := &swallower{server: q.Get("host") + "/.s.PGSQL.5432", pass: make(chan struct{})}
	s.wake()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			go s.carry(from)
		}
	}()
	q.Del("host")
	q.Set("sslmode", "disable")
	u.Host, u.RawQuery = l.Addr().String(), q.Encode()
	return s, u.String()
}

func (s *swallower) carry(from net.Conn) {
	to, err := net.Dial("unix", s.server) //nolint:noctx // as long as the test
	if err != nil {
		_ = from.Close()
		return
	}
	both := func() { _ = from.Close(); _ = to.Close() }
	go func() { _, _ = io.Copy(passing{to, s}, from); both() }()
	_, _ = io.Copy(passing{from, s}, to)
	both()
}

// Whatever is asked of a database that hangs comes back, as a fault that passes; and when
// it answers again, everything goes on. A call without a limit would wait for good here.
func TestNoCallWaitsForAHungDatabase(t *testing.T) {
	t.Parallel()
	way, url := swallowing(t)
	st, err := store.Open(t.Context(), url, store.WithLimits(400*time.Millisecond, 200*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	ctx := context.Background()
	for name, call := range map[string]func(*store.Store) error{
		"a query": func(s *store.Store) error { _, err := s.Settings(ctx); return err },
		"a write": func(s *store.Store) error { return s.SaveSession(ctx, "token", nil, time.Now()) },
		"a batch": func(s *store.Store) error {
			b := &pgx.Batch{}
			b.Queue("select 1")
			return st.Pool().SendBatch(ctx, b).Close()
		},
		"a copy": func(s *store.Store) error {
			_, err := st.Pool().CopyFrom(ctx, pgx.Identifier{"sessions"}, []string{"token"}, pgx.CopyFromRows(nil))
			return err
		},
		"a commit": func(s *store.Store) error { return s.InTx(ctx, func(*store.Store) error { return nil }) },
	} {
		way.hang()
		if err := call(st); !store.Unreachable(err) {
			t.Errorf("%s of a database that hangs: %v", name, err)
		}
		// In the middle of a transaction as well, to its rollback.
		way.wake()
		err := st.InTx(ctx, func(tx *store.Store) error { way.hang(); return call(tx) })
		if !store.Unreachable(err) {
			t.Errorf("%s in a transaction: %v", name, err)
		}
		way.wake()
		if _, err := st.Settings(ctx); err != nil {
			t.Errorf("after %s, when it answers again: %v", name, err)
		}
	}
	// Everybody at once: who gets no connection does not wait for one for good.
	way.hang()
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := st.Settings(ctx); !store.Unreachable(err) {
				t.Errorf("one of many: %v", err)
			}
		})
	}
	all.Wait()
	way.wake()
	if _, err := st.Settings(ctx); err != nil {
		t.Errorf("when it answers again: %v", err)
	}
}
