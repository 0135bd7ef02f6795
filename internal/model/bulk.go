package model

import "time"

// BulkKind is what a bulk change does to each of its users.
type BulkKind string

// Kinds of bulk changes. Those of groups are about memberships by hand.
const (
	BulkAdd        BulkKind = "add"
	BulkRemove     BulkKind = "remove"
	BulkActivate   BulkKind = "activate"
	BulkDeactivate BulkKind = "deactivate"
)

// OfGroup tells whether the kind changes who is in a group.
func (k BulkKind) OfGroup() bool { return k == BulkAdd || k == BulkRemove }

// UndoFor is how long a bulk change can be undone.
const UndoFor = 30 * 24 * time.Hour

// BulkItem is one user whom a bulk change really changed.
type BulkItem struct {
	UserID   string
	Username string
	Epoch    int       // activate, deactivate: the session epoch afterwards
	Origin   string    // remove: who had added the user
	Since    time.Time // remove: since when
}

// BulkChange is one change of many users at once.
type BulkChange struct {
	ID       int64
	At       time.Time
	Actor    string
	Kind     BulkKind
	Group    string // as it is named now; empty: not about a group
	Items    []BulkItem
	AuditID  int64
	UndoneAt time.Time // zero: not undone
	UndoneBy string
}

// CanUndo tells whether the change can still be undone at that time.
func (b BulkChange) CanUndo(now time.Time) bool {
	return b.UndoneAt.IsZero() && now.Sub(b.At) < UndoFor
}
