package web

import (
	"github.com/postern-sso/postern/internal/model"
)

// helpRoom shows the guide and finds in it.
type helpRoom struct {
	*kit
}

// newHelpRoom makes the room.
func newHelpRoom(k *kit) *helpRoom { return &helpRoom{kit: k} }

// routes are the pages of the room.
func (rm *helpRoom) routes() []route {
	const (
		viewer = model.RoleViewer
	)
	return []route{
		Get("/help", viewer, rm.showHelp),
		Get("/help/{page}", viewer, rm.showHelpPage),
		Get("/help/images/{name}", viewer, rm.helpImage),
	}
}
