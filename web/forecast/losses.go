package forecast

import (
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/ui"
)

const LossesNotAccepted = "Nothing has changed: people who can sign in today could not any more. Look at who they are, then tick the box, or change the setup."

// NoteLosses writes down that somebody was told who is locked out, and went on.
func (lf Forecasts) NoteLosses(r *http.Request, a model.Administrator, slug string, flight *ui.Preflight) error {
	if flight.Lost == 0 {
		return nil
	}
	return lf.Store.RecordAudit(r.Context(), lf.Actor(r, a), "connection.lock_out_accepted", slug,
		ui.Count(flight.Lost, "person who could sign in cannot any more", "people who could sign in cannot any more"))
}
