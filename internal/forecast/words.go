package forecast

import (
	"github.com/postern-sso/postern/internal/model"
)

// Title says how the next sign-in with the connection ends, as a heading.
func (s SignIn) Title() string {
	switch {
	case s.Kind == OutlookRefused && s.NeedsLink():
		return "Refused by " + s.Name + " until you link this user"
	case s.Kind == OutlookRefused:
		return "Refused by " + s.Name
	case s.Kind == OutlookCreated:
		return "The next sign-in with " + s.Name + " makes the new user " + s.Username
	case s.Consent != nil && s.Consent.Replaces():
		return "May be linked anew at the next sign-in with " + s.Name
	case s.Links:
		return "Will be linked at the next sign-in with " + s.Name
	default:
		return "Signs in with " + s.Name
	}
}

// NeedsLink tells whether the sign-in is refused because nobody allowed to link the
// user, and an administrator can allow it.
func (s SignIn) NeedsLink() bool {
	return s.Code == model.CodeUsernameTaken && (s.Cause == model.CauseNotAllowed || s.Cause == model.CauseAdministers || s.Cause == model.CauseConsentEnded)
}

// CanAllow tells whether an administrator can allow the next sign-in to link the user.
func (s SignIn) CanAllow() bool {
	return s.Code == model.CodeUsernameTaken && s.Cause == model.CauseNotAllowed && !s.Linked
}

// Says tells why, and what it needs, in a sentence or two. Who allowed it and when
// is for the page to say.
func (s SignIn) Says() string {
	switch {
	case s.Kind == OutlookRefused:
		return s.refusedBecause()
	case s.Kind == OutlookCreated:
		return "AWS would bring that username, which nobody has here."
	case s.Consent != nil && s.Consent.Replaces():
		return "The person whom AWS calls " + s.Username + " takes the place of the one who is linked now, once. Until then that one can sign in as before."
	case s.Links:
		return "The first person whom AWS calls " + s.Username + " becomes this user, once." + s.condition()
	default:
		return "As the AWS person who is linked."
	}
}

// condition is what AWS must bring besides the username.
func (s SignIn) condition() string {
	if s.StableID == "" || s.Consent == nil {
		return ""
	}
	return " AWS must send the user id " + s.StableID + " for them, by which this user is known from another connection."
}

func (s SignIn) refusedBecause() string {
	switch s.Code {
	case model.CodeUserDeactivated:
		return "The user is deactivated."
	case model.CodeEmailDomainRefused:
		return "The connection takes new people only with an email at certain domains, and this user's is not one of them. " +
			"The email that AWS sends counts."
	case model.CodeUsernameTaken:
		switch s.Cause {
		case model.CauseAdministers:
			return "The user may use the console, so no sign-in links them by itself. Let them try to sign in, then link that very person " +
				"on the page of the refused sign-in."
		case model.CauseConsentEnded:
			return "The time in which they could be linked anew is over. The old AWS person can sign in as before."
		case model.CauseLinkedElsewhere:
			return "The user is linked to another person in AWS. If they were made anew there, link the new one on the page of the refused sign-in."
		case model.CauseStableID:
			return "The AWS user id contradicts what is known from another connection."
		default:
			return "Somebody in AWS with this username would be refused: nobody has allowed to link them, and the connection does not link users that exist."
		}
	default:
		return s.Why + "."
	}
}

// Clause is the same in half a line, for lists and previews.
func (s SignIn) Clause() string {
	switch {
	case s.Kind == OutlookRefused && s.NeedsLink():
		return "refused by " + s.Name + " until you link them"
	case s.Kind == OutlookRefused:
		return "refused by " + s.Name + ": " + model.LowerFirst(s.Why)
	case s.Kind == OutlookCreated:
		return "a new user with " + s.Name
	case s.Links:
		return "linked at the first sign-in with " + s.Name
	default:
		return "signs in with " + s.Name
	}
}
