package audit

// What the tests of this package look at.

var (
	AuditColumns = auditColumns
	Diff         = diff
)
