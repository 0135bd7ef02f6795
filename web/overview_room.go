package web

import (
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/kit"
)

// overviewRoom is the first page of the console.
type overviewRoom struct {
	*kit.Kit
}

// newOverviewRoom makes the room.
func newOverviewRoom(k *kit.Kit) *overviewRoom { return &overviewRoom{Kit: k} }

// routes are the pages of the room.
func (rm *overviewRoom) routes() []kit.Route {
	const (
		viewer = model.RoleViewer
	)
	return []kit.Route{
		kit.Get("/", viewer, rm.showOverview),
	}
}
