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

// SimulatedAWS has one application for the site and so many people.
func SimulatedAWS(t testing.TB, s *Site, people int) (*awssim.Simulator, string) {
	t.Helper()
	sim, err := awssim.New(awssim.Options{BaseURL: "http://localhost:8081", Now: func() time.Time { return s.Now }})
	if err != nil {
		t.Fatal(err)
	}
	app, err := sim.AddApplication(awssim.StandardApplication("Postern", s.URL+"/saml/aws/acs", s.URL+"/saml/aws/metadata"))
	if err != nil {
		t.Fatal(err)
	}
	err = sim.UpdateSettings(func(set *awssim.Settings) {
		like := set.People[0]
		for i := range people {
			p := like
			p.Username, p.Email = fmt.Sprintf("user%d", i), fmt.Sprintf("user%d@example.com", i)
			p.ID = fmt.Sprintf("64d84438-b0c1-708c-f431-%012d", i)
			set.People = append(set.People, p)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range people {
		if err := sim.Assign(app.ID, fmt.Sprintf("user%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	return sim, app.ID
}

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
	m, err := sim.SignIn(app, username, inflate(t, to.Query().Get("SAMLRequest")), to.Query().Get("RelayState"))
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

func inflate(t testing.TB, text string) string {
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
