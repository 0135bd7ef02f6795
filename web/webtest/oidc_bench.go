package webtest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// Code is a fresh code for the person who has these cookies.
func (s *AppSite) Code(b *testing.B, cookies []*http.Cookie) string {
	b.Helper()
	to := s.Oauth.AuthCodeURL("state")
	for range 3 {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, strings.TrimPrefix(to, s.URL), nil)
		r.RemoteAddr = fmt.Sprintf("10.0.%d.%d:1", time.Now().Nanosecond()%250, time.Now().Nanosecond()/250%250)
		for _, c := range cookies {
			r.AddCookie(c)
		}
		to = s.Send(r).Header().Get("Location")
		if u, err := url.Parse(to); err == nil && u.Query().Has("code") {
			return u.Query().Get("code")
		}
	}
	b.Fatalf("no code, but %q", to)
	return ""
}
