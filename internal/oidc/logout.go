package oidc

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/postern-sso/postern/internal/store"
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
// tokens from elsewhere, make it an error that is the asker's fault. An
// administrator finds it noted.
func (p *Provider) ParseLogout(r *http.Request) (Logout, error) {
	r = p.issued(r)
	asked, err := op.ParseEndSessionRequest(r, p.op.Decoder())
	if err != nil {
		return Logout{}, err
	}
	p.dropUnverified(r.Context(), asked)
	session, err := op.ValidateEndSessionRequest(r.Context(), asked, p.op)
	if err != nil {
		p.noteLogoutRefused(r, asked)
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
		l.RedirectURI = session.RedirectURI
	}
	return l, nil
}

// dropUnverified leaves out an ID token that does not verify where the app has
// said who it is: apps keep the token of the sign-in, and its key may be gone by
// now. What is missing is whom it was about, so the person is asked.
func (p *Provider) dropUnverified(ctx context.Context, asked *oidc.EndSessionRequest) {
	if asked.IdTokenHint == "" || asked.ClientID == "" {
		return
	}
	_, err := op.VerifyIDTokenHint[*oidc.IDTokenClaims](ctx, asked.IdTokenHint, p.op.IDTokenHintVerifier(ctx))
	if err != nil && !errors.As(err, &op.IDTokenHintExpiredError{}) {
		asked.IdTokenHint = ""
	}
}

// noteLogoutRefused keeps why a sign-out was refused, where the app can be told
// from what it asked. The library puts the app that an ID token names there, too.
func (p *Provider) noteLogoutRefused(r *http.Request, asked *oidc.EndSessionRequest) {
	if asked.ClientID == "" {
		return
	}
	app, err := p.client(r.Context(), asked.ClientID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		p.noteUnknown(r, asked.ClientID)
	case err != nil:
		p.logFailure(r.Context(), "a refused sign-out of an app was not noted", err)
	case asked.PostLogoutRedirectURI != "" && !slices.Contains(app.PostLogoutURIs, asked.PostLogoutRedirectURI):
		p.noteRefused(r, app.Slug, "invalid_request",
			"The app asked to go on after a sign-out to an address that is not registered: "+shorten(asked.PostLogoutRedirectURI)+".")
	default:
		p.noteRefused(r, app.Slug, "invalid_request", "The app asked to sign somebody out with another app's ID token.")
	}
}
