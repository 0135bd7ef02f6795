// Package apps is the room of the apps that get people and groups from Postern.
package apps

import (
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/oidc"
	"github.com/postern-sso/postern/web/kit"
)

// Room is about the apps that get people and groups from Postern.
type Room struct {
	*kit.Kit
	provider *oidc.Provider
}

// New makes the room; p signs people in to the apps.
func New(k *kit.Kit, p *oidc.Provider) *Room { return &Room{Kit: k, provider: p} }

// Routes are the pages of the room.
func (rm *Room) Routes() []kit.Route {
	const (
		viewer = model.RoleViewer
		admin  = model.RoleAdmin
	)
	return []kit.Route{
		kit.Get("/apps", viewer, rm.listApps),
		kit.Get("/apps/new", admin, rm.newApp),
		kit.Post("/apps", admin, rm.createApp).AfterStepUp(),
		kit.Get("/apps/{slug}", viewer, rm.showApp),
		kit.Post("/apps/{slug}", admin, rm.updateApp).AfterStepUp(),
		kit.Post("/apps/{slug}/secrets", admin, rm.renewSecret).AfterStepUp(),
		kit.Post("/apps/{slug}/secrets/{id}/remove", admin, rm.removeSecret),
		kit.Get("/apps/{slug}/test", admin, rm.startAppTest),
		kit.Get("/apps/{slug}/tested", admin, rm.finishAppTest),
		kit.Post("/apps/{slug}/delete", admin, rm.deleteApp).AfterStepUp(),
	}
}
