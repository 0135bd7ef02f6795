package provision

import (
	"fmt"

	"github.com/postern-sso/postern/internal/model"
)

// linkExisting decides about somebody whom no identity recognizes and whose
// username a user has: an administrator's consent links them, else the
// connection's setting for users that another login made.
func linkExisting(in Input) (model.Decision, *model.Refusal) {
	cause := bar(in)
	switch {
	case cause == "":
		return linkByConsent(in)
	case in.Config.JIT.ExistingUsername == model.ExistingLink:
		return linkByUsername(in, "because the username is the same, the user had no AWS identity yet, and this connection links such users")
	default:
		return model.Decision{}, usernameTaken(in, cause)
	}
}

// bar is why the user with the person's username is not linked by consent; empty
// when they are.
func bar(in Input) model.Cause {
	k := in.Known
	c := k.Consent
	switch {
	case model.Key(k.ByUsername.Username) != model.Key(in.Person.Username):
		return model.CauseLinkedElsewhere
	case c != nil && c.Replaces() && !c.Open(in.Now):
		return model.CauseConsentEnded
	case len(here(in)) > 0 && (c == nil || !c.Replaces()):
		return model.CauseLinkedElsewhere
	case c == nil || !c.Open(in.Now) || c.UserID != k.ByUsername.ID || c.UsernameKey != model.Key(in.Person.Username):
		return model.CauseNotAllowed
	case k.Administers:
		return model.CauseAdministers
	case contradicts(in, *c):
		return model.CauseStableID
	default:
		return ""
	}
}

// here are the identities that the user with the person's username has on this
// connection, whatever AWS was called then.
func here(in Input) []model.Identity {
	var some []model.Identity
	if own := in.Known.UsernameIdentity; own != nil {
		some = append(some, *own)
	}
	for _, i := range in.Known.UsernameElse {
		if i.Connection == in.Connection {
			some = append(some, i)
		}
	}
	return some
}

// contradicts tells whether the person's stable id is known as another user's, or
// the user by another one elsewhere. Who is linked anew comes with new ids.
func contradicts(in Input, c model.Consent) bool {
	if in.Person.ExternalID == "" {
		return false
	}
	if in.Known.StableIDOf != "" {
		return true
	}
	for _, i := range in.Known.UsernameElse {
		if !c.Replaces() && i.ExternalID != "" && i.ExternalID != in.Person.ExternalID {
			return true
		}
	}
	return false
}

// mayReplace tells whether the user is to be linked anew, on a connection that
// needs no consent for a first link.
func mayReplace(in Input) bool {
	c := in.Known.Consent
	return c != nil && c.Replaces() && bar(in) == ""
}

// linkByConsent takes the user with the person's username, as an administrator
// allowed, and uses the consent up.
func linkByConsent(in Input) (model.Decision, *model.Refusal) {
	u, c := *in.Known.ByUsername, *in.Known.Consent
	if !u.Active {
		return model.Decision{}, deactivated(u)
	}
	d := model.Decision{Action: model.UserKept, User: u, LinkIdentity: true, Consent: &c, Replaced: here(in)}
	change := model.Change{What: model.ChangeLinked, Name: u.Username, To: in.Person.NameID, Why: "because " + Allowance(c)}
	if len(d.Replaced) > 0 {
		change.From = d.Replaced[0].NameID
	}
	d.Changes = []model.Change{change}
	return d, nil
}

// Allowance says who allowed a link, and by what, as a part of a sentence.
func Allowance(c model.Consent) string {
	switch c.Why {
	case model.ConsentMade:
		return c.GivenBy + " added this user, and nobody in AWS was linked to it yet"
	case model.ConsentImported:
		return c.GivenBy + " imported this user, and nobody in AWS was linked to it yet"
	case model.ConsentDocument:
		return "the configuration document that " + c.GivenBy + " applied names this user, and nobody in AWS was linked to it yet"
	case model.ConsentUnlinked:
		return c.GivenBy + " unlinked this user, and nobody in AWS was linked to it since"
	case model.ConsentSource:
		return "the " + c.GivenBy + " knows this user, and nobody in AWS was linked to it yet"
	case model.ConsentLinkAnew:
		return c.GivenBy + " let this user be linked anew"
	default:
		return c.GivenBy + " allowed to link this user at the next sign-in"
	}
}

// usernameTaken refuses, with what stood in the way.
func usernameTaken(in Input, cause model.Cause) *model.Refusal {
	r := &model.Refusal{Code: model.CodeUsernameTaken, Cause: cause, Expected: "a username that nobody has yet", Received: in.Person.Username}
	switch cause {
	case model.CauseLinkedElsewhere:
		r.Expected = "the person from AWS to whom this user is linked"
		r.Detail = fmt.Sprintf("The user %s is already linked to another person in AWS. ", in.Known.ByUsername.Username) +
			"If it is the same person, made anew in AWS, link them here."
	case model.CauseConsentEnded:
		r.Detail = fmt.Sprintf("The user %s could be linked anew until %s, and the person came later.", in.Known.ByUsername.Username,
			model.Moment(in.Known.Consent.EndsAt))
	case model.CauseAdministers:
		r.Detail = fmt.Sprintf("The user %s may use the console. Only an administrator links such a user, looking at this very person.", in.Known.ByUsername.Username)
	case model.CauseStableID:
		r.Expected = "the stable id by which this user is known"
		r.Received = in.Person.ExternalID
		r.Detail = fmt.Sprintf("Linking %s was allowed, but the stable id that AWS sent contradicts what is known from another connection.",
			in.Known.ByUsername.Username)
	default:
		r.Detail = fmt.Sprintf("The user %s exists, nobody has allowed to link it at the next sign-in, and this connection does not link users that exist.",
			in.Known.ByUsername.Username)
	}
	return r
}

// linkByUsername takes the user with the person's username, if nobody else from
// AWS has it. The email plays no part: it may be given to another person.
func linkByUsername(in Input, why string) (model.Decision, *model.Refusal) {
	u := *in.Known.ByUsername
	switch {
	case in.Known.UsernameIdentity != nil, model.Key(u.Username) != model.Key(in.Person.Username):
		return model.Decision{}, usernameTaken(in, model.CauseLinkedElsewhere)
	case !u.Active:
		return model.Decision{}, deactivated(u)
	}
	return model.Decision{
		Action: model.UserKept, User: u, LinkIdentity: true,
		Changes: []model.Change{{What: model.ChangeLinked, Name: u.Username, To: in.Person.NameID, Why: why}},
	}, nil
}
