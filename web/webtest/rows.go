package webtest

import (
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/postern-sso/postern/internal/attack"
)

// SignIn is a whole login of that person, who must get in.
func (x *Target) SignIn(subject string, change func(string) string) []*http.Cookie {
	x.T.Helper()
	e := x.Begin(false)
	e.Scene.Subject = subject
	w := x.Answer(e, change(HonestMessage(&e)))
	if w.Code != http.StatusSeeOther {
		x.T.Fatalf("%s: %d %+v", subject, w.Code, x.Trace(w).Refusal)
	}
	return Later(e.Cookies, w.Result().Cookies())
}

func AsItIs(xml string) string { return xml }

func (x *Target) SignedIn(cookies []*http.Cookie) bool {
	return !strings.Contains(x.Me(httptest.NewRecorder(), Exchange{Cookies: cookies}), "You are not signed in")
}

// with puts attributes into an honest message before it is signed.
func (x *Target) AnswerWith(subject, attributes string) (*httptest.ResponseRecorder, Exchange) {
	x.T.Helper()
	e := x.Begin(false)
	e.Scene.Subject = subject
	return x.Answer(e, attack.WithAttributes(&e.Scene, attributes)), e
}
