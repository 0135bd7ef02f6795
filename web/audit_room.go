package web

import (
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/kit"
)

// auditRoom shows who changed what, and exports it.
type auditRoom struct {
	*kit.Kit
}

// newAuditRoom makes the room.
func newAuditRoom(k *kit.Kit) *auditRoom { return &auditRoom{Kit: k} }

// routes are the pages of the room.
func (rm *auditRoom) routes() []kit.Route {
	const (
		viewer = model.RoleViewer
	)
	return []kit.Route{
		kit.Get("/audit", viewer, rm.listAudit),
		kit.Get("/audit/export.csv", viewer, rm.exportAuditCSV),
		kit.Get("/audit/export.jsonl", viewer, rm.exportAuditJSON),
	}
}
