package logins

import (
	"context"
	"errors"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/logins"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/traces"
	"github.com/postern-sso/postern/web/trust"
)

// done says that what cures a refusal stands already, as it is now; nil: it does
// not, or nobody can tell.
func (rm *Room) done(ctx context.Context, l model.Login, cause sso.Cause, c model.Connection) (*logins.Done, error) {
	var d *logins.Done
	var err error
	switch {
	case l.Refusal == nil:
	case cause.Cure == sso.CureLink && store.CanLinkFrom(l):
		var to store.UserStanding
		if to, err = rm.Store.LinkedTo(ctx, l); err == nil {
			d = &logins.Done{Text: "The person of this login is linked to " + to.Username + " now.", Did: "Linked", By: to.By, At: to.At,
				Label: "Open " + to.Username, Href: paths.User(to.Username)}
		}
	case cause.Cure == sso.CureActivate && l.Refusal.Received != "":
		var u store.UserStanding
		if u, err = rm.Store.Standing(ctx, l.Refusal.Received, store.StandingActivated); err == nil && u.Active {
			d = &logins.Done{Text: u.Username + " is active now.", Did: "Activated", By: u.By, At: u.At}
		}
	case cause.Cure == sso.CureAdd && l.Person != nil:
		var u store.UserStanding
		if u, err = rm.Store.Standing(ctx, l.Person.Username, store.StandingMade); err == nil {
			d = &logins.Done{Text: "There is a user " + u.Username + " now.", Did: "Added", By: u.By, At: u.At,
				Label: "Open " + u.Username, Href: paths.User(u.Username)}
		}
	case cause.Cure == sso.CureTrust && c.Live != nil && l.Refusal.Received != "" && trust.With(rm.Kit).HasCertificate(c, l.Refusal.Received):
		d = &logins.Done{Text: "The certificate that this answer names is trusted now.", Label: "Open the certificates", Href: paths.Certificates(c.Slug)}
	case cause.Cure == sso.CureDomain && traces.CanAllowDomain(l, c) && !model.WantsDomain(c.Live.Config.JIT.AllowedEmailDomains, l.Refusal.Received):
		var e model.AuditEntry
		e, err = rm.Store.WhoAllowed(ctx, c.Slug, l.Refusal.Received)
		d = &logins.Done{Text: domainAllowed(l.Refusal.Received), Did: "Allowed", By: e.Actor, At: e.At}
	}
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	return d, err
}

func domainAllowed(domain string) string {
	return "New people with an email at " + domain + " are not refused for their domain any more."
}
