package webtest

import (
	"context"

	"github.com/postern-sso/postern/internal/model"
)

// AddConnection makes a connection that is being set up.
func (s *Site) AddConnection(slug string) {
	s.T.Helper()
	if _, err := s.Store.CreateConnection(context.Background(), Tester, slug, model.DefaultConfig("AWS")); err != nil {
		s.T.Fatal(err)
	}
}
