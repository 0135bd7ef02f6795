// Package login is the room of /saml: it sends people to AWS, judges what AWS
// answers, and begins or refuses their session.
package login

import (
	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/web/kit"
)

// Room takes people through AWS: it sends them there, judges what AWS
// answers, and begins or refuses their session.
type Room struct {
	*kit.Kit
	Refusals *refusals
}

// New makes the room.
func New(k *kit.Kit) *Room { return &Room{Kit: k, Refusals: newRefusals(k.Now)} }

// MountSignIn serves the SAML endpoints.
func (rm *Room) MountSignIn(r chi.Router) {
	r.Get("/saml/{connection}/metadata", rm.Handle(rm.samlMetadata))
	r.With(rm.LimitRate(kit.LoginStartsPerMinute)).Get("/saml/{connection}/login", rm.Handle(rm.samlLogin))
	r.Post("/saml/{connection}/acs", rm.samlACS)
	r.Get("/saml/{connection}/acs", rm.Handle(rm.explainACS))
	r.Get("/saml/{connection}/tested", rm.Handle(rm.samlTested))
	r.Get("/saml/{connection}/arrived", rm.Handle(rm.askAccountSwitch))
}

// MountSignOut serves people who are signed in: they sign out, or say who they are.
func (rm *Room) MountSignOut(r chi.Router) {
	r.Get("/saml/{connection}/logout", rm.Handle(rm.showLogout))
	r.Post("/saml/{connection}/logout", rm.Handle(rm.samlLogout))
	r.Post("/saml/{connection}/arrived", rm.Handle(rm.answerAccountSwitch))
}
