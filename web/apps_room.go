package web

import (
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/oidc"
	"github.com/postern-sso/postern/web/kit"
)

// appsRoom is about the apps that get people and groups from Postern.
type appsRoom struct {
	*kit.Kit
	provider *oidc.Provider
}

// newAppsRoom makes the room; p signs people in to the apps.
func newAppsRoom(k *kit.Kit, p *oidc.Provider) *appsRoom { return &appsRoom{Kit: k, provider: p} }

// routes are the pages of the room.
func (rm *appsRoom) routes() []kit.Route {
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
