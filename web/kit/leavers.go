package kit

import "context"

// CountLeavers counts anew how many people have left and are still active.
func (k *Kit) CountLeavers(ctx context.Context) (int, error) {
	return k.leavers.anew(ctx, k.Now, k.Store.CountLeavers)
}

// leaversNow is the number as the navigation shows it; where it cannot be counted,
// none is shown.
func (k *Kit) leaversNow(ctx context.Context) int {
	n, err := k.leavers.shown(ctx, k.Now, k.Store.CountLeavers)
	if err != nil {
		k.Log.WarnContext(ctx, "leavers not counted", "error", err)
	}
	return n
}
