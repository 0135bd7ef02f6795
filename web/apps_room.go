package web

import (
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/oidc"
)

// appsRoom is about the apps that get people and groups from Postern.
type appsRoom struct {
	*kit
	provider *oidc.Provider
}

// newAppsRoom makes the room; p signs people in to the apps.
func newAppsRoom(k *kit, p *oidc.Provider) *appsRoom { return &appsRoom{kit: k, provider: p} }

// routes are the pages of the room.
func (rm *appsRoom) routes() []route {
	const (
		viewer = model.RoleViewer
		admin  = model.RoleAdmin
	)
	return []route{
		Get("/apps", viewer, rm.listApps),
		Get("/apps/new", admin, rm.newApp),
		Post("/apps", admin, rm.createApp).afterStepUp(),
		Get("/apps/{slug}", viewer, rm.showApp),
		Post("/apps/{slug}", admin, rm.updateApp).afterStepUp(),
		Post("/apps/{slug}/secrets", admin, rm.renewSecret).afterStepUp(),
		Post("/apps/{slug}/secrets/{id}/remove", admin, rm.removeSecret),
		Get("/apps/{slug}/test", admin, rm.startAppTest),
		Get("/apps/{slug}/tested", admin, rm.finishAppTest),
		Post("/apps/{slug}/delete", admin, rm.deleteApp).afterStepUp(),
	}
}
