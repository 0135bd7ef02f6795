package oidc

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// scopeGroups is what the Atlassian apps ask for to get the groups. Every
// answer has them anyway.
const scopeGroups = "groups"

var supportedScopes = []string{ //nolint:gochecknoglobals // a constant
	oidc.ScopeOpenID, oidc.ScopeProfile, oidc.ScopeEmail, scopeGroups, oidc.ScopeOfflineAccess,
}

var supportedClaims = []string{ //nolint:gochecknoglobals // a constant
	"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "azp", "at_hash", "c_hash",
	"preferred_username", "name", "given_name", "family_name", "email", "email_verified", "groups",
}

// storage is what the library asks of PostgreSQL. It answers only what the
// handlers of this package make the library ask; the rest is unsupported.
type storage struct{ p *Provider }

var (
	_ op.Storage                   = (*storage)(nil)
	_ op.CanSetUserinfoFromRequest = (*storage)(nil)
)

var errUnsupported = errors.New("not supported")

// randomValue is a code or a token: 260 bits in letters and digits.
func randomValue() string { return rand.Text() + rand.Text() }

// authRequest is a request that was answered with a code, as the library sees it.
type authRequest struct {
	model.AuthRequest
	user model.User
}

var _ op.AuthRequest = (*authRequest)(nil)

func (a *authRequest) GetID() string                      { return a.ID }
func (a *authRequest) GetACR() string                     { return a.SignedIn.ACR }
func (a *authRequest) GetAMR() []string                   { return nil }
func (a *authRequest) GetAudience() []string              { return []string{a.App} }
func (a *authRequest) GetAuthTime() time.Time             { return a.SignedIn.AuthTime }
func (a *authRequest) GetClientID() string                { return a.App }
func (a *authRequest) GetNonce() string                   { return a.Nonce }
func (a *authRequest) GetRedirectURI() string             { return a.RedirectURI }
func (a *authRequest) GetResponseType() oidc.ResponseType { return oidc.ResponseTypeCode }
func (a *authRequest) GetResponseMode() oidc.ResponseMode { return oidc.ResponseModeQuery }
func (a *authRequest) GetScopes() []string                { return a.Scopes }
func (a *authRequest) GetState() string                   { return a.State }
func (a *authRequest) GetSubject() string                 { return a.SignedIn.UserID }
func (a *authRequest) Done() bool                         { return a.SignedIn.UserID != "" }
func (a *authRequest) GetCodeChallenge() *oidc.CodeChallenge {
	if a.CodeChallenge == "" {
		return nil
	}
	return &oidc.CodeChallenge{Challenge: a.CodeChallenge, Method: oidc.CodeChallengeMethodS256}
}

// refreshRequest is a refresh token that is being exchanged.
type refreshRequest struct {
	model.Token
	user    model.User
	current []string // the scopes asked for now; the grant keeps all of its own
}

var _ op.RefreshTokenRequest = (*refreshRequest)(nil)

func (r *refreshRequest) GetAMR() []string                 { return nil }
func (r *refreshRequest) GetAudience() []string            { return []string{r.App} }
func (r *refreshRequest) GetAuthTime() time.Time           { return r.AuthTime }
func (r *refreshRequest) GetClientID() string              { return r.App }
func (r *refreshRequest) GetScopes() []string              { return r.current }
func (r *refreshRequest) GetSubject() string               { return r.UserID }
func (r *refreshRequest) SetCurrentScopes(scopes []string) { r.current = scopes }

// accessToken is a new access token for whatever grant asks for it.
func (s *storage) accessToken(request op.TokenRequest) (store.NewToken, error) {
	t := store.NewToken{Value: randomValue()}
	switch r := request.(type) {
	case *authRequest:
		t.Token = model.Token{GrantID: r.ID, App: r.App, UserID: r.SignedIn.UserID, SessionEpoch: r.SignedIn.SessionEpoch,
			Scopes: r.Scopes, AuthTime: r.SignedIn.AuthTime, Connection: r.SignedIn.Connection,
			SessionID: r.SignedIn.SessionID, SessionUntil: r.SignedIn.Until}
	case *refreshRequest:
		t.Token = r.Token
		t.Scopes = r.current
	default:
		return t, errUnsupported
	}
	now := s.p.now()
	if !now.Before(t.SessionUntil) {
		return t, oidc.ErrInvalidGrant().WithDescription("The user's session is over.")
	}
	t.Kind, t.ExpiresAt = model.TokenAccess, now.Add(accessLifetime)
	if t.SessionUntil.Before(t.ExpiresAt) {
		t.ExpiresAt = t.SessionUntil
	}
	return t, nil
}

// CreateAccessToken spends the code and keeps the token that it buys.
func (s *storage) CreateAccessToken(ctx context.Context, request op.TokenRequest) (string, time.Time, error) {
	access, err := s.accessToken(request)
	if err != nil {
		return "", time.Time{}, err
	}
	return access.Value, access.ExpiresAt, s.spend(ctx, request, "", access)
}

// CreateAccessAndRefreshTokens spends a code, or the refresh token current.
func (s *storage) CreateAccessAndRefreshTokens(ctx context.Context, request op.TokenRequest, current string) (string, string, time.Time, error) {
	access, err := s.accessToken(request)
	if err != nil {
		return "", "", time.Time{}, err
	}
	refresh := store.NewToken{Token: access.Token, Value: randomValue()}
	refresh.Kind, refresh.ExpiresAt = model.TokenRefresh, access.SessionUntil
	if r, ok := request.(*refreshRequest); ok {
		refresh.Scopes = r.Scopes
	}
	return access.Value, refresh.Value, access.ExpiresAt, s.spend(ctx, request, current, access, refresh)
}

// spend consumes what pays for the tokens. Two at once: the second one is a
// replay, and ends what the first one got.
func (s *storage) spend(ctx context.Context, request op.TokenRequest, refresh string, tokens ...store.NewToken) error {
	var err error
	if r, ok := request.(*authRequest); ok {
		err = s.p.store.SpendCode(ctx, r.ID, s.p.now(), tokens...)
	} else {
		err = s.p.store.SpendRefreshToken(ctx, refresh, s.p.now(), tokens...)
	}
	if !errors.Is(err, store.ErrConflict) {
		return err
	}
	return s.p.replayed(ctx, tokens[0].GrantID)
}

// SetUserinfoFromRequest fills the claims of an ID token.
func (s *storage) SetUserinfoFromRequest(ctx context.Context, info *oidc.UserInfo, request op.IDTokenRequest, _ []string) error {
	var user model.User
	switch r := request.(type) {
	case *authRequest:
		user = r.user
	case *refreshRequest:
		user = r.user
	default:
		return errUnsupported
	}
	return s.p.fill(ctx, info, request.GetClientID(), user)
}

// fill sets every claim, whatever the scopes: the apps belong to the same
// administrators as the people here, and an app that forgets a scope would
// strip people of their groups.
func (p *Provider) fill(ctx context.Context, info *oidc.UserInfo, app string, u model.User) error {
	groups, err := p.store.GroupsSeenBy(ctx, app, u.ID)
	if err != nil {
		return err
	}
	info.Subject = u.ID
	info.PreferredUsername, info.GivenName, info.FamilyName = u.Username, u.FirstName, u.LastName
	info.Name = nameOf(u)
	if u.Email != "" {
		// Nobody can set an address of their own here: it comes from AWS or an administrator.
		info.Email, info.EmailVerified = u.Email, true
	}
	info.AppendClaims("groups", groups)
	return nil
}

// nameOf is never empty: an app that maps it to its display name would refuse.
func nameOf(u model.User) string {
	if u.DisplayName != "" {
		return u.DisplayName
	}
	if full := strings.TrimSpace(u.FirstName + " " + u.LastName); full != "" {
		return full
	}
	return u.Username
}

// GetClientByClientID finds an app that uses OpenID Connect.
func (s *storage) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	a, err := s.p.client(ctx, id)
	return client{a}, err
}

// SigningKey is the key that signs now.
func (s *storage) SigningKey(ctx context.Context) (op.SigningKey, error) { return s.p.keys.signer(ctx) }

// KeySet is every published key.
func (s *storage) KeySet(ctx context.Context) ([]op.Key, error) { return s.p.keys.published(ctx) }

// SignatureAlgorithms is what the Atlassian apps understand.
func (s *storage) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}

// DeleteAuthRequest does nothing: a spent request stays until it expires, so
// that its code is recognized when it comes a second time.
func (s *storage) DeleteAuthRequest(context.Context, string) error { return nil }

// SetUserinfoFromScopes does nothing: SetUserinfoFromRequest does it all.
func (s *storage) SetUserinfoFromScopes(context.Context, *oidc.UserInfo, string, string, []string) error {
	return nil
}

// Health is asked nowhere: /readyz does it.
func (s *storage) Health(context.Context) error { return nil }

// What follows belongs to handlers of the library that are not used.

func (s *storage) CreateAuthRequest(context.Context, *oidc.AuthRequest, string) (op.AuthRequest, error) {
	return nil, errUnsupported
}
func (s *storage) AuthRequestByID(context.Context, string) (op.AuthRequest, error) {
	return nil, errUnsupported
}
func (s *storage) AuthRequestByCode(context.Context, string) (op.AuthRequest, error) {
	return nil, errUnsupported
}
func (s *storage) SaveAuthCode(context.Context, string, string) error { return errUnsupported }
func (s *storage) TokenRequestByRefreshToken(context.Context, string) (op.RefreshTokenRequest, error) {
	return nil, errUnsupported
}
func (s *storage) TerminateSession(context.Context, string, string) error { return errUnsupported }
func (s *storage) RevokeToken(context.Context, string, string, string) *oidc.Error {
	return oidc.ErrServerError()
}
func (s *storage) GetRefreshTokenInfo(context.Context, string, string) (string, string, error) {
	return "", "", errUnsupported
}
func (s *storage) AuthorizeClientIDSecret(context.Context, string, string) error {
	return errUnsupported
}
func (s *storage) SetUserinfoFromToken(context.Context, *oidc.UserInfo, string, string, string) error {
	return errUnsupported
}
func (s *storage) SetIntrospectionFromToken(context.Context, *oidc.IntrospectionResponse, string, string, string) error {
	return errUnsupported
}
func (s *storage) GetPrivateClaimsFromScopes(context.Context, string, string, []string) (map[string]any, error) {
	return nil, errUnsupported
}
func (s *storage) GetKeyByIDAndClientID(context.Context, string, string) (*jose.JSONWebKey, error) {
	return nil, errUnsupported
}
func (s *storage) ValidateJWTProfileScopes(context.Context, string, []string) ([]string, error) {
	return nil, errUnsupported
}

// hasScope tells whether a scope is among scopes.
func hasScope(scopes []string, scope string) bool { return slices.Contains(scopes, scope) }
