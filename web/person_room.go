package web

import (
	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/oidc"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
)

// personRoom is what people see of Postern: their own page, and the browser's side
// of a sign-in to an app.
type personRoom struct {
	*kit.Kit
	Provider *oidc.Provider
}

// newPersonRoom makes the room, and the OpenID Connect provider.
func newPersonRoom(k *kit.Kit) (*personRoom, error) {
	rm := &personRoom{Kit: k}
	var err error
	rm.Provider, err = rm.newProvider()
	return rm, err
}

// mountCallbacks serves browsers that an app has sent. Only the callback and the
// sign-out look at the session.
func (rm *personRoom) mountCallbacks(r chi.Router) {
	r.With(rm.Persons.LoadAndSave).Get(oidc.CallbackPath, rm.Handle(rm.oidcCallback))
	r.With(rm.Persons.LoadAndSave).Get(oidc.LogoutPath, rm.Handle(rm.oidcLogout))
	r.Post(oidc.LogoutPath, rm.Handle(rm.oidcLogoutByForm))
}

// mountOwnPages serves people who are signed in.
func (rm *personRoom) mountOwnPages(r chi.Router) {
	r.Get("/me", rm.Handle(rm.me))
	r.Post(paths.OIDCSignOut, rm.Handle(rm.oidcSignOut))
}
