package forecast

import (
	"net/http"

	"github.com/postern-sso/postern/internal/forecast"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/ui"
)

// LossesNotAccepted is said where nobody ticked that people may be locked out.
const LossesNotAccepted = "Nothing has changed: people who can sign in today could not any more. Look at who they are, then tick the box, or change the setup."

// NoteLosses writes down that somebody was told who is locked out, and went on.
func (lf Forecasts) NoteLosses(r *http.Request, a model.Administrator, slug string, flight *forecast.Preflight) error {
	if flight.Lost.Count == 0 {
		return nil
	}
	return lf.Store.RecordAudit(r.Context(), lf.kit.Actor(r, a), "connection.lock_out_accepted", slug,
		ui.Count(flight.Lost.Count, "person who could sign in cannot any more", "people who could sign in cannot any more"))
}
