package oidc

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// ErrTrial: what came back does not belong to a trial that can be finished.
var ErrTrial = errors.New("this is not the end of a test sign-in, or it took too long")

// Trial is what an app would have got in a test sign-in.
type Trial struct {
	Claims map[string]any // of the ID token
	KeyID  string         // of the key that signed it
}

// trialURI is the address at which test sign-ins to an app end.
func (p *Provider) trialURI(app model.App) string { return p.opts.Issuer + p.opts.TrialPath(app.Slug) }

// StartTrial begins a sign-in to an app that ends here, instead of at the app.
// It returns the path to send the browser to. Callers keep state in the browser's session and compare it with the one that comes
// back beside the code.
func (p *Provider) StartTrial(ctx context.Context, app model.App, state string) (string, error) {
	now := p.now()
	req := model.AuthRequest{
		ID: randomValue()[:26], App: app.Slug, RedirectURI: p.trialURI(app), State: state, Nonce: state,
		Scopes:    []string{oidc.ScopeOpenID, oidc.ScopeProfile, oidc.ScopeEmail, scopeGroups},
		CreatedAt: now, ExpiresAt: now.Add(requestLifetime),
	}
	return callbackURL(req.ID), p.store.CreateAuthRequest(ctx, req)
}

// FinishTrial redeems the code of a trial as the app would, apart from the
// secret, verifies the ID token, and revokes what was issued. ErrTrial when the
// code is not one of a trial of this app, or was used, or has expired.
func (p *Provider) FinishTrial(ctx context.Context, app model.App, code string) (Trial, error) {
	found, err := p.store.AuthRequestByCode(ctx, code)
	if errors.Is(err, store.ErrNotFound) || (err == nil &&
		(found.App != app.Slug || found.RedirectURI != p.trialURI(app) || found.Spent || !p.now().Before(found.CodeUntil))) {
		return Trial{}, ErrTrial
	}
	if err != nil {
		return Trial{}, err
	}
	request := &authRequest{AuthRequest: found}
	var refused *oidc.Error
	if request.user, err = p.activeUser(ctx, found.SignedIn); errors.As(err, &refused) {
		return Trial{}, ErrTrial
	}
	if err != nil {
		return Trial{}, err
	}
	ctx = op.ContextWithIssuer(ctx, p.opts.Issuer)
	response, err := p.issue(ctx, request, client{app}, code, "")
	if errors.As(err, &refused) {
		return Trial{}, ErrTrial
	}
	if err != nil {
		return Trial{}, err
	}
	if err := p.store.RevokeGrant(ctx, found.ID); err != nil {
		return Trial{}, err
	}
	if _, err := op.VerifyIDTokenHint[*oidc.IDTokenClaims](ctx, response.IDToken, p.op.IDTokenHintVerifier(ctx)); err != nil {
		return Trial{}, fmt.Errorf("the ID token of a test sign-in does not verify: %w", err)
	}
	return readIDToken(response.IDToken)
}

// readIDToken takes a verified ID token apart.
func readIDToken(token string) (t Trial, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return t, errors.New("an ID token has three parts")
	}
	var header struct{ Kid string }
	for i, into := range []any{&header, &t.Claims} {
		data, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			return t, err
		}
		if err := json.Unmarshal(data, into); err != nil {
			return t, err
		}
	}
	t.KeyID = header.Kid
	return t, nil
}
