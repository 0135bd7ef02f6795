package web

import (
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/templates/console"
)

// explain puts a reason into words, with the evidence of the case where there
// is any.
func explain(code model.Code, refusal *model.Refusal) console.Explanation {
	e := sso.Explain(code)
	v := console.Explanation{Title: e.Title, Happened: e.Happened, Fix: e.Fix, Who: e.Who, Where: e.Where}
	for _, c := range e.Causes {
		v.Causes = append(v.Causes, console.Cause{Title: c.Title, Look: c.Check})
	}
	if refusal != nil {
		v.Detail, v.Expected, v.Received = refusal.Detail, refusal.Expected, refusal.Received
	}
	return v
}
