// Package access is the room of who may use the console: the claim, signing in,
// step-up, passkeys, and the administrators themselves.
package access

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/throttle"
	"github.com/postern-sso/postern/web/kit"
)

// Room is who may use the console: the claim, signing in, passkeys, and the
// administrators themselves.
type Room struct {
	*kit.Kit
	Guesses *throttle.Limiter
}

// New makes the room.
func New(k *kit.Kit) *Room {
	return &Room{Kit: k, Guesses: throttle.New(k.Store.SignInAttempts(), failureWindow, k.Now)}
}

// MountSignIn serves administrators who are not signed in yet.
func (rm *Room) MountSignIn(r chi.Router) {
	limited := func() chi.Router { return r.With(rm.LimitRateBy(signInsPerMinute, rm.signInKey)) } // each address counts by itself
	r.Get("/claim", rm.Handle(rm.showClaim))
	r.With(rm.LimitRate(signInsPerMinute)).Post("/claim", rm.Handle(rm.claim))
	r.Get("/signin", rm.Handle(rm.showSignIn))
	limited().Post("/signin", rm.Handle(rm.signIn))
	limited().Post("/signin/second", rm.Handle(rm.secondStep))
	limited().Post("/signin/passkey", rm.Handle(rm.signInWithPasskey))
	limited().Post("/signin/passkey/options", rm.Handle(rm.passkeyOptions))
	limited().Post("/signin/again", rm.Handle(rm.confirmStepUp))
	limited().With(rm.Persons.LoadAndSave).Get("/signin/aws", rm.Handle(rm.signInThroughAWS))
	r.Post("/signin/go-on", rm.Handle(rm.goOnSignedIn))
	r.Post("/signout", rm.Handle(rm.signOut))
}

// Routes are the pages of the room.
func (rm *Room) Routes() []kit.Route {
	const (
		viewer = model.RoleViewer
		owner  = model.RoleOwner
	)
	return []kit.Route{
		kit.Get("/administrators", viewer, rm.listAdministrators),
		kit.Post("/administrators", owner, rm.createAdministrator).AfterStepUp(),
		kit.Post("/administrators/{id}/role", owner, rm.changeRole).AfterStepUp(),
		kit.Post("/administrators/{id}/delete", owner, rm.deleteAdministrator).AfterStepUp(),
		kit.Post("/administrators/rules", owner, rm.saveConsoleRules).AfterStepUp(),
		kit.Post("/administrators/password", viewer, rm.changeOwnPassword).AfterStepUp(),

		kit.Get("/account", viewer, rm.showAccount),
		kit.Post("/account/sessions/end", viewer, rm.endOwnSessions),
		kit.Get("/account/passkeys/new", viewer, rm.showNewPasskey).ToEnrol(),
		kit.Post("/account/passkeys/options", viewer, rm.newPasskeyOptions).ToEnrol(),
		kit.Post("/account/passkeys", viewer, rm.addPasskey).ToEnrol(),
		kit.Post("/account/passkeys/remove", viewer, rm.removePasskey).AfterStepUp(),
		kit.Post("/account/recovery-codes", viewer, rm.renewRecoveryCodes).AfterStepUp(),
		kit.Post("/administrators/{id}/sessions/end", owner, rm.endSessionsOf),
		kit.Post("/administrators/{id}/passkeys/remove", owner, rm.removePasskeysOf).AfterStepUp(),
	}
}

// signInsPerMinute is how many sign-ins a browser, or a network, may try.
const signInsPerMinute = 60

// signInKey is what the sign-in's requests are counted by: a browser in which
// somebody signed in before by itself, so that whoever floods the sign-in from
// the same address does not lock it out; every other by its address.
func (rm *Room) signInKey(r *http.Request) (string, error) {
	if token := rm.KnownBrowser(r); token != "" {
		if known, err := rm.Store.IsAnyonesBrowser(r.Context(), token); err != nil || known {
			return "browser\n" + token, err
		}
	}
	return model.NetworkOf(rm.RemoteAddr(r)), nil
}
