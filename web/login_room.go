package web

import (
	"github.com/go-chi/chi/v5"
)

// loginRoom takes people through AWS: it sends them there, judges what AWS
// answers, and begins or refuses their session.
type loginRoom struct {
	*kit
	refusals *refusals
}

// newLoginRoom makes the room.
func newLoginRoom(k *kit) *loginRoom { return &loginRoom{kit: k, refusals: newRefusals(k.now)} }

// mountSignIn serves the SAML endpoints.
func (rm *loginRoom) mountSignIn(r chi.Router) {
	r.Get("/saml/{connection}/metadata", rm.handle(rm.samlMetadata))
	r.With(rm.limitRate(loginStartsPerMinute)).Get("/saml/{connection}/login", rm.handle(rm.samlLogin))
	r.Post("/saml/{connection}/acs", rm.samlACS)
	r.Get("/saml/{connection}/acs", rm.handle(rm.explainACS))
	r.Get("/saml/{connection}/tested", rm.handle(rm.samlTested))
	r.Get("/saml/{connection}/arrived", rm.handle(rm.askAccountSwitch))
}

// mountSignOut serves people who are signed in: they sign out, or say who they are.
func (rm *loginRoom) mountSignOut(r chi.Router) {
	r.Get("/saml/{connection}/logout", rm.handle(rm.showLogout))
	r.Post("/saml/{connection}/logout", rm.handle(rm.samlLogout))
	r.Post("/saml/{connection}/arrived", rm.handle(rm.answerAccountSwitch))
}
