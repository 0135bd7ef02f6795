package web

import (
	"github.com/postern-sso/postern/internal/model"
)

// overviewRoom is the first page of the console.
type overviewRoom struct {
	*kit
}

// newOverviewRoom makes the room.
func newOverviewRoom(k *kit) *overviewRoom { return &overviewRoom{kit: k} }

// routes are the pages of the room.
func (rm *overviewRoom) routes() []route {
	const (
		viewer = model.RoleViewer
	)
	return []route{
		Get("/", viewer, rm.showOverview),
	}
}
