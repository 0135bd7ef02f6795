package traces

import (
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/templates/parts"
	"github.com/postern-sso/postern/templates/ui"
)

// CauseOf is the cause of a refusal; of an attempt that never came back, that of
// its code.
func CauseOf(code model.Code, refusal *model.Refusal) sso.Cause {
	if refusal == nil {
		return sso.Explain(code).Cause
	}
	return sso.CauseOf(*refusal, sso.Neighborhood{})
}

// Explain puts a cause into words, with the evidence of the case where there is
// any.
func Explain(code model.Code, refusal *model.Refusal) parts.Explanation {
	c := CauseOf(code, refusal)
	v := parts.Explanation{Title: sso.Explain(code).Title, Happened: c.Happened, Fix: c.Fix, Who: c.Who, Where: c.Where, Alike: c.Alike, Claimed: c.Claimed}
	for _, p := range c.Possible {
		v.Causes = append(v.Causes, parts.Cause{Title: p.Title, Look: p.Check})
	}
	if refusal != nil {
		v.Detail, v.Expected, v.Received = refusal.Detail, refusal.Expected, refusal.Received
		v.Field = drawField(c, refusal)
		sayOnce(&v, c)
	}
	return v
}

// sayOnce leaves out what the sentence of the cause says already: that a user
// was expected, and a name came.
func sayOnce(v *parts.Explanation, c sso.Cause) {
	switch c.Cure {
	case sso.CureAdd, sso.CureActivate:
		v.Detail, v.Expected, v.Received = "", "", ""
	case sso.CureLink:
		v.Expected, v.Received = "", ""
	case sso.CureTrust, sso.CureDomain, sso.CureStep, sso.CureOpen:
	}
}

// drawField draws the field of the AWS console that mends a refusal, with what
// it holds now as far as the answer tells; nil where no single field does.
func drawField(c sso.Cause, refusal *model.Refusal) *ui.AWSFieldView {
	field := c.Field
	if field == nil {
		return nil
	}
	v := &ui.AWSFieldView{ID: "aws-field", Crumbs: field.Screen, Label: field.Label, Right: field.Right}
	if v.Right == "" {
		v.Right = refusal.Expected
	}
	if strings.Contains(v.Right, " ") || strings.HasPrefix(v.Right, "urn:oasis:names:tc:SAML:2.0:status:") {
		return nil // nothing that could be typed there: of an older trace, or without what the connection asks for
	}
	if c.Alike {
		v.Wrong = refusal.Received
	}
	if c.ID == model.CauseAttributeAbsent {
		v.Note = "The row may be missing, or spelled otherwise."
	}
	return v
}
