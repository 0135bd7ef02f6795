package oidc

import (
	"context"
	"net/http"

	"github.com/zitadel/oidc/v3/pkg/op"
)

// Logout is what an app asks for when a person signs out there
// (OpenID Connect RP-Initiated Logout 1.0).
type Logout struct {
	App         string // slug; empty: unknown
	AppName     string
	UserID      string // whom the app's ID token names; empty: it sent none
	RedirectURI string // a registered address to go to afterwards, with state; empty: none
}

// ParseLogout reads the request. Addresses that are not registered, and ID
// tokens from elsewhere, make it an error that is the asker's fault.
func (p *Provider) ParseLogout(r *http.Request) (Logout, error) {
	r = p.issued(r)
	asked, err := op.ParseEndSessionRequest(r, p.op.Decoder())
	if err != nil {
		return Logout{}, err
	}
	state := asked.State
	if asked.PostLogoutRedirectURI == "" {
		asked.State = "" // there is nobody to give it back to
	}
	session, err := op.ValidateEndSessionRequest(r.Context(), asked, p.op)
	if err != nil {
		return Logout{}, err
	}
	l := Logout{App: session.ClientID, UserID: session.UserID}
	if l.App == "" {
		return l, nil
	}
	app, err := p.store.App(r.Context(), l.App)
	if err != nil {
		return Logout{}, err
	}
	l.AppName = app.Name
	if asked.PostLogoutRedirectURI != "" {
		asked.State = state
		l.RedirectURI = session.RedirectURI
	}
	return l, nil
}

// EndGrants revokes the tokens that the app has for the user who signs out.
func (p *Provider) EndGrants(ctx context.Context, l Logout, userID string) error {
	if l.App == "" {
		return nil
	}
	return p.store.RevokeTokensOf(ctx, userID, l.App)
}
