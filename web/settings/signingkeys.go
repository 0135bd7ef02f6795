package settings

import (
	"errors"
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/oidc"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/settings"
	"github.com/postern-sso/postern/web/kit"
)

// showSigningKeys lists the keys that sign what apps are told about a person.
func (rm *Room) showSigningKeys(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	keys, err := rm.Store.SigningKeys(r.Context())
	if err != nil {
		return err
	}
	v := settings.SigningKeysPage{Page: rm.Page(r, a, layout.NavApps, "Signing keys",
		"What Postern tells an app about a person is signed. The apps fetch the public keys by themselves."), Keys: keys}
	v.Page.Crumbs = []layout.Crumb{{Label: "Apps", Href: paths.Apps}}
	return rm.Render(w, r, http.StatusOK, settings.SigningKeys(v))
}

// rotateSigningKeys replaces the key that signs; the old one stays published
// until what it signed has expired.
func (rm *Room) rotateSigningKeys(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	err := rm.provider.RotateKeys(r.Context(), rm.Actor(r, a), false)
	if errors.Is(err, oidc.ErrKeyTooNew) {
		rm.PutFlash(r, layout.Flash{Kind: "warning", Text: "Nothing was changed. " +
			"The next key was made less than ten minutes ago, and apps may not know it yet. Try " +
			"again in ten minutes. If a key was stolen, withdraw the old keys instead."})
		return kit.SeeOther(w, r, paths.SigningKeys)
	}
	if err != nil {
		return err
	}
	return rm.Done(w, r, paths.SigningKeys, "Another key signs from now on. The old one stays published until everything that it signed has expired.")
}

// withdrawSigningKeys does so when a key was stolen.
func (rm *Room) withdrawSigningKeys(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	if err := rm.provider.RotateKeys(r.Context(), rm.Actor(r, a), true); err != nil {
		return err
	}
	return rm.Done(w, r, paths.SigningKeys, "Another key signs from now on, and the old ones are withdrawn. Whoever is in the middle of a "+
		"sign-in has to begin again.")
}
