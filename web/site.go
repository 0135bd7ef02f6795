package web

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/trust"
)

// Site is the server under its present public URL. The URL decides addresses,
// cookie names and their Secure flag, so a change of it makes a new Server;
// requests under way finish on the old one.
type Site struct {
	opts    kit.Options
	current atomic.Pointer[Server]
}

// NewSite reads the public URL from the settings, unless it is fixed by the
// options, and puts the server together.
func NewSite(ctx context.Context, o kit.Options) (*Site, error) {
	site := &Site{opts: o}
	if err := site.Refresh(ctx); err != nil {
		return nil, err
	}
	return site, nil
}

// Refresh looks whether the public URL was changed, by this process or another
// one on the same database, and follows it.
func (site *Site) Refresh(ctx context.Context) error {
	o := site.opts
	if !o.PublicURLFixed {
		set, err := o.Store.Settings(ctx)
		if err != nil {
			return fmt.Errorf("read the public URL: %w", err)
		}
		if set.PublicURL != "" {
			o.PublicURL = set.PublicURL
		}
	}
	if now := site.current.Load(); now != nil && now.Opts.PublicURL == o.PublicURL {
		return nil
	}
	o.Refresh = site.Refresh
	s, err := New(o)
	if err != nil {
		return err
	}
	site.current.Store(s)
	return nil
}

// PublicURL is the address under which browsers reach Postern now.
func (site *Site) PublicURL() string { return site.current.Load().Opts.PublicURL }

// RefreshMetadata fetches again what is due of AWS's metadata. Any number of
// processes may call it: each connection is fetched by one.
func (site *Site) RefreshMetadata(ctx context.Context) error {
	return trust.With(site.current.Load().Kit).RefreshDue(ctx)
}

// Warn tells what is due by every way that is set up. Any number of processes
// may call it: each notice is delivered by one.
func (site *Site) Warn(ctx context.Context) error {
	return site.current.Load().Warnings.Warn(ctx)
}

// ServeHTTP answers with the present server.
func (site *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	site.current.Load().handler.ServeHTTP(w, r)
}
