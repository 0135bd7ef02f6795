// Package standing is how connections and apps do, as every page, the figures and
// doctor tell it: the store's evidence, judged by health.
package standing

import (
	"context"
	"slices"

	"github.com/postern-sso/postern/internal/health"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/kit"
)

// Standing is how connections and apps do.
type Standing struct{ *kit.Kit }

// With is how rooms reach it.
func With(k *kit.Kit) Standing { return Standing{Kit: k} }

// Connection is a connection, what happened on it, and what that makes of it.
type Connection struct {
	model.Connection
	Evidence model.SignInEvidence
	Health   health.Health
}

// App is an app, what happened with it, and what that makes of it.
type App struct {
	model.App
	Evidence model.AppEvidence
	Health   health.Health
}

// Connections judges connections that were read already, in one query.
func (lf Standing) Connections(ctx context.Context, of []model.Connection) ([]Connection, error) {
	only := ""
	if len(of) == 1 {
		only = of[0].Slug
	}
	evidence, err := lf.Store.SignInEvidence(ctx, only, lf.Now())
	if err != nil {
		return nil, err
	}
	all := make([]Connection, len(of))
	for i, c := range of {
		all[i].Connection = c
		if at := slices.IndexFunc(evidence, func(e model.SignInEvidence) bool { return e.Connection == c.Slug }); at >= 0 {
			all[i].Evidence = evidence[at]
		}
		all[i].Health = health.OfConnection(c, all[i].Evidence, lf.metadata(), lf.Now())
	}
	return all, nil
}

// Connection judges one, in one query.
func (lf Standing) Connection(ctx context.Context, c model.Connection) (Connection, error) {
	all, err := lf.Connections(ctx, []model.Connection{c})
	if err != nil {
		return Connection{}, err
	}
	return all[0], nil
}

func (lf Standing) metadata() health.Metadata {
	return health.Metadata{Live: lf.IdentityProvider, Options: lf.MetadataOptions()}
}

// Apps judges every app, or the one with that slug, in one query.
func (lf Standing) Apps(ctx context.Context, slug string) ([]App, error) {
	evidence, err := lf.Store.AppEvidence(ctx, slug)
	if err != nil {
		return nil, err
	}
	all := make([]App, len(evidence))
	for i, e := range evidence {
		all[i] = App{App: e.App, Evidence: e, Health: health.OfApp(e, lf.Now())}
	}
	return all, nil
}
