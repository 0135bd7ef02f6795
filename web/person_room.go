package web

import (
	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/oidc"
	"github.com/postern-sso/postern/templates/paths"
)

// personRoom is what people see of Postern: their own page, and the browser's side
// of a sign-in to an app.
type personRoom struct {
	*kit
	provider *oidc.Provider
}

// newPersonRoom makes the room, and the OpenID Connect provider.
func newPersonRoom(k *kit) (*personRoom, error) {
	rm := &personRoom{kit: k}
	var err error
	rm.provider, err = rm.newProvider()
	return rm, err
}

// mountCallbacks serves browsers that an app has sent. Only the callback and the
// sign-out look at the session.
func (rm *personRoom) mountCallbacks(r chi.Router) {
	r.With(rm.persons.LoadAndSave).Get(oidc.CallbackPath, rm.handle(rm.oidcCallback))
	r.With(rm.persons.LoadAndSave).Get(oidc.LogoutPath, rm.handle(rm.oidcLogout))
	r.Post(oidc.LogoutPath, rm.handle(rm.oidcLogoutByForm))
}

// mountOwnPages serves people who are signed in.
func (rm *personRoom) mountOwnPages(r chi.Router) {
	r.Get("/me", rm.handle(rm.me))
	r.Post(paths.OIDCSignOut, rm.handle(rm.oidcSignOut))
}
