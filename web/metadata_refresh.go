package web

import (
	"context"

	"github.com/postern-sso/postern/internal/model"
)

// askForMetadata brings the next fetch forward when a login came with a
// certificate that nobody here knows. That it fails must not fail the answer.
func (rm *loginRoom) askForMetadata(ctx context.Context, a attempt, refusal *model.Refusal) {
	if refusal.Code != model.CodeCertificateUnknown || a.revision == nil || a.revision.Config.IdPMetadataURL == "" {
		return
	}
	if err := rm.Store.AskForMetadataCheck(ctx, a.connection.ID, rm.Now()); err != nil {
		rm.Log.WarnContext(ctx, "metadata not asked for", "error", err)
	}
}
