// Package audit is the room that shows who changed what, and exports it.
package audit

import (
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/kit"
)

// Room shows who changed what, and exports it.
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
		kit.Get("/audit", viewer, rm.listAudit),
		kit.Get("/audit/export.csv", viewer, rm.exportAuditCSV),
		kit.Get("/audit/export.jsonl", viewer, rm.exportAuditJSON),
	}
}
