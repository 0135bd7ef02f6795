// Package overview is the room of the first page of the console.
package overview

import (
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/kit"
)

// Room is the first page of the console.
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
		kit.Get("/", viewer, rm.showOverview),
	}
}
