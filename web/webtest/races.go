package webtest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/attack"
	"github.com/postern-sso/postern/internal/model"
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

// honest mints the honest message of an exchange.
func HonestMessage(e *Exchange) string {
	for _, v := range attack.Variants() {
		if v.Name == "honest" {
			return v.Mint(&e.Scene)
		}
	}
	return ""
}

func (x *Target) WantCode(t *testing.T, what string, w *httptest.ResponseRecorder, want model.Code) {
	t.Helper()
	l := x.Trace(w)
	if got := l.Refusal; (got == nil && want != "") || (got != nil && got.Code != want) {
		t.Errorf("%s: %d %+v, want %q", what, w.Code, got, want)
	}
}

// Unasked is what a click on AWS's tile by that person leads to, in a browser
// with these cookies: that of the session is SameSite=Lax, so AWS's form comes
// without it.
func (x *Target) Unasked(subject string, cookies []*http.Cookie) (asked *httptest.ResponseRecorder, all []*http.Cookie) {
	x.T.Helper()
	e := x.Begin(true)
	e.Scene.Subject = subject
	for _, c := range cookies {
		if !strings.HasSuffix(c.Name, "postern-person") {
			e.Cookies = append(e.Cookies, c)
		}
	}
	posted := x.Answer(e, HonestMessage(&e))
	w := x.GoOn(posted, cookies...)
	return w, Later(cookies, posted.Result().Cookies(), w.Result().Cookies())
}

// Later are the cookies of a browser after it got more.
func Later(sets ...[]*http.Cookie) []*http.Cookie {
	byName := map[string]*http.Cookie{}
	var all []*http.Cookie
	for _, set := range sets {
		for _, c := range set {
			byName[c.Name] = c
		}
	}
	for _, c := range byName {
		all = append(all, c)
	}
	return all
}
