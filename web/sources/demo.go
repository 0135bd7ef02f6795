package sources

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/sources"
	"github.com/postern-sso/postern/web/kit"
)

// simulatedSlug is the source of the simulated AWS; its connection is the one that the
// guide sets up, where no setup asks.
const (
	simulatedSlug       = "simulated-aws"
	simulatedConnection = "aws"
)

// simulated is the source that a demo has ready, as it would be added, with its
// secret. It is false where there is no simulated AWS, or none that may be read.
func (rm *Room) simulated() (s model.Source, secret string, ok bool) {
	if rm.Opts.DemoDirectory == nil {
		return s, "", false
	}
	s = model.NewSource(model.SourceAWS)
	s.Slug, s.Name = simulatedSlug, "Simulated AWS"
	settings, key := rm.Opts.DemoDirectory()
	s.AWS = settings
	return s, string(key), len(s.Problems()) == 0
}

// offer is what a page offers of the simulated AWS, unless one of the sources reads it.
func (rm *Room) offer(all []model.Source) sources.Simulated {
	s, _, ok := rm.simulated()
	if !ok || slices.ContainsFunc(all, func(other model.Source) bool { return other.Slug == s.Slug || other.AWS.Endpoint == s.AWS.Endpoint }) {
		return sources.Simulated{}
	}
	return sources.Simulated{Address: s.AWS.Endpoint}
}

// createSimulated adds the source of the simulated AWS as a draft, for the connection
// whose setup asks, or else for “aws”. Where it is there already, it leads there.
func (rm *Room) createSimulated(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	s, secret, ok := rm.simulated()
	if !ok {
		return store.ErrNotFound
	}
	var err error
	if s.Connection, err = rm.connectionOf(r.Context(), kit.Truncate(r.PostFormValue(sources.FieldSetup), maxSlug), simulatedConnection); err != nil {
		return err
	}
	err = rm.add(r.Context(), rm.Actor(r, a), s, secret)
	if errors.Is(err, store.ErrExists) {
		return rm.Inform(w, r, paths.Source(s.Slug), "Nothing was changed: the simulated AWS is a source already.")
	}
	if err != nil {
		return err
	}
	return rm.added(w, r, s)
}

// connectionOf is the first of the slugs that a connection has; empty: none has.
func (rm *Room) connectionOf(ctx context.Context, slugs ...string) (string, error) {
	all, err := rm.Store.Connections(ctx)
	if err != nil {
		return "", err
	}
	for _, slug := range slugs {
		if slices.ContainsFunc(all, func(c model.Connection) bool { return c.Slug == slug }) {
			return slug, nil
		}
	}
	return "", nil
}
