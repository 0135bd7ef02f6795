package webtest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
)

// GoOn follows the step between AWS's form and the session, where there is one,
// with the cookies that the answer set and those given. The trace is still the
// answer's.
func (s *SamlSite) GoOn(w *httptest.ResponseRecorder, cookies ...*http.Cookie) *httptest.ResponseRecorder {
	to := w.Header().Get("Location")
	if !strings.HasPrefix(to, "/saml/aws/arrived") {
		return w
	}
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, to, nil)
	for _, c := range append(cookies, w.Result().Cookies()...) {
		r.AddCookie(c)
	}
	next := s.Send(r)
	next.Header().Set("Postern-Login", w.Header().Get("Postern-Login"))
	return next
}
