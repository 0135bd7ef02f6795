package oidc

import (
	"context"
	"errors"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// TokenLimit is the size, in bytes, from which ID tokens get into trouble: servers
// and proxies refuse longer headers, and an app that keeps the token in a cookie
// or a header is refused with them.
const TokenLimit = 8 << 10

// TokenSize is the largest ID token that an app gets.
type TokenSize struct {
	Username string // whose; empty: there is nobody
	Groups   int
	Bytes    int
}

// Large tells whether the token is one of those that get into trouble.
func (t TokenSize) Large() bool { return t.Bytes > TokenLimit }

// LargestToken makes, and throws away, the ID token of the user whose groups take
// the most room in it.
func (p *Provider) LargestToken(ctx context.Context, app model.App) (TokenSize, error) {
	user, groups, err := p.store.MostGroupsSeenBy(ctx, app.Slug)
	if errors.Is(err, store.ErrNotFound) {
		return TokenSize{}, nil
	}
	if err != nil {
		return TokenSize{}, err
	}
	nonce, now := randomValue(), p.now()
	request := &authRequest{user: user, AuthRequest: model.AuthRequest{
		ID: nonce[:26], App: app.Slug, Nonce: nonce, Scopes: []string{oidc.ScopeOpenID, oidc.ScopeProfile, oidc.ScopeEmail, scopeGroups},
		SignedIn: model.SignedIn{UserID: user.ID, AuthTime: now, ACR: usualACR},
	}}
	token, err := op.CreateIDToken(op.ContextWithIssuer(ctx, p.opts.Issuer), p.opts.Issuer, request, idTokenLifetime, nonce, "", p.storage, client{app})
	return TokenSize{Username: user.Username, Groups: groups, Bytes: len(token)}, err
}

// usualACR is how AWS says that people sign in.
const usualACR = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified"
