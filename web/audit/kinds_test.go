package audit_test

import (
	"testing"

	"github.com/postern-sso/postern/templates/audit"
	"github.com/postern-sso/postern/web/kit"
)

// What the audit has can be looked for by its kind.
func TestEveryKindOfChangeHasItsFilter(t *testing.T) {
	t.Parallel()
	for subject := range kit.AuditSubjects {
		if !audit.IsAuditKind(subject + ".") {
			t.Errorf("the audit has no filter for the changes of %q", subject)
		}
	}
}
