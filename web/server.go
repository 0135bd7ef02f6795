// Package web is the HTTP edge: routes, guards, handlers and static files. It
// holds no SQL, no SAML and no rules; those are in the packages below it.
package web

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/postern-sso/postern/internal/oidc"
	"github.com/postern-sso/postern/internal/seal"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
)

// Options is what the server is made of.
type Options struct {
	Store  *store.Store
	Sealer *seal.Sealer
	Logger *slog.Logger
	Now    func() time.Time // nil: time.Now

	// PublicURL is the address under which browsers reach Postern. When
	// PublicURLFixed it was given at the start and wins over the settings.
	PublicURL      string
	PublicURLFixed bool

	TrustedProxies []netip.Prefix // whose X-Forwarded-For is believed

	// AllowPrivateMetadata lets administrators have metadata fetched from private
	// addresses, for an identity provider inside the network.
	AllowPrivateMetadata bool

	Version    string
	DemoAWSURL string // the simulated AWS of `console demo`; empty: real AWS
	Metrics    *Metrics

	SessionStore scs.Store // nil: PostgreSQL; tests keep sessions in memory

	mailTLS *tls.Config // for tests: whom to believe to be the mail server

	refresh func(context.Context) error // follows a change of the public URL; nil without a Site
}

// Server answers every request. Make one with New.
type Server struct {
	store   *store.Store
	sealer  *seal.Sealer
	log     *slog.Logger
	now     func() time.Time
	opts    Options
	flow    *wizard.Flow
	admins  *scs.SessionManager // people who use the console
	persons *scs.SessionManager // people who signed in through SAML
	idps    *idpCache
	brands  brandCache

	refusals *refusals
	oidc     *oidc.Provider
	handler  http.Handler
}

// New puts the server together; it does not listen.
func New(o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	u, err := url.Parse(o.PublicURL)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("public URL %q: not an absolute URL", o.PublicURL)
	}
	flow, err := wizard.Setup()
	if err != nil {
		return nil, fmt.Errorf("setup flow: %w", err)
	}
	s := &Server{
		store: o.Store, sealer: o.Sealer, log: o.Logger, now: o.Now, opts: o,
		flow: flow, idps: newIDPCache(), refusals: newRefusals(refusalsPerMinute),
	}
	s.opts.PublicURL = strings.TrimRight(o.PublicURL, "/")
	s.admins, s.persons = s.newSessions()
	if s.oidc, err = s.newProvider(); err != nil {
		return nil, err
	}
	s.handler = s.routes()
	return s, nil
}

// Handler is the whole site.
func (s *Server) Handler() http.Handler { return s.handler }

// secure tells whether browsers reach Postern over https.
func (s *Server) secure() bool { return strings.HasPrefix(s.opts.PublicURL, "https://") }

// publicURLChanged is called after the settings were saved.
func (s *Server) publicURLChanged(ctx context.Context) error {
	if s.opts.refresh == nil {
		return nil
	}
	return s.opts.refresh(ctx)
}
