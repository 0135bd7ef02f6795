package throttle

import (
	"context"
	"strconv"
	"time"
)

// Sliding lets the windows of a store slide: no burst at the turn of one window
// passes with twice the limit. Failures are counted in windows that begin at
// whole multiples of their length, and those of the window before count for the
// share of it that is less than a window ago, as if they had been spread evenly
// (as go-chi/httprate and Cloudflare do:
// https://blog.cloudflare.com/counting-things-a-lot-of-different-things/).
func Sliding(s Store) Store { return sliding{s} }

type sliding struct{ store Store }

func (s sliding) Add(ctx context.Context, key string, now time.Time, window time.Duration) (Count, error) {
	current, err := s.store.Add(ctx, within(key, now.Truncate(window)), now, kept(window))
	if err != nil {
		return Count{}, err
	}
	return s.withBefore(ctx, key, current.N, now, window)
}

func (s sliding) Get(ctx context.Context, key string, now time.Time, window time.Duration) (Count, error) {
	current, err := s.store.Get(ctx, within(key, now.Truncate(window)), now, kept(window))
	if err != nil {
		return Count{}, err
	}
	return s.withBefore(ctx, key, current.N, now, window)
}

// withBefore adds to the count of the current window what the one before still counts for.
func (s sliding) withBefore(ctx context.Context, key string, current float64, now time.Time, window time.Duration) (Count, error) {
	start := now.Truncate(window)
	before, err := s.store.Get(ctx, within(key, start.Add(-window)), now, kept(window))
	if err != nil {
		return Count{}, err
	}
	share := 1 - float64(now.Sub(start))/float64(window)
	return Count{N: current + before.N*share, Until: start.Add(window)}, nil
}

func (s sliding) TakeBack(ctx context.Context, key string, until time.Time, window time.Duration) error {
	start := until.Add(-window)
	c, err := s.store.Get(ctx, within(key, start), start, kept(window))
	if err != nil {
		return err
	}
	return s.store.TakeBack(ctx, within(key, start), c.Until, kept(window))
}

// within is the key of the window that begins at start.
func within(key string, start time.Time) string {
	return key + "\n" + strconv.FormatInt(start.UnixNano(), 36)
}

// kept is for how long the count of a window is needed: to the end of the next.
func kept(window time.Duration) time.Duration { return 2 * window }
