package kit

import (
	"context"
	"sync"
	"time"
)

// leaversAge is how old the number of leavers beside the navigation may be.
const leaversAge = time.Minute

// leaversCache keeps the number of leavers, which every page of the console shows.
type leaversCache struct {
	mu    sync.Mutex
	until time.Time
	n     int
}

// CountLeavers counts anew how many people have left and are still active.
func (k *Kit) CountLeavers(ctx context.Context) (int, error) {
	k.leavers.mu.Lock()
	defer k.leavers.mu.Unlock()
	return k.countLeavers(ctx)
}

func (k *Kit) countLeavers(ctx context.Context) (int, error) {
	n, err := k.Store.CountLeavers(ctx)
	if err != nil {
		return 0, err
	}
	k.leavers.n, k.leavers.until = n, k.Now().Add(leaversAge)
	return n, nil
}

// leaversNow is the number as the navigation shows it, a minute old at most; where it
// cannot be counted, none is shown.
func (k *Kit) leaversNow(ctx context.Context) int {
	k.leavers.mu.Lock()
	defer k.leavers.mu.Unlock()
	if k.Now().Before(k.leavers.until) {
		return k.leavers.n
	}
	n, err := k.countLeavers(ctx)
	if err != nil {
		k.Log.WarnContext(ctx, "leavers not counted", "error", err)
	}
	return n
}
