package web

import (
	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/model"
)

// warningsRoom tells people what they should know without looking: by mail, by
// webhook, and as a calendar.
type warningsRoom struct{ *kit }

// newWarningsRoom makes the room.
func newWarningsRoom(k *kit) *warningsRoom { return &warningsRoom{kit: k} }

// mountCalendar serves the calendar to programs that know its address.
func (rm *warningsRoom) mountCalendar(r chi.Router) {
	r.With(rm.limitRate(setupLinksPerMinute)).Get("/calendar/{file}", rm.handle(rm.showCalendar))
}

// routes are the pages of the room.
func (rm *warningsRoom) routes() []route {
	const (
		viewer = model.RoleViewer
		owner  = model.RoleOwner
	)
	return []route{
		Get("/settings/warnings", viewer, rm.showWarnings),
		Post("/settings/warnings/mail", owner, rm.saveMail).afterStepUp(),
		Post("/settings/warnings/mail/test", owner, rm.testMail),
		Post("/settings/warnings/webhook", owner, rm.saveWebhook).afterStepUp(),
		Post("/settings/warnings/webhook/test", owner, rm.testWebhook),
		Post("/settings/warnings/calendar", owner, rm.renewCalendar).afterStepUp(),
	}
}
