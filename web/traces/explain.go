package traces

import (
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/templates/parts"
	"github.com/postern-sso/postern/templates/ui"
)

// Explain puts a reason into words, with the evidence of the case where there
// is any.
func Explain(code model.Code, refusal *model.Refusal) parts.Explanation {
	e := sso.Explain(code)
	v := parts.Explanation{Title: e.Title, Happened: e.Happened, Fix: e.Fix, Who: e.Who, Where: e.Where}
	for _, c := range e.Causes {
		v.Causes = append(v.Causes, parts.Cause{Title: c.Title, Look: c.Check})
	}
	if refusal != nil {
		v.Detail, v.Expected, v.Received = refusal.Detail, refusal.Expected, refusal.Received
		v.Field = drawField(code, e.Field, refusal)
	}
	return v
}

// drawField draws the field of the AWS console that mends a refusal, with what
// it holds now as far as the answer tells; nil where no single field does.
func drawField(code model.Code, field *sso.AWSField, refusal *model.Refusal) *ui.AWSFieldView {
	if field == nil {
		return nil
	}
	v := &ui.AWSFieldView{ID: "aws-field", Crumbs: field.Screen, Label: field.Label, Right: field.Right}
	if v.Right == "" {
		v.Right = refusal.Expected
	}
	switch code { //nolint:exhaustive // of the others, the answer does not show what the field holds
	case model.CodeDestinationMismatch, model.CodeRecipientMismatch, model.CodeAudienceMismatch:
		v.Wrong = refusal.Received
	case model.CodeAttributeMissing:
		if strings.Contains(v.Right, " ") {
			return nil // the row is there, and what it sends cannot be used
		}
		v.Note = "The row may be missing, or spelled otherwise. AWS sent: " + refusal.Received + "."
	}
	return v
}
