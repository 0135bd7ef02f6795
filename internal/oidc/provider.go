// Package oidc is the OpenID Connect provider for the apps: authorization code
// with PKCE, ID tokens with the local groups, refresh tokens where asked.
//
// Parsing, validating and signing are done by zitadel/oidc; what is kept is in
// PostgreSQL. Two of its shortcuts are not taken: its own HTTP handlers look up
// a code before they know the client, and its tokens carry encrypted ids. Here
// a client proves itself first, and codes and tokens are random values of which
// only hashes are kept.
//
// The package signs nobody in. Authorize keeps the app's request and hands over
// to the web package, which finds out who the person is; Decide says how to go on.
package oidc

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/seal"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/throttle"
)

// Paths of the provider under the public URL. CallbackPath is the web
// package's: where a request goes on once it is kept, with its id.
const (
	DiscoveryPath = "/.well-known/openid-configuration"
	AuthorizePath = "/oidc/authorize"
	TokenPath     = "/oidc/token"
	UserinfoPath  = "/oidc/userinfo"
	KeysPath      = "/oidc/keys"
	RevokePath    = "/oidc/revoke"
	LogoutPath    = "/oidc/logout"
	CallbackPath  = "/oidc/callback"
)

// How long things are valid. A refresh token lasts as long as the session that it
// comes from: Postern is not told when somebody leaves.
const (
	requestLifetime = time.Hour // AWS may take as long
	codeLifetime    = time.Minute
	accessLifetime  = 10 * time.Minute
	idTokenLifetime = 5 * time.Minute
)

// Options is what a provider is made of.
type Options struct {
	Store  *store.Store
	Sealer *seal.Sealer
	Logger *slog.Logger
	Issuer string // the public URL, without a slash at the end
	Now    func() time.Time

	// TrialPath is where a test sign-in to an app ends: a path of this site.
	TrialPath func(app string) string

	// Part begins a part of a login that is traced and measured, and returns what ends
	// it; nil: it is traced only.
	Part func(ctx context.Context, part string) (context.Context, func())

	// RemoteAddr is the address of the client of a request.
	RemoteAddr func(*http.Request) string

	// ShowProblem answers a request from an app that cannot be sent back to it.
	ShowProblem func(http.ResponseWriter, *http.Request, Problem)

	// ShowForm answers with a page that has the browser post an answer to an app.
	ShowForm func(w http.ResponseWriter, r *http.Request, app string, d Delivery)
}

// Problem is why a request from an app cannot go on. It is shown to the person
// whose browser brought it, because there is no address to send it back to.
type Problem struct {
	Kind        ProblemKind
	App         string // name of the app, where it is known
	RedirectURI string // the address that the app named, where that is wrong
}

// ProblemKind tells problems apart.
type ProblemKind int

// Problems of requests.
const (
	ProblemMalformed   ProblemKind = iota // parameters missing or unreadable
	ProblemUnknownApp                     // no app has this client ID
	ProblemRedirectURI                    // the app has no such redirect address
	ProblemInternal                       // the fault is Postern's
)

// Provider is the OpenID Connect provider under one public URL. It is safe for
// concurrent use.
type Provider struct {
	opts    Options
	store   *store.Store
	log     *slog.Logger
	now     func() time.Time
	storage *storage
	op      *op.Provider
	keys    *keyRing

	failures *throttle.Limiter // wrong secrets
	unknown  *throttle.Limiter // audit entries about clients that nobody knows
	noted    *throttle.Limiter // what is kept of each app's last sign-ins
}

// New puts a provider together. Keys are made when the first is needed.
func New(o Options) (*Provider, error) {
	p := &Provider{opts: o, store: o.Store, log: o.Logger, now: o.Now, keys: newKeyRing(o.Store, o.Sealer, o.Now)}
	p.failures = throttle.New(throttle.Sliding(throttle.NewMemory()), time.Minute, o.Now)
	p.unknown = throttle.New(throttle.NewMemory(), unknownAudited, o.Now)
	p.noted = throttle.New(throttle.NewMemory(), signInsNoted, o.Now)
	p.storage = &storage{p}
	options := []op.Option{
		op.WithAllowInsecure(), // what the public URL may be is judged where it is set
		op.WithCrypto(plainTokens{}),
		op.WithCustomEndpoints(op.NewEndpoint(AuthorizePath), op.NewEndpoint(TokenPath), op.NewEndpoint(UserinfoPath),
			op.NewEndpoint(RevokePath), op.NewEndpoint(LogoutPath), op.NewEndpoint(KeysPath)),
	}
	var err error
	p.op, err = op.NewProvider(&op.Config{
		CodeMethodS256: true, AuthMethodPost: true, GrantTypeRefreshToken: true,
		SupportedScopes: supportedScopes, SupportedClaims: supportedClaims,
		DefaultLogoutRedirectURI: o.Issuer,
	}, p.storage, op.StaticIssuer(o.Issuer), options...)
	if err != nil {
		return nil, fmt.Errorf("OpenID Connect provider for %s: %w", o.Issuer, err)
	}
	return p, nil
}

// plainTokens keeps the library from encrypting "token:user" into an access
// token: the token is a random value already, and says nothing.
type plainTokens struct{}

func (plainTokens) Encrypt(v string) (string, error) {
	token, _, _ := strings.Cut(v, ":")
	return token, nil
}

func (plainTokens) Decrypt(v string) (string, error) { return v, nil }

// issued is the request with what the library wants to know about the issuer.
func (p *Provider) issued(r *http.Request) *http.Request {
	return r.WithContext(op.ContextWithIssuer(r.Context(), p.opts.Issuer))
}

// client is the app with a client ID; store.ErrNotFound when there is none that
// uses OpenID Connect.
func (p *Provider) client(ctx context.Context, id string) (model.App, error) {
	a, err := p.store.App(ctx, id)
	if err == nil && !isClient(a) {
		err = store.ErrNotFound
	}
	return a, err
}

// isClient tells whether an app may use OpenID Connect at all.
func isClient(a model.App) bool { return a.Kind == model.AppOIDC }
