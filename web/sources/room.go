// Package sources is the room of the places that people and groups come from: what is
// read (AWS's own directory, LDAP, Active Directory), and who pushes (SCIM).
package sources

import (
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/kit"
)

// Room shows sources, their runs and what those would do, and changes their settings.
type Room struct{ *kit.Kit }

// New makes the room.
func New(k *kit.Kit) *Room { return &Room{Kit: k} }

// Routes are the pages of the room.
func (rm *Room) Routes() []kit.Route {
	const (
		viewer = model.RoleViewer
		admin  = model.RoleAdmin
	)
	return []kit.Route{
		kit.Get("/sources", viewer, rm.list),
		kit.Get("/sources/new", admin, rm.choose),
		kit.Get("/sources/new/{kind}", admin, rm.newForm),
		kit.Post("/sources", admin, rm.create).AfterStepUp(),
		kit.Post("/sources/new/simulated-aws", admin, rm.createSimulated).AfterStepUp(),
		kit.Get("/sources/{slug}", viewer, rm.show),
		kit.Get("/sources/{slug}/runs", viewer, rm.listRuns),
		kit.Get("/sources/{slug}/runs/{id}", viewer, rm.showRun),
		kit.Post("/sources/{slug}/runs/{id}/approve", admin, rm.approve).AfterStepUp(),
		kit.Post("/sources/{slug}/runs/{id}/reject", admin, rm.reject),
		kit.Post("/sources/{slug}/runs/{id}/undo", admin, rm.undo).AfterStepUp(),
		kit.Post("/sources/{slug}/run", admin, rm.begin),
		kit.Get("/sources/{slug}/conflicts", viewer, rm.conflicts),
		kit.Post("/sources/{slug}/conflicts/link", admin, rm.link).AfterStepUp(),
		kit.Post("/sources/{slug}/conflicts/unlink", admin, rm.unlink).AfterStepUp(),
		kit.Get("/sources/{slug}/requests", viewer, rm.listRequests),
		kit.Post("/sources/{slug}/tokens", admin, rm.makeToken).AfterStepUp(),
		kit.Post("/sources/{slug}/tokens/{id}/end", admin, rm.endToken),
		kit.Post("/sources/{slug}/test", admin, rm.test),
		kit.Post("/sources/{slug}/status", admin, rm.status).AfterStepUp(),
		kit.Post("/sources/{slug}/delete", admin, rm.remove).AfterStepUp(),
		kit.Get("/sources/{slug}/settings", admin, rm.editForm),
		kit.Post("/sources/{slug}/settings", admin, rm.save).AfterStepUp(),
	}
}
