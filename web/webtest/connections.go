package webtest

import (
	"context"

	"github.com/postern-sso/postern/internal/model"
)

// OpenConnection makes a connection and takes its draft live.
func (s *Site) OpenConnection(slug string) {
	s.T.Helper()
	s.AddConnection(slug)
	s.GoLiveWith(slug, func(c *model.Config) { c.IdPMetadata = AwsMetadata() })
}

// GoLiveWith changes the draft and takes it live.
func (s *Site) GoLiveWith(slug string, change func(*model.Config)) {
	s.T.Helper()
	ctx := context.Background()
	draft, err := s.Store.StartDraft(ctx, Tester, slug)
	if err != nil {
		s.T.Fatal(err)
	}
	draft, err = s.Store.SaveDraft(ctx, Tester, slug, draft.Version, func(r *model.Revision) error {
		change(&r.Config)
		return nil
	})
	if err != nil {
		s.T.Fatal(err)
	}
	if err := s.Store.GoLive(ctx, Tester, slug, draft.Version, true); err != nil {
		s.T.Fatal(err)
	}
}

func (s *Site) Connection(slug string) model.Connection {
	s.T.Helper()
	c, err := s.Store.Connection(context.Background(), slug)
	if err != nil {
		s.T.Fatalf("connection %s: %v", slug, err)
	}
	return c
}
