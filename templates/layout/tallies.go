package layout

import "context"

// tallyKey is where a number beside the navigation is asked for, by where it stands.
type tallyKey struct{ nav Nav }

// WithLeavers makes the navigation of pages rendered under the context ask how many
// people have left and are still active.
func WithLeavers(ctx context.Context, count func() int) context.Context {
	return context.WithValue(ctx, tallyKey{NavLeavers}, count)
}

// WithSources makes it ask how many sources have a run that waits for somebody, or could
// not be read several times in a row.
func WithSources(ctx context.Context, count func() int) context.Context {
	return context.WithValue(ctx, tallyKey{NavSources}, count)
}

// tallyOf is the number beside a place of the navigation; zero: none.
func tallyOf(ctx context.Context, nav Nav) int {
	if count, ok := ctx.Value(tallyKey{nav}).(func() int); ok {
		return count()
	}
	return 0
}

// tallyWords say what the number counts, for those who hear the page.
func tallyWords(nav Nav) string {
	if nav == NavLeavers {
		return "still active"
	}
	return "to look at"
}
