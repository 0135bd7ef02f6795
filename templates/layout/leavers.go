package layout

import "context"

type leaversKey struct{}

// WithLeavers makes the navigation of pages rendered under the context ask how many
// people have left and are still active.
func WithLeavers(ctx context.Context, count func() int) context.Context {
	return context.WithValue(ctx, leaversKey{}, count)
}

func leaversOf(ctx context.Context) int {
	if count, ok := ctx.Value(leaversKey{}).(func() int); ok {
		return count()
	}
	return 0
}
