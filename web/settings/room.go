// Package settings is the room of what holds for the whole of Postern.
package settings

import (
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/oidc"
	"github.com/postern-sso/postern/web/kit"
)

// Room is about what holds for the whole of Postern, and about the keys
// that sign for the apps.
type Room struct {
	*kit.Kit
	provider *oidc.Provider
}

// New makes the room; p has the keys that sign.
func New(k *kit.Kit, p *oidc.Provider) *Room {
	return &Room{Kit: k, provider: p}
}

// Routes are the pages of the room.
func (rm *Room) Routes() []kit.Route {
	const (
		viewer = model.RoleViewer
		owner  = model.RoleOwner
	)
	return []kit.Route{
		kit.Get("/settings", viewer, rm.showSettings),
		kit.Post("/settings", owner, rm.saveSettings),
		kit.Post("/settings/preview", owner, rm.previewTexts),
		kit.Get("/settings/public-url", owner, rm.showPublicURL),
		kit.Post("/settings/public-url", owner, rm.changePublicURL).AfterStepUp(),
		kit.Get("/settings/signing-keys", viewer, rm.showSigningKeys),
		kit.Post("/settings/signing-keys", owner, rm.rotateSigningKeys).AfterStepUp(),
		kit.Post("/settings/signing-keys/withdraw", owner, rm.withdrawSigningKeys).AfterStepUp(),
	}
}
