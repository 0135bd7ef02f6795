package web

import (
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/kit"
)

// helpRoom shows the guide and finds in it.
type helpRoom struct {
	*kit.Kit
}

// newHelpRoom makes the room.
func newHelpRoom(k *kit.Kit) *helpRoom { return &helpRoom{Kit: k} }

// routes are the pages of the room.
func (rm *helpRoom) routes() []kit.Route {
	const (
		viewer = model.RoleViewer
	)
	return []kit.Route{
		kit.Get("/help", viewer, rm.showHelp),
		kit.Get("/help/{page}", viewer, rm.showHelpPage),
		kit.Get("/help/images/{name}", viewer, rm.helpImage),
	}
}
