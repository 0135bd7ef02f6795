package provision

import (
	"fmt"

	"github.com/postern-sso/postern/internal/model"
)

// bySource decides about somebody whom no identity recognizes and whom AWS's own
// directory knows, as a source: by the stable id that both have. It does not decide
// where no source knows anything, and where somebody is to be linked anew.
func bySource(in Input) (d model.Decision, refusal *model.Refusal, decided bool) {
	k := in.Known.BySource
	switch {
	case k == nil && (in.Known.SourceIDOf == "" || in.Person.ExternalID == "" || in.Known.ByUsername == nil), mayReplaceNamesake(in):
		return d, nil, false
	case k == nil:
		return d, &model.Refusal{Code: model.CodeUsernameTaken, Cause: model.CauseStableID, Expected: in.Known.SourceIDOf, Received: in.Person.ExternalID,
			Detail: fmt.Sprintf("A source knows the user %s by another stable id than the one that AWS sent.", in.Known.ByUsername.Username)}, true
	case k.Linked:
		return d, &model.Refusal{Code: model.CodeUsernameTaken, Cause: model.CauseLinkedElsewhere, Expected: "the person from AWS to whom this user is linked",
			Received: in.Person.ExternalID, Detail: fmt.Sprintf("The source %s knows this person as the user %s, who is already linked to another person in AWS. "+
				"If it is the same person, made anew in AWS, link them here.", k.Source, k.User.Username)}, true
	case k.Administers:
		return d, &model.Refusal{Code: model.CodeUsernameTaken, Cause: model.CauseAdministers, Expected: "a user who may not use the console",
			Received: k.User.Username, Detail: fmt.Sprintf("The user %s may use the console. Only an administrator links such a user, looking at this very person.",
				k.User.Username)}, true
	case !k.User.Active:
		return d, deactivated(k.User), true
	}
	d = model.Decision{Action: model.UserKept, User: k.User, LinkIdentity: true, Changes: []model.Change{{What: model.ChangeLinked, Name: k.User.Username,
		To: in.Person.NameID, Why: "because the source " + k.Source + " knows this user by the stable id that AWS sent"}}}
	if in.Config.Provisioning == model.ProvisioningJIT {
		update(in, &d)
	}
	return d, nil, true
}

// mayReplaceNamesake tells whether the user with the person's username is to be linked
// anew: who was made anew in AWS comes with an id that no source knows yet.
func mayReplaceNamesake(in Input) bool {
	return in.Known.ByUsername != nil && mayReplace(in)
}

// keepOwned notes what AWS sent otherwise than the user's source has it: the source
// owns it.
func keepOwned(in Input, d *model.Decision) {
	u, p := d.User, in.Person
	for _, f := range []struct{ name, has, sent string }{
		{"username", u.Username, p.Username}, {"email", u.Email, p.Email}, {"first name", u.FirstName, p.FirstName}, {"last name", u.LastName, p.LastName},
	} {
		if f.sent != "" && f.sent != f.has {
			d.Changes = append(d.Changes, model.Change{What: model.ChangeKept, Name: f.name, From: f.has, To: f.has,
				Why: "although AWS sent “" + f.sent + "”: owned by " + u.Home})
		}
	}
}
