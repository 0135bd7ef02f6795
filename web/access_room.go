package web

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/throttle"
)

// accessRoom is who may use the console: the claim, signing in, passkeys, and the
// administrators themselves.
type accessRoom struct {
	*kit
	guesses *throttle.Limiter
}

// newAccessRoom makes the room.
func newAccessRoom(k *kit) *accessRoom {
	return &accessRoom{kit: k, guesses: throttle.New(k.store.SignInAttempts(), failureWindow, k.now)}
}

// mountSignIn serves administrators who are not signed in yet.
func (rm *accessRoom) mountSignIn(r chi.Router) {
	limited := func() chi.Router { return r.With(rm.limitRateBy(signInsPerMinute, rm.signInKey)) } // each address counts by itself
	r.Get("/claim", rm.handle(rm.showClaim))
	r.With(rm.limitRate(signInsPerMinute)).Post("/claim", rm.handle(rm.claim))
	r.Get("/signin", rm.handle(rm.showSignIn))
	limited().Post("/signin", rm.handle(rm.signIn))
	limited().Post("/signin/second", rm.handle(rm.secondStep))
	limited().Post("/signin/passkey", rm.handle(rm.signInWithPasskey))
	limited().Post("/signin/passkey/options", rm.handle(rm.passkeyOptions))
	limited().Post("/signin/again", rm.handle(rm.confirmStepUp))
	limited().With(rm.persons.LoadAndSave).Get("/signin/aws", rm.handle(rm.signInThroughAWS))
	r.Post("/signin/go-on", rm.handle(rm.goOnSignedIn))
	r.Post("/signout", rm.handle(rm.signOut))
}

// routes are the pages of the room.
func (rm *accessRoom) routes() []route {
	const (
		viewer = model.RoleViewer
		owner  = model.RoleOwner
	)
	return []route{
		Get("/administrators", viewer, rm.listAdministrators),
		Post("/administrators", owner, rm.createAdministrator).afterStepUp(),
		Post("/administrators/{id}/role", owner, rm.changeRole).afterStepUp(),
		Post("/administrators/{id}/delete", owner, rm.deleteAdministrator).afterStepUp(),
		Post("/administrators/rules", owner, rm.saveConsoleRules).afterStepUp(),
		Post("/administrators/password", viewer, rm.changeOwnPassword).afterStepUp(),

		Get("/account", viewer, rm.showAccount),
		Post("/account/sessions/end", viewer, rm.endOwnSessions),
		Get("/account/passkeys/new", viewer, rm.showNewPasskey).toEnrol(),
		Post("/account/passkeys/options", viewer, rm.newPasskeyOptions).toEnrol(),
		Post("/account/passkeys", viewer, rm.addPasskey).toEnrol(),
		Post("/account/passkeys/remove", viewer, rm.removePasskey).afterStepUp(),
		Post("/account/recovery-codes", viewer, rm.renewRecoveryCodes).afterStepUp(),
		Post("/administrators/{id}/sessions/end", owner, rm.endSessionsOf),
		Post("/administrators/{id}/passkeys/remove", owner, rm.removePasskeysOf).afterStepUp(),
	}
}

// signInsPerMinute is how many sign-ins a browser, or a network, may try.
const signInsPerMinute = 60

// signInKey is what the sign-in's requests are counted by: a browser in which
// somebody signed in before by itself, so that whoever floods the sign-in from
// the same address does not lock it out; every other by its address.
func (rm *accessRoom) signInKey(r *http.Request) (string, error) {
	if token := rm.knownBrowser(r); token != "" {
		if known, err := rm.store.IsAnyonesBrowser(r.Context(), token); err != nil || known {
			return "browser\n" + token, err
		}
	}
	return model.NetworkOf(rm.remoteAddr(r)), nil
}
