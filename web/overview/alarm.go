package overview

import (
	"github.com/postern-sso/postern/internal/health"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/overview"
	"github.com/postern-sso/postern/templates/parts"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/trust"
)

// alarm is why people cannot sign in now; nil: they can. There is at most one: of
// several connections that fail the one that failed first.
func (rm *Room) alarm(v overview.OverviewPage) (*overview.Alarm, error) {
	var worst *overview.Alarm
	for _, c := range v.Connections {
		r := c.Health.Stopped()
		if r == nil || c.Connection.Status != model.StatusLive {
			continue
		}
		if worst == nil || !r.Since.IsZero() && r.Since.Before(worst.Reason.Since) {
			worst = &overview.Alarm{Connection: c.Connection, Evidence: c.Evidence, Reason: *r, Action: parts.ActionOf(*r, c.Connection.Slug, "")}
		}
	}
	if worst == nil || worst.Reason.ID != "certificate_changed" {
		return worst, nil
	}
	fresh, _, _, err := trust.With(rm.Kit).Offer(worst.Connection, worst.Evidence.Check)
	if err != nil {
		return nil, err
	}
	for _, cert := range fresh {
		if health.Carries(worst.Evidence, cert.Fingerprint) {
			worst.Metadata = &ui.Side{Text: short(cert.Fingerprint), Code: true,
				Note: "New: " + cert.KeyType + ", until " + model.Day(cert.NotAfter)}
			worst.Answers = &ui.Side{Text: short(cert.Fingerprint), Code: true, Note: "The same."}
		}
	}
	worst.Action.Label = "Look at the new certificate…"
	return worst, nil
}

// short is the beginning and the end of a fingerprint. The whole stands on the
// page of the certificates.
func short(fingerprint string) string {
	if len(fingerprint) < 24 {
		return fingerprint
	}
	return fingerprint[:8] + " … " + fingerprint[len(fingerprint)-5:]
}
