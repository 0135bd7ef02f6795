// Package person is the room of what people see of Postern: their own page, and
// the browser's side of a sign-in to an app.
package person

import (
	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/oidc"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
)

// Room is what people see of Postern: their own page, and the browser's side
// of a sign-in to an app.
type Room struct {
	*kit.Kit
	Provider *oidc.Provider
}

// New makes the room, and the OpenID Connect provider.
func New(k *kit.Kit) (*Room, error) {
	rm := &Room{Kit: k}
	var err error
	rm.Provider, err = rm.newProvider()
	return rm, err
}

// MountCallbacks serves browsers that an app has sent. Only the callback and the
// sign-out look at the session.
func (rm *Room) MountCallbacks(r chi.Router) {
	r.With(rm.Persons.LoadAndSave).Get(oidc.CallbackPath, rm.Handle(rm.oidcCallback))
	r.With(rm.Persons.LoadAndSave).Get(oidc.LogoutPath, rm.Handle(rm.oidcLogout))
	r.With(rm.Persons.LoadAndSave).Post(oidc.LogoutPath, rm.Handle(rm.oidcLogoutByForm))
}

// MountOwnPages serves people who are signed in.
func (rm *Room) MountOwnPages(r chi.Router) {
	r.Get("/me", rm.Handle(rm.me))
	r.Post(paths.OIDCSignOut, rm.Handle(rm.oidcSignOut))
}
