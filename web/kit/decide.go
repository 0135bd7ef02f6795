package kit

import (
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/provision"
	"github.com/postern-sso/postern/internal/sso"
)

// Decide is what provisioning would do about the person of a login by a revision
// of the connection, given what the database knows.
func (k *Kit) Decide(c model.Connection, rev *model.Revision, l model.Login) func(model.Known) model.Decision {
	return func(known model.Known) model.Decision {
		d := provision.Decide(provision.Input{
			Connection: c.Slug, Config: rev.Config, Person: *l.Person,
			Known: known, LoginID: l.ID, Now: k.Now(),
		})
		d.Check = decisionCheck(d)
		return d
	}
}

// decisionCheck is the last check of a login: whether the person may be, or
// become, a user.
func decisionCheck(d model.Decision) model.Check {
	c := model.Check{ID: "user", Title: sso.CheckTitle("user"), State: model.CheckPassed, Received: d.User.Username}
	if r := d.Refusal; r != nil {
		c.State, c.Code, c.Expected, c.Received, c.Note = model.CheckFailed, r.Code, r.Expected, r.Received, r.Detail
	}
	return c
}
