package web

import (
	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/kit"
)

// warningsRoom tells people what they should know without looking: by mail, by
// webhook, and as a calendar.
type warningsRoom struct{ *kit.Kit }

// newWarningsRoom makes the room.
func newWarningsRoom(k *kit.Kit) *warningsRoom { return &warningsRoom{Kit: k} }

// mountCalendar serves the calendar to programs that know its address.
func (rm *warningsRoom) mountCalendar(r chi.Router) {
	r.With(rm.LimitRate(kit.SetupLinksPerMinute)).Get("/calendar/{file}", rm.Handle(rm.showCalendar))
}

// routes are the pages of the room.
func (rm *warningsRoom) routes() []kit.Route {
	const (
		viewer = model.RoleViewer
		owner  = model.RoleOwner
	)
	return []kit.Route{
		kit.Get("/settings/warnings", viewer, rm.showWarnings),
		kit.Post("/settings/warnings/mail", owner, rm.saveMail).AfterStepUp(),
		kit.Post("/settings/warnings/mail/test", owner, rm.testMail),
		kit.Post("/settings/warnings/webhook", owner, rm.saveWebhook).AfterStepUp(),
		kit.Post("/settings/warnings/webhook/test", owner, rm.testWebhook),
		kit.Post("/settings/warnings/calendar", owner, rm.renewCalendar).AfterStepUp(),
	}
}
