// Package throttle counts failures by key within a window of time, and tells
// when there were too many. A key is whoever is held responsible: a network, an
// account, a browser, an app as seen from a network.
//
// Counts are in a Store: in the memory of this process (NewMemory), or where all
// processes see them (the store package's, in PostgreSQL).
package throttle

import (
	"context"
	"time"
)

// Limiter counts under keys. It is safe for use by several goroutines.
type Limiter struct {
	store  Store
	window time.Duration
	now    func() time.Time
}

// New makes a limiter of what happens within a window.
func New(s Store, window time.Duration, now func() time.Time) *Limiter {
	return &Limiter{store: s, window: window, now: now}
}

// Store keeps counts. It is safe for use by several goroutines.
type Store interface {
	// Add counts one more under a key, and returns what is counted with it. The
	// first one begins a window, and so does the first one after its end.
	Add(ctx context.Context, key string, now time.Time, window time.Duration) (Count, error)
	// Get is what is counted under a key; the zero Count outside of any window.
	Get(ctx context.Context, key string, now time.Time, window time.Duration) (Count, error)
	// TakeBack takes one back that was counted in the window that ends at until. Of
	// a window that is forgotten there is nothing to take back.
	TakeBack(ctx context.Context, key string, until time.Time, window time.Duration) error
}

// Count is what a Store has counted under a key.
type Count struct {
	N     float64   // whole, except where the window slides
	Until time.Time // when the window ends
}

// Limit is how many failures a key may have within the window.
type Limit struct {
	Key  string
	Most int
}

// Failed counts one failure under each of the keys.
func (l *Limiter) Failed(ctx context.Context, keys ...string) error {
	now := l.now()
	for _, key := range keys {
		if _, err := l.store.Add(ctx, key, now, l.window); err != nil {
			return err
		}
	}
	return nil
}

// First counts one under a key, and tells whether it is the first of its window:
// for what is done, or written down, once in a while.
func (l *Limiter) First(ctx context.Context, key string) (bool, error) {
	c, err := l.store.Add(ctx, key, l.now(), l.window)
	return err == nil && c.N <= 1, err
}

// Reached tells whether one of the limits is used up: one more failure would be
// too many.
func (l *Limiter) Reached(ctx context.Context, limits ...Limit) (bool, error) {
	return l.any(ctx, limits, func(n float64, most int) bool { return n >= float64(most) })
}

// Exceeded tells whether there were more failures than one of the limits allows.
func (l *Limiter) Exceeded(ctx context.Context, limits ...Limit) (bool, error) {
	return l.any(ctx, limits, func(n float64, most int) bool { return n > float64(most) })
}

func (l *Limiter) any(ctx context.Context, limits []Limit, holds func(n float64, most int) bool) (bool, error) {
	now := l.now()
	for _, limit := range limits {
		c, err := l.store.Get(ctx, limit.Key, now, l.window)
		if err != nil || holds(c.N, limit.Most) {
			return err == nil, err
		}
	}
	return false, nil
}

// Attempt is one that was counted before it is judged, as if it had failed, so
// that many at once are no way around the limits.
type Attempt struct {
	Wait    time.Duration // for how long none is judged, this one included; zero: judge it
	Reached bool          // with this one a limit is reached; if it fails, further ones have to wait

	counted []counted
}

// counted is where an attempt was counted.
type counted struct {
	key   string
	until time.Time
}

// Begin counts an attempt under the key of every limit. One that exceeds a limit
// is told to wait, and does not count.
func (l *Limiter) Begin(ctx context.Context, limits ...Limit) (Attempt, error) {
	var a Attempt
	now := l.now()
	for _, limit := range limits {
		c, err := l.store.Add(ctx, limit.Key, now, l.window)
		if err != nil {
			return a, err
		}
		a.counted = append(a.counted, counted{limit.Key, c.Until})
		most := float64(limit.Most)
		if c.N > most {
			a.Wait = c.Until.Sub(now)
			return a, l.TakeBack(ctx, a)
		}
		a.Reached = a.Reached || c.N > most-1
	}
	return a, nil
}

// TakeBack takes back an attempt that was no failure.
func (l *Limiter) TakeBack(ctx context.Context, a Attempt) error {
	for _, c := range a.counted {
		if err := l.store.TakeBack(ctx, c.key, c.until, l.window); err != nil {
			return err
		}
	}
	return nil
}
