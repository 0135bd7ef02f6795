package provision

import (
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

// update brings the user up to what AWS sent, where the connection says so.
// What AWS did not send stays.
func update(in Input, d *model.Decision) {
	if !in.Config.JIT.Update {
		return
	}
	if d.User.Home != "" {
		keepOwned(in, d)
		return
	}
	p, u := in.Person, &d.User
	updateUsername(in, d)
	change := func(name string, field *string, sent string) {
		if sent == "" || *field == sent {
			return
		}
		d.Changes = append(d.Changes, model.Change{What: model.ChangeUpdated, Name: name, From: *field, To: sent,
			Why: "because AWS sent a different " + name})
		*field, d.Action = sent, model.UserUpdated
	}
	change("email", &u.Email, p.Email)
	change("first name", &u.FirstName, p.FirstName)
	change("last name", &u.LastName, p.LastName)
	if p.FirstName != "" || p.LastName != "" { // AWS sends no display name of its own
		change("display name", &u.DisplayName, model.FitText(strings.TrimSpace(u.FirstName+" "+u.LastName), model.MaxPersonName))
	}
}

// updateUsername follows a new name in AWS, unless somebody else has it here.
// The person is let in either way.
func updateUsername(in Input, d *model.Decision) {
	sent, u := in.Person.Username, &d.User
	if sent == "" || sent == u.Username {
		return
	}
	if other := in.Known.ByUsername; other != nil && other.ID != u.ID {
		d.Changes = append(d.Changes, model.Change{What: model.ChangeKept, Name: "username " + u.Username, From: u.Username, To: u.Username,
			Why: "because AWS now says “" + sent + "”, but another user has that username"})
		return
	}
	d.Changes = append(d.Changes, model.Change{What: model.ChangeUpdated, Name: "username", From: u.Username, To: sent,
		Why: "because AWS sent a different username"})
	u.Username, d.Action = sent, model.UserUpdated
}
