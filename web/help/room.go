// Package help is the room that shows the guide and finds in it.
package help

import (
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/kit"
)

// Room shows the guide and finds in it.
type Room struct {
	*kit.Kit
}

// New makes the room.
func New(k *kit.Kit) *Room { return &Room{Kit: k} }

// Routes are the pages of the room.
func (rm *Room) Routes() []kit.Route {
	const (
		viewer = model.RoleViewer
	)
	return []kit.Route{
		kit.Get("/help", viewer, rm.showHelp),
		kit.Get("/help/{page}", viewer, rm.showHelpPage),
		kit.Get("/help/images/{name}", viewer, rm.helpImage),
	}
}
