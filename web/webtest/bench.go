package webtest

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/awssim"
)

// AnswerFromAWS starts a login and returns the POST that ends it.
func (s *Site) AnswerFromAWS(t testing.TB, sim *awssim.Simulator, app, username string) *http.Request {
	t.Helper()
	start := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/saml/aws/login", nil)
	start.RemoteAddr = fmt.Sprintf("10.0.%d.%d:1", time.Now().Nanosecond()%250, time.Now().Nanosecond()/250%250)
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, start)
	to, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != http.StatusSeeOther {
		t.Fatalf("the login did not start: %d %v", w.Code, err)
	}
	m, err := sim.SignIn(app, username, Inflate(t, to.Query().Get("SAMLRequest")), to.Query().Get("RelayState"))
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"SAMLResponse": {m.SAMLResponse()}, "RelayState": {m.RelayState}}
	post := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/saml/aws/acs", strings.NewReader(form.Encode()))
	post.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, c := range w.Result().Cookies() {
		post.AddCookie(c)
	}
	return post
}

func Inflate(t testing.TB, text string) string {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	xml, err := io.ReadAll(flate.NewReader(bytes.NewReader(data)))
	if err != nil {
		t.Fatal(err)
	}
	return string(xml)
}
