package webtest

import (
	"context"
	"net/http"
	"net/url"

	"github.com/postern-sso/postern/internal/model"
)

// Trial writes a test login of the draft.
func (s *Site) Trial(id string, change func(*model.Login)) {
	s.T.Helper()
	rev := s.Draft()
	l := model.Login{ID: id, Connection: "aws", RevisionID: rev.ID, RevisionVersion: rev.Version, Test: true, StartedAt: s.Now, Outcome: model.OutcomePending}
	change(&l)
	if _, err := s.Store.SaveLogin(context.Background(), l); err != nil {
		s.T.Fatal(err)
	}
}

// Status polls as the page's script does.
func (s *Site) Status(seen string) *Page {
	return s.Do(http.MethodGet, "/setup/aws/test/status?seen="+url.QueryEscape(seen), nil, http.Header{"Hx-Request": {"true"}})
}
