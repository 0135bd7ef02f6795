package web

import (
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/oidc"
)

// settingsRoom is about what holds for the whole of Postern, and about the keys
// that sign for the apps.
type settingsRoom struct {
	*kit
	provider *oidc.Provider
}

// newSettingsRoom makes the room; p has the keys that sign.
func newSettingsRoom(k *kit, p *oidc.Provider) *settingsRoom {
	return &settingsRoom{kit: k, provider: p}
}

// routes are the pages of the room.
func (rm *settingsRoom) routes() []route {
	const (
		viewer = model.RoleViewer
		owner  = model.RoleOwner
	)
	return []route{
		Get("/settings", viewer, rm.showSettings),
		Post("/settings", owner, rm.saveSettings),
		Post("/settings/preview", owner, rm.previewTexts),
		Get("/settings/signing-keys", viewer, rm.showSigningKeys),
		Post("/settings/signing-keys", owner, rm.rotateSigningKeys).afterStepUp(),
		Post("/settings/signing-keys/withdraw", owner, rm.withdrawSigningKeys).afterStepUp(),
	}
}
