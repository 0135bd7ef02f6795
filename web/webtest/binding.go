package webtest

import (
	"testing"

	"github.com/postern-sso/postern/internal/model"
)

// Refused sends a message that must be refused with that code and lets nobody in.
func (x *Target) Refused(t *testing.T, what, slug string, e Exchange, message string, want model.Code) {
	t.Helper()
	before := x.State()
	w := x.AnswerAt(slug, e, message)
	x.WantCode(t, what, w, want)
	if w.Code != StatusOf(want) {
		t.Errorf("%s: answered %d", what, w.Code)
	}
	x.wantNothing(t, w, e, message, before)
}
