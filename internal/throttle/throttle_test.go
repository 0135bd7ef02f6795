package throttle

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// clock is a time that a test sets. It begins at a whole hour.
type clock struct{ now time.Time }

func newClock() *clock { return &clock{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) read() time.Time         { return c.now }
func (c *clock) advance(d time.Duration) { c.now = c.now.Add(d) }

func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// The first failure begins a window, which ends as long after it, whatever fails
// meanwhile.
func TestWindowBeginsWithTheFirstFailure(t *testing.T) {
	t.Parallel()
	c, ok := newClock(), must[bool](t)
	l := New(NewMemory(), time.Minute, c.read)
	c.advance(50 * time.Second) // not with the minute
	three := Limit{"a", 3}
	for i := range 3 {
		if ok(l.Reached(t.Context(), three)) {
			t.Errorf("reached after %d", i)
		}
		if err := l.Failed(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		c.advance(15 * time.Second)
	}
	if !ok(l.Reached(t.Context(), three)) || ok(l.Exceeded(t.Context(), three)) || ok(l.Reached(t.Context(), Limit{"b", 1})) {
		t.Error("three of three are just as many as may be, and another key has none")
	}
	if !ok(l.Reached(t.Context(), Limit{"b", 1}, three)) || !ok(l.Exceeded(t.Context(), Limit{"b", 0}, Limit{"a", 2})) {
		t.Error("of several limits only the first counts")
	}
	c.advance(15*time.Second - 1)
	if !ok(l.Reached(t.Context(), three)) {
		t.Error("the window ended before its time")
	}
	c.advance(1)
	if ok(l.Reached(t.Context(), Limit{"a", 1})) {
		t.Error("the window goes on after its time")
	}
	if !ok(l.First(t.Context(), "a")) || ok(l.First(t.Context(), "a")) {
		t.Error("the next window does not begin with the next failure")
	}
}

// What is counted before it is judged is refused beyond the limit, told to wait
// for the rest of the window, and counted when it was judged and wrong only.
func TestAttempts(t *testing.T) {
	t.Parallel()
	c, begin := newClock(), must[Attempt](t)
	l := New(NewMemory(), time.Minute, c.read)
	wide, narrow := Limit{"network", 5}, Limit{"account", 2}
	for range 10 { // right ones
		a := begin(l.Begin(t.Context(), wide, narrow))
		if a.Wait != 0 || a.Reached {
			t.Fatalf("a right one: %+v", a)
		}
		if err := l.TakeBack(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	if a := begin(l.Begin(t.Context(), wide, narrow)); a.Wait != 0 || a.Reached {
		t.Errorf("the first wrong one: %+v", a)
	}
	c.advance(20 * time.Second)
	if a := begin(l.Begin(t.Context(), wide, narrow)); a.Wait != 0 || !a.Reached {
		t.Errorf("the second wrong one: %+v", a)
	}
	for range 10 {
		if a := begin(l.Begin(t.Context(), wide, narrow)); a.Wait != 40*time.Second || a.Reached {
			t.Errorf("beyond the limit: %+v", a)
		}
	}
	// Those that had to wait left no count under the other key: two and three make five.
	for i := range 3 {
		if a := begin(l.Begin(t.Context(), wide)); a.Wait != 0 || a.Reached != (i == 2) {
			t.Errorf("another account, %d: %+v", i, a)
		}
	}
	if a := begin(l.Begin(t.Context(), wide)); a.Wait != 40*time.Second {
		t.Errorf("beyond the limit of the network: %+v", a)
	}
}

// What was counted in a window is taken back from that one, not from the next.
func TestTakenBackFromItsOwnWindow(t *testing.T) {
	t.Parallel()
	for name, store := range map[string]Store{"fixed": NewMemory(), "sliding": Sliding(NewMemory())} {
		c := newClock()
		l := New(store, time.Minute, c.read)
		early, err := l.Begin(t.Context(), Limit{"a", 10})
		if err != nil {
			t.Fatal(err)
		}
		c.advance(time.Minute)
		if err := errors.Join(l.Failed(t.Context(), "a"), l.TakeBack(t.Context(), early)); err != nil {
			t.Fatal(err)
		}
		if n, err := store.Get(t.Context(), "a", c.now, time.Minute); err != nil || n.N != 1 {
			t.Errorf("%s: %v are counted, want the one of this minute (%v)", name, n.N, err)
		}
		if err := errors.Join(l.TakeBack(t.Context(), early), l.TakeBack(t.Context(), early)); err != nil {
			t.Fatal(err)
		}
		if n, err := store.Get(t.Context(), "a", c.now, time.Minute); err != nil || n.N != 1 {
			t.Errorf("%s: taken back again, %v are counted (%v)", name, n.N, err)
		}
	}
}

// In a sliding window failures fade, and the turn of a minute forgets none.
func TestSlidingWindow(t *testing.T) {
	t.Parallel()
	c := newClock()
	store := Sliding(NewMemory())
	l := New(store, time.Minute, c.read)
	fail := func(n int) {
		for range n {
			if err := l.Failed(t.Context(), "a"); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := func(n float64) {
		t.Helper()
		if got, err := store.Get(t.Context(), "a", c.now, time.Minute); err != nil || math.Abs(got.N-n) > 1e-6 {
			t.Errorf("at %v: %v, want %v (%v)", c.now.Format(time.TimeOnly), got.N, n, err)
		}
	}
	c.advance(59 * time.Second)
	fail(60)
	want(60)
	if over, err := l.Exceeded(t.Context(), Limit{"a", 60}); err != nil || over {
		t.Errorf("sixty of sixty are too many (%v)", err)
	}
	fail(1)
	if over, err := l.Exceeded(t.Context(), Limit{"a", 60}); err != nil || !over {
		t.Errorf("one more is not too many (%v)", err)
	}
	c.advance(time.Second)
	want(61)
	c.advance(30 * time.Second)
	want(30.5)
	fail(10)
	want(40.5)
	c.advance(30 * time.Second)
	want(10)
	c.advance(time.Minute)
	want(0)
}

// Many at once are no way around a limit, and every failure is counted.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	c := newClock()
	for name, store := range map[string]Store{"fixed": NewMemory(), "sliding": Sliding(NewMemory())} {
		l := New(store, time.Minute, c.read)
		var wg sync.WaitGroup
		var judged, reached atomic.Int64
		for i := range 200 {
			wg.Go(func() {
				own := fmt.Sprint("own", i)
				a, err := l.Begin(t.Context(), Limit{"shared", 10}, Limit{own, 1})
				if err != nil {
					t.Error(err)
				}
				if a.Wait == 0 {
					judged.Add(1)
				}
				if a.Wait == 0 && a.Reached {
					reached.Add(1)
				}
				if err := l.Failed(t.Context(), "counted", own); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		// Each that was judged used up the limit of its own.
		if judged.Load() != 10 || reached.Load() != 10 {
			t.Errorf("%s: %d were judged, %d reached a limit", name, judged.Load(), reached.Load())
		}
		if n, err := store.Get(t.Context(), "counted", c.now, time.Minute); err != nil || n.N != 200 {
			t.Errorf("%s: %v of 200 failures were counted (%v)", name, n.N, err)
		}
	}
}

// broken is a store that cannot be reached.
type broken struct{ Store }

var errBroken = errors.New("broken")

func (broken) Add(context.Context, string, time.Time, time.Duration) (Count, error) {
	return Count{}, errBroken
}

func (broken) Get(context.Context, string, time.Time, time.Duration) (Count, error) {
	return Count{}, errBroken
}

// A store that fails is an error, never a leave to go on.
func TestErrorsOfTheStore(t *testing.T) {
	t.Parallel()
	for _, store := range []Store{broken{}, Sliding(broken{})} {
		l := New(store, time.Minute, time.Now)
		_, begun := l.Begin(t.Context(), Limit{"a", 1})
		_, first := l.First(t.Context(), "a")
		_, reached := l.Reached(t.Context(), Limit{"a", 1})
		_, exceeded := l.Exceeded(t.Context(), Limit{"a", 1})
		for what, err := range map[string]error{"Begin": begun, "First": first, "Reached": reached, "Exceeded": exceeded, "Failed": l.Failed(t.Context(), "a")} {
			if !errors.Is(err, errBroken) {
				t.Errorf("%s of %T: %v", what, store, err)
			}
		}
	}
}
