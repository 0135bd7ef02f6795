package webtest

import (
	"net/http/httptest"
	"net/url"
)

// AttemptFrom tries a password from an address.
func (s *Site) AttemptFrom(address, email, password string) int {
	r := Post("/signin", "application/x-www-form-urlencoded", url.Values{"email": {email}, "password": {password}}.Encode())
	r.RemoteAddr = address
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w.Code
}
