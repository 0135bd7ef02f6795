package traces

import (
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/parts"
	"github.com/postern-sso/postern/templates/paths"
)

// CureOf chooses the button for a refused login: for its trace, and for every list
// that it stands in. c is its connection; the zero value: it is gone. A cure
// without an address says what is the case already; the zero value: there is none.
func CureOf(l model.Login, code model.Code, f store.CureFacts, c model.Connection) parts.Cure {
	switch cause := CauseOf(code, l.Refusal); {
	case cause.Cure.OfPerson():
		return personCure(l, cause.Cure, f)
	case cause.Cure != "" && c.Slug != "":
		return connectionCure(l, cause, f, c)
	}
	return parts.Cure{}
}

func button(label, href string) parts.Cure {
	return parts.Cure{Label: label, Href: href, Primary: true}
}

// personCure is what can be done for the one person.
func personCure(l model.Login, cure sso.Cure, f store.CureFacts) parts.Cure {
	switch {
	case cure == sso.CureLink && !store.CanLinkFrom(l):
		return parts.Cure{}
	case cure == sso.CureLink && f.Linked != "":
		return parts.Cure{Label: "Undo the link to " + f.Linked + "…", Href: paths.LoginAction(l.ID, "unlink")}
	case cure == sso.CureLink && f.UserExists:
		return button("Link this person to "+l.Person.Username+"…", paths.LoginAction(l.ID, "link"))
	case cure == sso.CureLink:
		return parts.Cure{Said: "The user is gone."}
	case cure == sso.CureActivate && f.UserActive:
		return parts.Cure{Said: "Active again."}
	case cure == sso.CureActivate && l.Refusal != nil && l.Refusal.Received != "":
		return button("Activate "+l.Refusal.Received+"…", paths.LoginAction(l.ID, "activate"))
	case cure == sso.CureAdd && f.UserExists:
		return parts.Cure{Said: "A user by now."}
	case cure == sso.CureAdd && l.Person != nil:
		return button("Add this person…", AddPerson(l.Person.Username, l.Person.Email, l.Person.DisplayName(), l.Person.FirstName, l.Person.LastName))
	}
	return parts.Cure{}
}

// connectionCure is what can be done on the connection.
func connectionCure(l model.Login, cause sso.Cause, f store.CureFacts, c model.Connection) parts.Cure {
	switch {
	case cause.Cure == sso.CureTrust && offered(c, l.Refusal, f.Shown):
		return button("Trust this certificate…", paths.Certificates(c.Slug))
	case cause.Cure == sso.CureTrust:
		return button("Bring AWS's certificate…", paths.Certificates(c.Slug))
	case cause.Cure == sso.CureDomain && CanAllowDomain(l, c) && !model.WantsDomain(c.Live.Config.JIT.AllowedEmailDomains, l.Refusal.Received):
		return parts.Cure{Said: l.Refusal.Received + " is allowed by now."}
	case cause.Cure == sso.CureDomain && CanAllowDomain(l, c):
		return button("Allow "+l.Refusal.Received+"…", paths.LoginAction(l.ID, "domain"))
	case cause.Cure == sso.CureDomain:
		return button("Open the allowed email domains…", paths.SetupStep(c.Slug, wizard.StepID(cause.Step)))
	case cause.Cure == sso.CureStep:
		return button("Open this step of the setup…", paths.SetupStep(c.Slug, wizard.StepID(cause.Step)))
	default:
		return button("Open the connection…", paths.Connection(c.Slug))
	}
}

// offered tells whether the very certificate that a refused answer named stands
// in the metadata that was fetched last, over https, from AWS's address of the connection.
// Whoever posts an answer can name any certificate; only AWS publishes its own.
func offered(c model.Connection, r *model.Refusal, shown []string) bool {
	return r != nil && r.Received != "" && c.Live != nil && strings.HasPrefix(c.Live.Config.IdPMetadataURL, "https://") &&
		slices.Contains(shown, r.Received)
}

// CanAllowDomain tells whether a login was refused for a domain that could stand
// among the allowed ones of its connection.
func CanAllowDomain(l model.Login, c model.Connection) bool {
	return c.Live != nil && l.Refusal != nil && l.Refusal.Cause == model.CauseDomain &&
		model.CheckAllowedDomain(l.Refusal.Received) == nil
}
