package traces

import (
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/templates/parts"
)

// Seen is what the page of a refused login says to the person. Only whether, and
// how, starting again helps depends on the cause; nothing that tells who has an
// account.
func Seen(code model.Code, refusal *model.Refusal) parts.Seen {
	r := model.Refusal{Code: code}
	if refusal != nil {
		r = *refusal
	}
	v := parts.Seen{Title: "You could not be signed in"}
	switch c := sso.CauseOf(r, sso.Neighborhood{}); {
	case c.ID == model.CauseInternal:
		v.What, v.Next = "This is a fault of the sign-in service, not of your account.", "Try again in a minute."
	case c.Retry():
		v.What, v.Next = "This site did not let you in.", c.Advice()+" If it happens again, an administrator has to look at it."
	default:
		v.What, v.Next = "This site did not let you in.", "Trying again does not help now: an administrator has to look at it first."
	}
	return v
}
