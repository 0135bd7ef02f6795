package kit

import (
	"context"
	"sync"
	"time"
)

// tallyAge is how old a number beside the navigation may be.
const tallyAge = time.Minute

// tally keeps a number that every page of the console shows beside its navigation.
type tally struct {
	mu    sync.Mutex
	until time.Time
	n     int
}

// anew counts, and keeps the number.
func (t *tally) anew(ctx context.Context, now func() time.Time, count func(context.Context) (int, error)) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.count(ctx, now, count)
}

func (t *tally) count(ctx context.Context, now func() time.Time, count func(context.Context) (int, error)) (int, error) {
	n, err := count(ctx)
	if err != nil {
		return 0, err
	}
	t.n, t.until = n, now().Add(tallyAge)
	return n, nil
}

// shown is the number, tallyAge old at most. The error is one of counting.
func (t *tally) shown(ctx context.Context, now func() time.Time, count func(context.Context) (int, error)) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now().Before(t.until) {
		return t.n, nil
	}
	return t.count(ctx, now, count)
}
