package parts

import (
	"github.com/postern-sso/postern/internal/model"
)

// AuditRow is one change.
type AuditRow struct {
	Entry   model.AuditEntry
	Action  string // in words
	Object  string // as people call it
	Actor   string // as people call who did it
	Fields  []FieldChange
	Bulk    *model.BulkChange // nil: not a bulk change
	CanUndo bool
	Parts   []AuditRow // what the same act did besides, the newest of it
	More    int        // how many there are of these
}

// FieldChange is one field before and after.
type FieldChange struct {
	Name   string
	Before string // empty: there was none
	After  string // empty: there is none
}
