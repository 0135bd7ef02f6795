package webtest

import (
	"context"
	"net/http"
	"net/url"

	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
)

func (s *Site) TryPassword(email, password string) *Page {
	return s.Post(paths.SignIn, url.Values{"email": {email}, "password": {password}})
}

// ClaimToBeKnown gives the browser the cookie of one that signed in before, with
// a value of its own making.
func (s *Site) ClaimToBeKnown(value string) {
	s.T.Helper()
	u, err := url.Parse(s.URL)
	if err != nil {
		s.T.Fatal(err)
	}
	s.Client.Jar.SetCookies(u, []*http.Cookie{{Name: s.CookieName(kit.KnownCookie), Value: value, Path: "/"}})
}

func (s *Site) Audited(action string) int {
	s.T.Helper()
	entries, _, err := s.Store.Audit(context.Background(), store.AuditQuery{Action: action})
	if err != nil {
		s.T.Fatal(err)
	}
	return len(entries)
}
