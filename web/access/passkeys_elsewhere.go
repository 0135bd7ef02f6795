package access

import (
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/access"
)

// passkeyHost is the host that a passkey was registered on, as the browser said
// it then; empty: it is not known.
func passkeyHost(c webauthn.Credential) string {
	var said struct {
		Origin string `json:"origin"`
	}
	if err := json.Unmarshal(c.Attestation.ClientDataJSON, &said); err != nil {
		return ""
	}
	u, err := url.Parse(said.Origin)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// passkeysElsewhere is allElsewhere of an administrator's passkeys.
func (rm *Room) passkeysElsewhere(r *http.Request, a model.Administrator) (string, error) {
	u, err := rm.passkeyUser(r, a)
	return rm.allElsewhere(u), err
}

// allElsewhere is the host of somebody's passkeys when not one of them belongs to
// the present one, so that no browser offers any here; empty: one may do.
func (rm *Room) allElsewhere(u passkeyUser) string {
	here, err := url.Parse(rm.Opts.PublicURL)
	if err != nil {
		return ""
	}
	elsewhere := ""
	for _, c := range u.keys {
		host := passkeyHost(c)
		if host == "" || host == here.Hostname() {
			return ""
		}
		elsewhere = host
	}
	return elsewhere
}

// tellMovedFor is for how long the sign-in page tells of another public URL.
const tellMovedFor = 30 * 24 * time.Hour

// tellMoved lets the sign-in page say that the address was changed: sessions have
// ended without a word, and passkeys may be of another host.
func (rm *Room) tellMoved(form *access.SignInForm, set store.Settings) {
	if at := set.PublicURLChangedAt; !at.IsZero() && rm.Now().Sub(at) < tellMovedFor && set.PublicURL == rm.Opts.PublicURL {
		form.MovedTo, form.MovedAt = rm.Opts.PublicURL, at
	}
}
