package logins

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/logins"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/traces"
)

// refusedDomain is a login that was refused for its email domain, and its connection.
func (rm *Room) refusedDomain(r *http.Request) (model.Login, model.Connection, error) {
	l, err := rm.Store.Login(r.Context(), kit.PathValue(r, "id"))
	if err != nil {
		return l, model.Connection{}, err
	}
	c, err := rm.Store.Connection(r.Context(), l.Connection)
	if err == nil && !traces.CanAllowDomain(l, c) {
		err = store.ErrNotFound
	}
	return l, c, err
}

// showDomain says what allowing the domain does.
func (rm *Room) showDomain(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	l, c, err := rm.refusedDomain(r)
	if err != nil {
		return err
	}
	domain, allowed := l.Refusal.Received, c.Live.Config.JIT.AllowedEmailDomains
	v := logins.CurePage{LoginID: l.ID, Button: "Allow " + domain, Action: paths.LoginAction(l.ID, "domain"),
		Verdict: domainAllowed(domain),
		Left:    ui.Side{Head: "Allowed now", Text: strings.Join(allowed, ", "), Code: true},
		Right:   ui.Side{Head: "Allowed afterwards", Text: strings.Join(append(slices.Clone(allowed), domain), ", "), Code: true},
		Does: []string{"It holds for everybody at this domain whom AWS sends through " + c.Name() + ", not for this person alone.",
			"It is live at once, as a new revision that differs in this alone. The connection's page can bring the one before back.",
			"A draft with the same domains gets it, too.",
			"It is written into the audit."},
	}
	if !model.WantsDomain(allowed, domain) {
		v.Verdict, v.Action, v.Left, v.Right, v.Does = domain+" is allowed already.", "", ui.Side{}, ui.Side{}, []string{"Nothing is left to do here."}
	}
	return rm.renderCure(w, r, a, "Allow "+domain, v)
}

func (rm *Room) allowDomain(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	l, c, err := rm.refusedDomain(r)
	if err != nil {
		return err
	}
	domain := l.Refusal.Received
	if !model.WantsDomain(c.Live.Config.JIT.AllowedEmailDomains, domain) {
		e, err := rm.Store.WhoAllowed(r.Context(), c.Slug, domain)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return rm.AlreadyDone(w, r, paths.Login(l.ID), domain+" was already allowed", e)
	}
	if err := rm.Store.AllowEmailDomain(r.Context(), rm.Actor(r, a), c.Slug, domain, domain+", from login "+l.ID); err != nil {
		return err
	}
	return rm.Done(w, r, paths.Login(l.ID), domainAllowed(domain))
}
