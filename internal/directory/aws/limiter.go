package aws

import (
	"context"
	"sync"
	"time"
)

// limiter lets a number of requests through at once, and after that so many a second.
type limiter struct {
	mu    sync.Mutex
	every time.Duration // between two requests
	burst int
	free  time.Time // when the next one of a steady flow would be let through
}

func newLimiter(rate float64, burst int) *limiter {
	return &limiter{every: time.Duration(float64(time.Second) / rate), burst: burst}
}

// reserve takes the next place, and tells how long it is until then.
func (l *limiter) reserve(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if saved := now.Add(-time.Duration(l.burst-1) * l.every); l.free.Before(saved) {
		l.free = saved
	}
	wait := l.free.Sub(now)
	l.free = l.free.Add(l.every)
	return wait
}

func (l *limiter) wait(ctx context.Context) error {
	wait := l.reserve(time.Now())
	if wait <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
