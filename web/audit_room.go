package web

import (
	"github.com/postern-sso/postern/internal/model"
)

// auditRoom shows who changed what, and exports it.
type auditRoom struct {
	*kit
}

// newAuditRoom makes the room.
func newAuditRoom(k *kit) *auditRoom { return &auditRoom{kit: k} }

// routes are the pages of the room.
func (rm *auditRoom) routes() []route {
	const (
		viewer = model.RoleViewer
	)
	return []route{
		Get("/audit", viewer, rm.listAudit),
		Get("/audit/export.csv", viewer, rm.exportAuditCSV),
		Get("/audit/export.jsonl", viewer, rm.exportAuditJSON),
	}
}
