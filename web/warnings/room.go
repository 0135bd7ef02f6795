// Package warnings is the room that tells people what they should know without
// looking: by mail, by webhook, and as a calendar.
package warnings

import (
	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/kit"
)

// Room tells people what they should know without looking: by mail, by
// webhook, and as a calendar.
type Room struct{ *kit.Kit }

// New makes the room.
func New(k *kit.Kit) *Room { return &Room{Kit: k} }

// MountCalendar serves the calendar to programs that know its address.
func (rm *Room) MountCalendar(r chi.Router) {
	r.With(rm.LimitRate(kit.SetupLinksPerMinute)).Get("/calendar/{file}", rm.Handle(rm.showCalendar))
}

// Routes are the pages of the room.
func (rm *Room) Routes() []kit.Route {
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
