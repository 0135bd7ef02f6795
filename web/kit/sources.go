package kit

import (
	"context"

	"github.com/postern-sso/postern/internal/health"
)

// CountSources counts anew how many sources want somebody to look: pages that say so
// of one call it, so that the navigation agrees with them.
func (k *Kit) CountSources(ctx context.Context) error {
	_, err := k.sources.anew(ctx, k.Now, k.sourcesToLookAt)
	return err
}

func (k *Kit) sourcesToLookAt(ctx context.Context) (int, error) {
	return k.Store.CountSourcesToLookAt(ctx, health.SourceFailed)
}

// sourcesNow is the number as the navigation shows it; where it cannot be counted,
// none is shown.
func (k *Kit) sourcesNow(ctx context.Context) int {
	n, err := k.sources.shown(ctx, k.Now, k.sourcesToLookAt)
	if err != nil {
		k.Log.WarnContext(ctx, "sources not counted", "error", err)
	}
	return n
}
